import errno
import json
import os
import shutil
import subprocess
import threading
import time
from contextlib import suppress
from functools import partial
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest

from swarmhub.homes import handing_out
from swarmhub.homes.handing_out import hand_out
from swarmhub.homes.handouts import Given, Record, Store
from swarmhub.homes.late_comers import NO_ROOM, catch_up
from swarmhub.homes.locked_home import Busy, lock_home
from swarmhub.homes.provisioning import make_home
from swarmhub.homes.taking_back import take_back
from swarmhub.homes.versions import File, Version

from ..support.attacker import attacker
from ..support.kill_points import kill_at_each_point
from ..support.special_files import SPECIAL, make_special

LAB = "week2/lab1.ipynb"


class Class:
    """A storage with homes, and a teacher who hands out "week2"."""

    def __init__(self, folder: Path) -> None:
        for name in ("homes", "owners", "pending", "handouts"):
            (folder / name).mkdir(exist_ok=True)
        self.storage, self.locks = folder, folder / "locks"
        self.store = Store(folder / "handouts")

    def home(self, name: str) -> Path:
        if not (self.storage / "homes" / name).exists():
            make_home(self.storage, name, name)
        return self.storage / "homes" / name

    def publish(self, files: dict[str, str], to: tuple[str, ...] | None = None, groups: tuple[str, ...] = ()) -> Version:
        entries = tuple(File(path, sha256(text.encode()).hexdigest(), len(text)) for path, text in files.items())

        def write(folder: Path) -> None:
            for path, text in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text)

        return self.store.publish(Version("week2", 0, entries, to, groups), write)

    def give(self, version: Version, home: str = "ada", is_open=()) -> dict[str, str]:
        self.home(home)
        with lock_home(self.storage, self.locks, home) as locked:
            outcome = hand_out(locked, self.store, version, self.store.versions("week2"), is_open)
        return {each.path: each.what for each in outcome.decisions}

    def take(self, home: str = "ada", is_open=()) -> dict[str, str]:
        with lock_home(self.storage, self.locks, home) as locked:
            outcome = take_back(locked, self.store, "week2", self.store.versions("week2"), is_open)
        return {each.path: each.what for each in outcome.decisions}


@pytest.fixture
def room(tmp_path):
    return Class(tmp_path)


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_an_untouched_file_is_replaced_and_a_changed_one_stays_with_the_new_one_beside_it_once_a_version(room):
    first = room.publish({LAB: "1", "week2/data/rain.csv": "7"})
    assert room.give(first) == {LAB: "place", "week2/data/rain.csv": "place"}
    ada = room.home("ada")
    assert content(ada) == {LAB: "1", "week2/data/rain.csv": "7"}
    (ada / LAB).write_text("mine")
    second = room.publish({LAB: "2", "week2/data/rain.csv": "8"})
    assert second.number == 2
    assert room.give(second) == {LAB: "beside", "week2/data/rain.csv": "replace"}
    expected = {LAB: "mine", "week2/lab1 (new 2).ipynb": "2", "week2/data/rain.csv": "8"}
    assert content(ada) == expected
    assert room.give(second) == {LAB: "offered", "week2/data/rain.csv": "same"}
    assert content(ada) == expected


def test_a_file_that_its_owner_removed_stays_removed_and_a_file_of_the_same_name_is_kept(room):
    ada = room.home("ada")
    (ada / "week2").mkdir()
    (ada / LAB).write_text("my own")
    first = room.publish({LAB: "1", "week2/b.txt": "1"})
    assert room.give(first) == {LAB: "beside", "week2/b.txt": "place"}
    (ada / "week2/b.txt").unlink()
    assert room.give(first)["week2/b.txt"] == "removed"
    assert room.give(room.publish({LAB: "1", "week2/b.txt": "2"}))["week2/b.txt"] == "removed"
    assert content(ada) == {LAB: "my own", "week2/lab1 (new 1).ipynb": "1"}


@pytest.mark.parametrize(("is_open", "expected"), [({LAB}, "beside"), (None, "beside"), (set(), "replace")])
def test_a_notebook_that_is_open_or_may_be_open_is_not_replaced(room, is_open, expected):
    room.give(room.publish({LAB: "1"}))
    assert room.give(room.publish({LAB: "2"}), is_open=is_open) == {LAB: expected}


def test_what_was_given_before_another_file_failed_is_known_and_stays_removed_and_can_be_taken_back(room):
    ada = room.home("ada")
    (ada / "week2").mkdir()
    (ada / "week2/c.txt").write_text("mine")
    for number in ("", " 2", " 3", " 4", " 5", " 6", " 7", " 8", " 9"):
        (ada / f"week2/c (new 1){number}.txt").write_text("mine too")
    version = room.publish({"week2/a.txt": "a", "week2/b.txt": "b", "week2/c.txt": "c"})
    with pytest.raises(FileExistsError):
        room.give(version)
    (ada / "week2/a.txt").unlink()
    (ada / "week2/c (new 1) 9.txt").unlink()
    assert room.give(version) == {"week2/a.txt": "removed", "week2/b.txt": "same", "week2/c.txt": "beside"}
    (ada / "week2/c (new 1) 9.txt").unlink()
    assert room.take()["week2/b.txt"] == "take"


def test_a_full_home_gets_nothing_and_is_named_and_gets_all_once_there_is_space(room):
    ada = room.home("ada")
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k,nr_inodes=60", "none", str(ada)]
    if os.getuid() != 0 or subprocess.run(mount, check=False).returncode != 0:  # noqa: S603
        pytest.skip("only root can mount a small file system")
    try:
        version = room.publish({"week2/a.txt": "a", "week2/big.bin": "b" * 300_000})
        with pytest.raises(handing_out.NoRoom) as raised:
            room.give(version)
        assert raised.value.needs[0] > 300_000
        assert list(ada.iterdir()) == []
        (ada / "filling").write_bytes(b"x" * (200 << 10))
        with pytest.raises(handing_out.NoRoom):
            room.give(room.publish({"week2/a.txt": "a", "week2/big.bin": "b" * 100_000}))
        assert list(ada.iterdir()) == [ada / "filling"]
        (ada / "filling").unlink()
        assert set(room.give(room.store.versions("week2")[0]).values()) == {"place"}
    finally:
        subprocess.run(["umount", str(ada)], check=True)  # noqa: S603, S607


@pytest.mark.parametrize("call", ["copy_file_range", "fsync"])
def test_a_home_that_becomes_full_during_the_copy_keeps_the_old_files_and_no_part_of_the_new_ones(room, monkeypatch, call):
    room.give(room.publish({LAB: "1"}))
    second = room.publish({LAB: "2", "week2/new/b.txt": "2"})

    def fail(*_arguments):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    with monkeypatch.context() as patch:
        patch.setattr(handing_out.os, call, fail)
        with pytest.raises(handing_out.NoRoom):
            room.give(second)
    ada = room.home("ada")
    assert content(ada) == {LAB: "1"}
    assert sorted(each.name for each in ada.iterdir()) == ["week2"]
    assert room.give(second) == {LAB: "replace", "week2/new/b.txt": "place"}


def test_what_an_editor_writes_while_a_file_is_replaced_is_kept_under_a_visible_name(room, monkeypatch):
    room.give(room.publish({LAB: "1"}))
    ada, link = room.home("ada"), os.link
    with (ada / LAB).open("r+") as editor:

        def save_late(*arguments, **options):
            editor.write("my work of an hour")
            editor.flush()
            monkeypatch.setattr(handing_out.os, "link", link)
            return link(*arguments, **options)

        monkeypatch.setattr(handing_out.os, "link", save_late)
        room.give(room.publish({LAB: "2"}))
    assert content(ada) == {LAB: "2", "week2/lab1 (your changes).ipynb": "my work of an hour"}


@pytest.mark.parametrize("is_link", [False, True])
def test_work_that_was_saved_during_a_replacement_is_kept_if_its_folder_becomes_something_else(
    room, monkeypatch, tmp_path_factory, is_link
):
    room.give(room.publish({LAB: "1"}))
    ada, perform = room.home("ada"), handing_out._perform
    outside = tmp_path_factory.mktemp("outside")

    def save_and_swap(*arguments):
        (ada / LAB).write_text("my work")
        decision = perform(*arguments)
        shutil.rmtree(ada / "week2")
        if is_link:
            (ada / "week2").symlink_to(outside)
        else:
            (ada / "week2").touch()
        return decision

    monkeypatch.setattr(handing_out, "_perform", save_and_swap)
    room.give(room.publish({LAB: "2"}))
    assert (ada / "lab1 (your changes).ipynb").read_text() == "my work"
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("make", ["folder", "link", *SPECIAL, "nothing"])
def test_what_takes_the_place_of_a_file_after_it_was_checked_is_kept(room, monkeypatch, make):
    room.give(room.publish({LAB: "1"}))
    at, copy_all = room.home("ada") / LAB, handing_out._copy_all

    def swap(*arguments):
        copy_all(*arguments)
        at.unlink()
        {
            "folder": lambda: (at / "my").mkdir(parents=True),
            "link": lambda: at.symlink_to("/etc/passwd"),
            **{kind: partial(make_special, kind, at) for kind in SPECIAL},
        }.get(make, lambda: None)()

    monkeypatch.setattr(handing_out, "_copy_all", swap)
    room.give(room.publish({LAB: "2"}))
    kept = at.parent / "lab1 (your changes).ipynb"
    assert (kept / "my").is_dir() == (make == "folder")
    assert kept.is_symlink() == (make == "link")
    assert (kept.is_fifo(), kept.is_socket(), kept.is_char_device()) == (make == "pipe", make == "socket", make == "device")
    assert at.exists() == (make != "nothing"), "a file that its owner removes stays removed"
    assert [each.name for each in room.home("ada").iterdir()] == ["week2"]


def test_a_student_who_saves_in_a_loop_while_files_are_replaced_loses_nothing(room):
    """Saves as JupyterLab does (in place) and as vim does (rename): each text that was saved last stays somewhere in the home."""
    ada = room.home("ada")
    for number in range(1, 12):
        shutil.rmtree(ada / "week2", ignore_errors=True)
        room.store.forget_home("ada")
        room.give(room.publish({LAB: f"{number}"}))
        saved = f"work {number}"

        def save(in_place=bool(number % 2), text=saved):
            if in_place:
                (ada / LAB).write_text(text)
            else:
                (ada / "week2/.swap").write_text(text)
                (ada / "week2/.swap").rename(ada / LAB)

        student = threading.Thread(target=save)
        student.start()
        room.give(room.publish({LAB: f"{number}+"}))
        student.join()
        # The student saved over the new file, or the new one is beside it, or the work has another name.
        assert saved in content(ada).values(), number


def test_a_student_who_swaps_file_folder_and_link_in_a_loop_changes_nothing_outside(room, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "lab1.ipynb").write_text("1")
    ada = room.home("ada")
    (ada / "real").mkdir()
    (ada / "week2").symlink_to("real")
    # Mostly at once, and sometimes up to two seconds later, so that a hand-out on a busy machine meets each state too.
    wait = "time.sleep(2 * random.random() ** 8)"
    steps = [
        f'for target in ({str(outside)!r}, "real"): os.symlink(target, "next"); os.rename("next", "week2")',
        wait,
        'os.rename("week2", "link")',
        'os.rename("real", "week2")',
        wait,
        'os.rename("week2", "real")',
        'os.rename("link", "week2")',
    ]
    given: set[tuple[str, ...]] = set()
    with attacker(ada, *steps):
        rounds, end = count(), time.monotonic() + 200
        while (number := next(rounds)) < 20 or (len(given) < 2 and time.monotonic() < end):
            # If the home changes so fast that it fails, only its owner notices it.
            with suppress(OSError):
                given.add(tuple(room.give(room.publish({LAB: f"{number % 2}", "week2/new.txt": "2"})).values()))
                room.take()
    assert len(given) > 1, "links and folders were both met"
    assert content(outside) == {"lab1.ipynb": "1"}


def test_a_command_killed_before_any_of_its_file_calls_is_completed_by_the_next_one_and_loses_nothing(tmp_path):
    first = tmp_path / "first"
    first.mkdir()
    room = Class(first)
    room.give(room.publish({LAB: "1", "week2/mine.txt": "1"}), "alice")
    (room.home("alice") / "week2/mine.txt").write_text("mine")
    room.publish({LAB: "2", "week2/mine.txt": "2"})
    storages = [shutil.copytree(first, tmp_path / str(calls)) for calls in range(70)]
    ends = kill_at_each_point("hand_out", storages)
    assert ends[-1] == 0
    assert len(ends) > 15, "it was killed at many points"
    for storage in storages[: len(ends)]:
        room = Class(storage)
        room.give(room.store.versions("week2")[0], "alice")
        alice = room.home("alice")
        assert content(alice) == {LAB: "2", "week2/mine.txt": "mine", "week2/mine (new 2).txt": "2"}
        assert [each.name for each in alice.iterdir()] == ["week2"]


def test_untouched_files_are_taken_back_and_others_stay(room):
    room.give(room.publish({LAB: "1", "week2/a.txt": "1", "week2/data/b.txt": "1"}))
    ada = room.home("ada")
    (ada / "week2/a.txt").write_text("mine")
    room.give(room.publish({LAB: "2", "week2/a.txt": "2", "week2/data/b.txt": "2"}))
    assert room.take(is_open={LAB}) == {LAB: "kept", "week2/a.txt": "kept", "week2/a (new 2).txt": "take", "week2/data/b.txt": "take"}
    assert content(ada) == {LAB: "2", "week2/a.txt": "mine"}
    assert not (ada / "week2/data").exists()
    assert room.take() == {LAB: "take", "week2/a.txt": "kept"}
    assert room.give(room.store.versions("week2")[0])[LAB] == "place", "it can be handed out again"


def test_a_hand_out_waits_for_another_one_in_the_same_home(room):
    room.home("ada")
    with lock_home(room.storage, room.locks, "ada"), pytest.raises(Busy), lock_home(room.storage, room.locks, "ada", seconds=0.2):
        pass


async def test_a_late_comer_gets_the_newest_version_that_is_for_them_at_the_start(room):
    room.publish({LAB: "1"})
    room.publish({LAB: "2"}, to=("bob",))
    for name, expected in {"ada": "1", "bob": "2"}.items():
        home = room.home(name)
        assert await catch_up(room.storage, room.locks, name) is None
        assert content(home) == {LAB: expected}
        (home / LAB).unlink()
        assert await catch_up(room.storage, room.locks, name) is None
        assert content(home) == {}, "it is theirs to remove"
    shutil.rmtree(room.home("ada"))
    room.home("ada")
    assert await catch_up(room.storage, room.locks, "ada") is None
    assert content(room.home("ada")) == {LAB: "1"}, "a home that is made anew gets all again"


async def test_who_comes_into_a_group_later_gets_what_the_group_got_and_nobody_else_does(room):
    room.publish({LAB: "1"}, to=("ada",), groups=("geo",))
    for name, groups, expected in (("bob", {"geo", "all"}, {LAB: "1"}), ("carol", {"all"}, {}), ("ada", (), {LAB: "1"})):
        home = room.home(name)
        assert await catch_up(room.storage, room.locks, name, groups) is None
        assert content(home) == expected
    assert await catch_up(room.storage, room.locks, "carol", {"geo"}) is None
    assert content(room.home("carol")) == {LAB: "1"}, "at the start after the login that names the group"


def test_a_group_from_which_something_was_taken_back_does_not_get_it_later_until_it_is_handed_out_again(room):
    def newest() -> Version:
        return room.store.versions("week2")[0]

    room.publish({LAB: "1"})
    room.store.withhold("week2", ["ada"], ["geo"])
    assert [newest().is_for(name, groups) for name, groups in (("ada", ()), ("bob", {"geo"}), ("bob", {"all"}))] == [False, False, True]
    room.publish({LAB: "1"}, to=("ada",), groups=("geo",))
    assert newest().is_for("bob", {"geo"})
    assert newest().is_for("ada")
    assert room.publish({LAB: "2"}, to=(), groups=("geo",)).is_for("bob", {"geo"}), "a new version of the files"
    assert not newest().is_for("bob", {"all"})


def test_a_version_of_before_there_were_groups_is_read(room):
    room.publish({LAB: "1"}, to=("ada",))
    path = room.storage / "handouts/sent/week2/1/note.json"
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if "groups" not in key}))
    version = room.store.versions("week2")[0]
    assert [version.is_for(name, {"geo"}) for name in ("ada", "bob")] == [True, False]


async def test_a_late_comer_without_space_gets_a_message_and_one_without_handouts_none(room, monkeypatch):
    room.home("ada")
    assert await catch_up(room.storage, room.locks, "ada") is None
    room.publish({LAB: "1"})
    with monkeypatch.context() as patch:
        patch.setattr(handing_out, "_space", lambda _home: (0, 0))
        sentence, detail = await catch_up(room.storage, room.locks, "ada")
    assert sentence == NO_ROOM
    assert "needs" in detail
    (room.storage / "handouts/sent/week2/1/note.json").write_text("{}")
    sentence, detail = await catch_up(room.storage, room.locks, "ada")
    assert "could not be copied" in sentence
    assert "damaged" in detail


def test_nobody_gets_at_the_next_start_what_was_taken_back(room):
    room.publish({LAB: "1"})
    room.store.withhold("week2", ["ada"])
    assert [room.store.versions("week2")[0].is_for(name) for name in ("ada", "bob")] == [False, True]
    assert room.publish({LAB: "1"}).is_for("ada"), "unless it is handed out again"
    room.store.withhold("week2", None)
    assert room.store.names() == []
    assert room.store.versions("week2") == []


def test_a_damaged_record_is_like_none(room):
    room.store.write_record("ada", "week2", Record(3, {LAB: Given(["x"], {"y": "z"})}))
    assert room.store.record("ada", "week2") == Record(3, {LAB: Given(["x"], {"y": "z"})})
    path = room.storage / "handouts/homes/ada/week2.json"
    for text in ("", "[]", "{}", '{"number": 1, "files": {"a": 1}}', '{"number": 1, "files": []}'):
        path.write_text(text)
        assert room.store.record("ada", "week2") == Record()
