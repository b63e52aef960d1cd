import errno
import json
import os
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from swarmhub.homes import first_files
from swarmhub.homes.first_files import add_first_files
from swarmhub.homes.provisioning import make_home

from ..support.kill_points import kill_at_each_point


@pytest.fixture
def storage(tmp_path):
    """A storage with a skeleton: a file, a program, a link and a folder."""
    make_storage(tmp_path)
    return tmp_path


def make_storage(folder: Path) -> None:
    for name in ("homes", "owners", "pending", "skeleton/data/empty"):
        (folder / name).mkdir(parents=True)
    (folder / "skeleton/hello.ipynb").write_text("{}")
    (folder / "skeleton/run.sh").write_text("#!/bin/sh\n")
    (folder / "skeleton/run.sh").chmod(0o755)
    (folder / "skeleton/data/rain.csv").write_bytes(b"7\n" * 100_000)
    (folder / "skeleton/latest.csv").symlink_to("data/rain.csv")
    (folder / "skeleton.json").write_text(json.dumps({"hash": "x", "bytes": 300_000, "files": 6}))


def content(folder: Path) -> dict[str, bytes | str | None]:
    def of(path: Path) -> bytes | str | None:
        if path.is_symlink():
            return str(path.readlink())
        return None if path.is_dir() else path.read_bytes()

    return {str(path.relative_to(folder)): of(path) for path in sorted(folder.rglob("*"))}


async def test_a_new_home_gets_a_copy_of_the_skeleton(storage):
    make_home(storage, "alice", "alice")
    assert await add_first_files(storage, "alice") is None
    assert content(storage / "homes/alice") == content(storage / "skeleton")
    assert os.access(storage / "homes/alice/run.sh", os.X_OK)
    assert (storage / "homes/alice/hello.ipynb").stat().st_mode & 0o777 == 0o644
    assert json.loads((storage / "owners/alice").read_text()) == {"user": "alice"}


async def test_later_starts_keep_the_users_changes_to_the_first_files(storage):
    make_home(storage, "alice", "alice")
    await add_first_files(storage, "alice")
    (storage / "homes/alice/hello.ipynb").write_text("mine")
    (storage / "homes/alice/run.sh").unlink()
    make_home(storage, "alice", "alice")
    assert await add_first_files(storage, "alice") is None
    assert (storage / "homes/alice/hello.ipynb").read_text() == "mine"
    assert not (storage / "homes/alice/run.sh").exists()


async def test_a_home_that_is_older_than_the_skeleton_gets_no_files(storage):
    (storage / "skeleton.json").rename(storage / "later.json")
    make_home(storage, "alice", "alice")
    (storage / "homes/bob").mkdir()  # restored from a backup, without its note
    (storage / "later.json").rename(storage / "skeleton.json")
    for user in ("alice", "bob"):
        make_home(storage, user, user)
        assert await add_first_files(storage, user) is None
        assert content(storage / "homes" / user) == {}


async def test_a_home_no_longer_lacks_first_files_after_the_skeleton_was_removed(storage):
    make_home(storage, "alice", "alice")
    (storage / "skeleton.json").unlink()
    assert await add_first_files(storage, "alice") is None
    assert json.loads((storage / "owners/alice").read_text()) == {"user": "alice"}


async def test_a_deleted_home_gets_the_first_files_again(storage):
    make_home(storage, "alice", "alice")
    await add_first_files(storage, "alice")
    shutil.rmtree(storage / "homes/alice")
    make_home(storage, "alice", "alice")
    await add_first_files(storage, "alice")
    assert content(storage / "homes/alice") == content(storage / "skeleton")


@pytest.mark.parametrize(("free", "inodes"), [(299_999, 100), (300_000, 5)])
async def test_a_home_that_is_too_small_gets_a_message_and_gets_all_files_once_there_is_space(storage, monkeypatch, free, inodes):
    make_home(storage, "alice", "alice")
    room = SimpleNamespace(f_bavail=free, f_frsize=1, f_favail=inodes)
    with monkeypatch.context() as patch:
        patch.setattr(first_files.os, "statvfs", lambda _home: room)
        sentence, detail = await add_first_files(storage, "alice")
    assert "do not fit into your home" in sentence
    assert str(free) in detail
    assert content(storage / "homes/alice") == {}
    assert await add_first_files(storage, "alice") is None
    assert content(storage / "homes/alice") == content(storage / "skeleton")


async def test_a_disk_that_becomes_full_during_the_copy_leaves_no_partial_copy(storage, monkeypatch):
    make_home(storage, "alice", "alice")

    def fail(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(first_files.os, "copy_file_range", fail)
    sentence, detail = await add_first_files(storage, "alice")
    assert "do not fit" in sentence
    assert "No space left" in detail
    assert content(storage / "homes/alice") == {}
    assert json.loads((storage / "owners/alice").read_text())["firstFiles"] == "missing"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"bytes": "x", "files": 1}', '{"bytes": null, "files": 1}'])
async def test_an_invalid_skeleton_json_gives_a_message_and_does_not_prevent_the_start(storage, text):
    make_home(storage, "alice", "alice")
    (storage / "skeleton.json").write_text(text)
    sentence, _ = await add_first_files(storage, "alice")
    assert "could not be copied" in sentence


async def test_a_copy_that_takes_too_long_gives_a_message_and_ends(storage, monkeypatch):
    make_home(storage, "alice", "alice")
    copied, goes_on = [], threading.Event()

    def slow(name, *_arguments):
        copied.append(name)
        goes_on.wait(10)

    monkeypatch.setattr(first_files, "_copy_file", slow)
    sentence, detail = await add_first_files(storage, "alice", deadline=0.1)
    goes_on.set()
    assert "could not be copied" in sentence
    assert "TimeoutError" in detail
    home = storage / "homes/alice"
    for _ in range(500):  # checks only the names, because files disappear during the check
        if not any(home.iterdir()):
            break
        threading.Event().wait(0.01)
    assert len(copied) == 1
    assert not any(home.iterdir())


@pytest.mark.parametrize("target", ["home", "part"])
async def test_a_link_that_a_user_puts_in_place_of_a_folder_is_not_followed(storage, tmp_path_factory, target):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "kept").write_text("kept")
    make_home(storage, "alice", "alice")
    home = storage / "homes/alice"
    if target == "home":
        home.rmdir()
        home.symlink_to(outside)
    else:
        (home / first_files.PART).symlink_to(outside)
    await add_first_files(storage, "alice")
    assert content(outside) == {"kept": b"kept"}


async def test_a_hub_killed_before_any_of_its_file_calls_completes_the_copy_after_a_restart(tmp_path):
    storages = [tmp_path / str(calls) for calls in range(100)]
    for storage in storages:
        make_storage(storage)
        make_home(storage, "alice", "alice")
    ends = kill_at_each_point("copy_first_files", storages)
    assert ends[-1] == 0
    assert len(ends) > 15, "it was killed at many points"
    for storage in storages[: len(ends)]:
        mine = storage / "homes/alice/hello.ipynb"
        has_come = mine.exists()
        if has_come:
            mine.write_text("mine")
        assert await add_first_files(storage, "alice") is None
        expected = content(storage / "skeleton") | ({"hello.ipynb": b"mine"} if has_come else {})
        assert content(storage / "homes/alice") == expected
