import asyncio
import os
import subprocess
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from swarmhub.homes.git_content import NAME, ContentKeeper
from swarmhub.homes.git_repository import ContentError, Limits, _Git, fetch
from swarmhub.homes.handouts import Store
from swarmhub.homes.late_comers import catch_up
from swarmhub.homes.provisioning import make_home
from swarmhub.server_settings import Content


class Repository:
    """A repository on this disk that a teacher pushes to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, stdin: str | None = None) -> str:
        name = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")
        environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self.folder)}
        command = ["git", *name, *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment, input=stdin, capture_output=True, text=True, check=True).stdout

    def commit(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-qm", "x")


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repository")


@pytest.fixture
def own_account(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


def keeper(repository, storage, limits=Limits()):  # noqa: B008
    content = Content(f"file://{repository.folder}", "course", "main")

    def by_file(content, token, known, into, limits):
        return fetch(content, token, known, into, limits, protocol="file")

    return ContentKeeper(content, None, storage, by_file, limits)


async def start(kept, storage, home="ada") -> str | None:
    """What the start of a server does."""
    if not (storage / "homes" / home).exists():
        make_home(storage, home, home)
    problem = await kept.refresh(wait=200, pause=0)  # it has limits of its own
    await catch_up(storage, storage / "locks", home)
    return problem


@pytest.fixture
def storage(tmp_path):
    for name in ("homes", "owners", "pending", "handouts"):
        (tmp_path / "storage" / name).mkdir(parents=True)
    return tmp_path / "storage"


pytestmark = pytest.mark.usefixtures("own_account")


async def test_a_start_brings_what_was_pushed_and_never_changes_the_work_of_a_student(repository, storage):
    repository.commit({"lab.txt": "1", "sub/data.csv": "1", "gone.txt": "1"})
    kept = keeper(repository, storage)
    assert await start(kept, storage) is None
    course = storage / "homes/ada/course"
    assert (course / "sub/data.csv").read_text() == "1"
    (course / "lab.txt").write_text("mine")
    (course / "gone.txt").unlink()
    repository.commit({"lab.txt": "2", "sub/data.csv": "2", "gone.txt": "2"})
    assert await start(kept, storage) is None
    found = {path.name: path.read_text() for path in course.rglob("*") if path.is_file()}
    assert found == {"lab.txt": "mine", "lab (new 2).txt": "2", "data.csv": "2"}


async def test_links_submodules_hooks_and_strange_names_of_a_repository_reach_no_home(repository, storage):
    (repository.folder / "link").symlink_to("/etc/passwd")
    (repository.folder / "run.sh").write_text("#!/bin/sh\n")
    (repository.folder / "run.sh").chmod(0o755)
    (repository.folder / ".gitattributes").write_text("*.txt filter=evil export-subst\n")
    repository.commit({"a\nb.txt": "1", "good.txt": "1", "-x.txt": "1", "‮x.txt": "1"})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},module")
    repository.git("commit", "-qm", "module")
    assert await start(keeper(repository, storage), storage) is None
    found = sorted(str(path.relative_to(storage / "homes/ada")) for path in (storage / "homes/ada").rglob("*"))
    assert found == ["course", "course/-x.txt", "course/.gitattributes", "course/good.txt", "course/run.sh"]
    assert os.access(storage / "homes/ada/course/run.sh", os.X_OK)
    assert not (storage / "homes/ada/course/run.sh").is_symlink()


async def test_a_tree_with_dots_as_a_name_writes_nothing_outside_its_folder(repository, storage):
    repository.commit({"good.txt": "1"})
    blob = repository.git("hash-object", "-w", "--stdin", stdin="evil").strip()
    inner = bytes.fromhex(blob)
    tree_file = repository.folder / "tree"
    tree_file.write_bytes(b"100644 evil.txt\0" + inner)
    inner_tree = repository.git("hash-object", "-t", "tree", "-w", "--literally", "tree").strip()
    tree_file.write_bytes(b"40000 ..\0" + bytes.fromhex(inner_tree))
    tree = repository.git("hash-object", "-t", "tree", "-w", "--literally", "tree").strip()
    repository.git("update-ref", "refs/heads/main", repository.git("commit-tree", tree, "-m", "x").strip())
    await start(keeper(repository, storage), storage)
    assert list(storage.rglob("evil.txt")) == []


async def test_a_repository_that_is_too_large_or_silent_changes_nothing_and_delays_no_start(repository, storage, tmp_path):
    repository.commit({f"{number}.txt": "x" for number in range(5)})
    assert "too large: at most 4 files" in await start(keeper(repository, storage, Limits(files=4)), storage)
    # A small pack of a large file.
    repository.commit({"zeros.txt": "0" * 3_000_000})
    assert "too large" in await start(keeper(repository, storage, Limits(size=2_000_000)), storage)
    assert Store(storage / "handouts").names() == []

    kept = ContentKeeper(Content("https://git.example.org/a", "a"), None, storage, silent_until(end := threading.Event()))
    began = time.monotonic()
    assert await asyncio.gather(*(kept.refresh(wait=0.1) for _ in range(10))) == [None] * 10
    assert time.monotonic() - began < 20
    end.set()
    await kept.refresh(wait=200)
    assert kept.problem == "no new content from https://git.example.org/a: no answer in 60 s"


async def test_content_is_missing_until_it_was_fetched_once(repository, storage):
    kept = keeper(repository, storage)
    assert "it has no branch main" in await start(kept, storage)
    assert kept.is_missing
    repository.commit({"lab.txt": "1"})
    assert await start(kept, storage) is None
    assert not kept.is_missing
    again = ContentKeeper(Content("https://git.example.org/a", "a"), None, storage, silent_until(ended()))
    assert not again.is_missing  # nobody has looked yet
    assert "no answer" in await again.refresh(wait=200)
    assert not again.is_missing
    repository.git("update-ref", "-d", "refs/heads/main")
    assert "it has no branch main" in await start(kept, storage)
    assert not kept.is_missing
    assert not ContentKeeper(None, None, storage).is_missing


def silent_until(end):
    def silent(*_arguments):
        end.wait(60)
        raise ContentError("no answer in 60 s")

    return silent


def ended():
    event = threading.Event()
    event.set()
    return event


async def test_content_that_does_not_come_in_time_is_missing(storage):
    kept = ContentKeeper(Content("https://git.example.org/a", "a"), None, storage, silent_until(end := threading.Event()))
    assert await kept.refresh(wait=0.1) is None
    assert kept.is_missing
    end.set()


async def test_a_missing_branch_is_named_and_a_class_without_content_hands_no_old_one_out(repository, storage):
    repository.commit({"lab.txt": "1"})
    with pytest.raises(ContentError, match="it has no branch week2"):
        fetch(Content(f"file://{repository.folder}", "x", "week2"), None, None, storage / "new", Limits(), "file")
    assert await start(keeper(repository, storage), storage) is None
    assert Store(storage / "handouts").names() == [NAME]
    assert await start(ContentKeeper(None, None, storage), storage, "bob") is None
    assert list((storage / "homes/bob").iterdir()) == []
    assert (storage / "homes/ada/course/lab.txt").exists()


async def test_content_that_was_removed_and_is_there_again_comes_into_homes_that_had_a_later_version(repository, storage):
    repository.commit({"lab.txt": "1"})
    assert await start(keeper(repository, storage), storage) is None
    repository.commit({"lab.txt": "2"})
    assert await start(keeper(repository, storage), storage) is None
    assert await start(ContentKeeper(None, None, storage), storage) is None
    repository.commit({"lab.txt": "3", "more.txt": "1"})
    assert await start(keeper(repository, storage), storage) is None
    found = {path.name: path.read_text() for path in (storage / "homes/ada/course").iterdir()}
    assert found == {"lab.txt": "2", "lab (new 3).txt": "3", "more.txt": "1"}


async def test_a_tree_that_grows_a_billion_times_when_it_is_listed_does_not_fill_the_memory(repository, storage):
    repository.commit({"0.txt": "1"})
    tree = repository.git("rev-parse", "HEAD^{tree}").strip()
    for _ in range(6):
        tree = repository.git("mktree", stdin="".join(f"040000 tree {tree}\t{name}\n" for name in range(10))).strip()
    repository.git("update-ref", "refs/heads/main", repository.git("commit-tree", tree, "-m", "x").strip())
    kept = keeper(repository, storage, Limits(seconds=30))
    tracemalloc.start()
    problem = await start(kept, storage)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "too large" in problem
    assert most < 8 << 20


def test_only_the_host_of_the_repository_gets_the_token(repository, tmp_path):
    git = _Git(tmp_path, Content("https://git.example.org/a.git", "a"), "geheim", Limits(), "https")
    helper = git._options

    def ask(host: str) -> str:
        command = ["git", *helper, "credential", "fill"]
        asked = subprocess.run(command, input=f"protocol=https\nhost={host}\n\n", env=git._environment, capture_output=True, text=True)
        return asked.stdout

    assert "password=geheim" in ask("git.example.org")
    assert "geheim" not in ask("evil.example.org")
    assert "geheim" not in " ".join(helper)
