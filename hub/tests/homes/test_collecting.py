import io
import json
import os
import socket
import tarfile
import time
from hashlib import sha256
from pathlib import Path

import pytest

from swarmhub.homes import notebooks
from swarmhub.homes.collected_archive import write_collected
from swarmhub.homes.collecting import MAX_FILES, collect, is_usable
from swarmhub.homes.handouts import Store
from swarmhub.homes.open_safely import FOLDER, open_file
from swarmhub.homes.versions import File, Version

from ..support.attacker import attacker

MIB = 1 << 20


def look(home: Path, path: str, limit: int = MIB, is_untouched=lambda _path, _hash: False):
    descriptor = os.open(home, FOLDER)
    try:
        return collect(descriptor, path, limit, is_untouched)
    finally:
        os.close(descriptor)


def copied(found) -> dict[str, bytes]:
    content = {}
    for part in found.parts:
        found.copy.seek(part.start)
        content[part.path] = found.copy.read(part.size)
    return content


def test_a_file_and_a_folder_are_copied_with_the_time_of_the_last_change(tmp_path):
    (tmp_path / "hw1/data").mkdir(parents=True)
    (tmp_path / "hw1/hw1.ipynb").write_text("{}")
    (tmp_path / "hw1/data/rain.csv").write_bytes(b"7\n" * 300_000)
    # Its owner can date it before the deadline, which does not help.
    os.utime(tmp_path / "hw1/hw1.ipynb", (1, 1))
    one = look(tmp_path, "hw1/hw1.ipynb")
    assert (one.what, copied(one)) == ("changed", {"hw1.ipynb": b"{}"})
    assert time.time() - one.changed_at < 60
    both = look(tmp_path, "hw1")
    assert copied(both) == {"data/rain.csv": b"7\n" * 300_000, "hw1.ipynb": b"{}"}
    assert both.state == look(tmp_path, "hw1").state
    (tmp_path / "hw1/hw1.ipynb").write_text("{ }")
    assert both.state != look(tmp_path, "hw1").state


def test_missing_untouched_and_changed_work_is_told_apart(tmp_path):
    assert look(tmp_path, "hw1").what == "missing"
    (tmp_path / "hw1").mkdir()
    assert look(tmp_path, "hw1").what == "missing", "an empty folder is no work"
    (tmp_path / "hw1/a").write_text("given")
    given = {("hw1/a", sha256(b"given").hexdigest())}
    assert look(tmp_path, "hw1", is_untouched=lambda *file: file in given).what == "untouched"
    assert look(tmp_path, "hw1/a", is_untouched=lambda *file: file in given).what == "untouched"
    (tmp_path / "hw1/b").write_text("new")
    assert look(tmp_path, "hw1", is_untouched=lambda *file: file in given).what == "changed"


@pytest.mark.parametrize("name", ["lab 1: intro.ipynb", "a\\b.txt", "why?.txt"])
def test_a_single_file_whose_name_not_every_machine_can_have_is_unreadable(tmp_path, name):
    (tmp_path / name).write_text("{}")
    found = look(tmp_path, name)
    assert (found.what, found.why) == ("unreadable", "not every machine can have a file of this name")


def test_many_halves_of_notebooks_do_not_keep_the_collection_of_a_whole_class_waiting(tmp_path):
    (tmp_path / "hw1").mkdir()
    for number in range(20):
        (tmp_path / f"hw1/{number}.ipynb").write_text("{")
    began = time.monotonic()
    descriptor = os.open(tmp_path, FOLDER)
    found = collect(descriptor, "hw1", MIB, lambda *_file: False, seconds=1)
    os.close(descriptor)
    assert time.monotonic() - began < 5
    assert (found.what, found.why) == ("unreadable", "it takes too long to read")


@pytest.mark.parametrize("kind", ["link", "pipe", "socket", "device", "sparse", "below a link", "below a file", "below itself"])
def test_nothing_that_a_student_puts_in_place_of_the_work_is_read(tmp_path, kind):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/hw1").write_text("of another")
    home = tmp_path / "home"
    home.mkdir()
    path = "hw1"
    if kind == "link":
        (home / "hw1").symlink_to("../secret/hw1")
    elif kind == "pipe":
        os.mkfifo(home / "hw1")
    elif kind == "socket":
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(home / "hw1"))
        server.close()
    elif kind == "device":
        if os.getuid() != 0:
            pytest.skip("only root can make a device")
        os.mknod(home / "hw1", 0o20666, os.makedev(1, 5))  # /dev/zero: it never ends
    elif kind == "sparse":
        with (home / "hw1").open("wb") as file:
            file.truncate(10 << 40)
    else:
        path = "week1/hw1"
        at = home / "week1"
        {"below a link": lambda: at.symlink_to("../secret"), "below a file": at.touch, "below itself": lambda: at.symlink_to("week1")}[
            kind
        ]()
    started = time.monotonic()
    found = look(home, path)
    assert time.monotonic() - started < 60
    assert found.what == ("too large" if kind == "sparse" else "unreadable"), found
    assert found.parts == []


def test_in_a_folder_only_usable_files_are_taken_and_the_others_counted(tmp_path):
    hw = tmp_path / "hw1"
    (hw / ".git/hooks").mkdir(parents=True)
    (hw / ".git/hooks/post-checkout").write_text("#!/bin/sh")
    (hw / "good.ipynb").write_text("{}")
    (hw / "timestamp.txt").write_text("1999-01-01")
    os.mkfifo(hw / "pipe")
    (hw / "link").symlink_to("/etc/passwd")
    (hw / "folder link").symlink_to("/etc")
    unusable = [b"two\nlines", b"\xff\xfe", "right\u202eleft".encode(), b"back\\slash", b"c:", b"end.", b"x" * 255, b"GOOD.ipynb"]
    for name in unusable:
        Path(os.fsdecode(os.fsencode(hw) + b"/" + name)).write_text("{}")
    with (hw / "sparse.bin").open("wb") as file:
        file.truncate(10 << 40)
    found = look(tmp_path, "hw1")
    assert len(copied(found)) == 1
    assert found.left_out == len(unusable) + 4
    assert found.too_large == 1


def test_a_folder_of_endless_depth_number_or_size_is_bounded(tmp_path):
    at = tmp_path / "deep"
    for _ in range(60):
        at = at / "d"
    at.mkdir(parents=True)
    (at / "file").touch()
    assert look(tmp_path, "deep").what == "missing"
    (tmp_path / "many").mkdir()
    for number in range(MAX_FILES + 1):
        (tmp_path / f"many/{number}").touch()
    assert look(tmp_path, "many").what == "too large"
    (tmp_path / "large").mkdir()
    for number in range(3):
        (tmp_path / f"large/{number}").write_bytes(b"x" * (MIB // 2))
    assert look(tmp_path, "large").what == "too large"


def test_a_file_that_grows_while_it_is_read_is_read_up_to_the_limit(tmp_path):
    with attacker(tmp_path, 'into = open("hw1", "ab")', "while True: into.write(b'x' * 10_000)"):
        while not (tmp_path / "hw1").exists() or (tmp_path / "hw1").stat().st_size < 100_000:
            time.sleep(0.001)
        # A copy that was read between two writes is whole, and once the file is above the limit, it is never read.
        while (found := look(tmp_path, "hw1", limit=32 * MIB)).what == "changed":
            assert len(copied(found)["hw1"]) == found.size
    assert found.what in ("unreadable", "too large")


def test_swapping_file_link_and_pipe_in_a_loop_never_gets_the_content_of_another_file(tmp_path):
    (tmp_path / "secret").write_text("of another")
    home, seen = tmp_path / "home", []
    home.mkdir()
    steps = [
        'os.symlink("../secret", "link")',
        'os.rename("link", "hw1")',
        'os.mkfifo("pipe")',
        'os.rename("pipe", "hw1")',
        'open("file", "w").write("mine")',
        'os.rename("file", "hw1")',
    ]
    with attacker(home, *steps):
        end = time.monotonic() + 200
        while len(seen) < 500 or not {"changed", "unreadable"} <= {each.what for each in seen}:
            seen.append(look(home, "hw1"))
            assert time.monotonic() < end, "links and files were both met"
    assert {content for each in seen if each.copy for content in copied(each).values()} <= {b"mine", b""}


def test_a_file_that_becomes_a_pipe_or_a_link_between_two_calls_is_not_opened(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("of another")
    status = (tmp_path / "secret").stat()
    (tmp_path / "link").symlink_to("secret")
    os.mkfifo(tmp_path / "pipe")
    folder = os.open(tmp_path, FOLDER)
    monkeypatch.setattr(os, "stat", lambda *_arguments, **_options: status)  # it was a file when it was looked at
    for name in ("link", "pipe"):
        with pytest.raises(Exception, match="link|pipe"), open_file(folder, name):
            pass
    os.close(folder)


def test_a_notebook_is_read_again_while_it_is_being_saved_and_else_its_former_content(tmp_path, monkeypatch):
    (tmp_path / "hw1.ipynb").write_text('{"cells": [')

    def finish(_seconds):
        (tmp_path / "hw1.ipynb").write_text('{"cells": []}\n')

    monkeypatch.setattr(notebooks.time, "sleep", finish)
    assert copied(look(tmp_path, "hw1.ipynb")) == {"hw1.ipynb": b'{"cells": []}\n'}
    monkeypatch.setattr(notebooks.time, "sleep", lambda _seconds: None)
    (tmp_path / "hw1.ipynb").write_text('{"cells": [')
    assert copied(look(tmp_path, "hw1.ipynb")) == {"hw1.ipynb": b'{"cells": ['}
    (tmp_path / ".~hw1.ipynb").write_text('{"cells": ["before"]}')
    assert copied(look(tmp_path, "hw1.ipynb")) == {"hw1.ipynb": b'{"cells": ["before"]}'}
    (tmp_path / ".~hw1.ipynb").unlink()
    (tmp_path / ".~hw1.ipynb").symlink_to("/etc/passwd")
    assert copied(look(tmp_path, "hw1.ipynb")) == {"hw1.ipynb": b'{"cells": ['}


@pytest.mark.parametrize(("name", "expected"), [("lab 1 (új).ipynb", True), ("名前", True), ("", True), ("a:b", False), ("a\x7fb", False)])
def test_a_name_is_usable_on_every_machine(name, expected):
    assert is_usable(name) is expected


def collect_all(storage: Path, **request) -> tuple[dict[str, bytes], dict[str, dict]]:
    output = io.BytesIO()
    write_collected(storage, {"path": "hw1", "limit": MIB, "known": {}} | request, output)
    output.seek(0)
    with tarfile.open(fileobj=output) as archive:
        files = {entry.name: archive.extractfile(entry).read() for entry in archive}
    rows = json.loads(files.pop("result.json"))["rows"]
    return files, {row["home"]: row for row in rows}


def test_the_archive_has_every_changed_home_once_and_a_row_for_each(tmp_path):
    homes = ["ada", "bob", "carol", "dora", *(f"s{number}" for number in range(20))]
    for home in homes:
        (tmp_path / f"homes/{home}/hw1").mkdir(parents=True)
        (tmp_path / f"homes/{home}/hw1/a.ipynb").write_text(f'{{"of": "{home}"}}')
    (tmp_path / "homes/bob/hw1/a.ipynb").write_text("given")
    (tmp_path / "homes/carol/hw1/a.ipynb").unlink()
    (tmp_path / "homes/dora").rename(tmp_path / "dora")
    (tmp_path / "homes/dora").symlink_to("ada")
    entry = File("hw1/a.ipynb", sha256(b"given").hexdigest(), 5)
    (tmp_path / "handouts").mkdir()
    Store(tmp_path / "handouts").publish(Version("hw1", 0, (entry,)), lambda folder: None)
    files, rows = collect_all(tmp_path, homes=homes)
    assert files == {f"{home}/a.ipynb": f'{{"of": "{home}"}}'.encode() for home in ["ada", *homes[4:]]}
    assert [rows[home]["what"] for home in homes[:4]] == ["changed", "untouched", "missing", "unreadable"]
    known = {home: rows[home]["state"] for home in ("ada", "s1")}
    (tmp_path / "homes/s1/hw1/a.ipynb").write_text("{}")
    files, rows = collect_all(tmp_path, homes=["ada", "s1"], known=known)
    assert files == {"s1/a.ipynb": b"{}"}
    assert [rows[home]["isKnown"] for home in ("ada", "s1")] == [True, False]


@pytest.mark.parametrize("path", ["../ada", "/etc/passwd", "a/../b", "", "a//b", "."])
def test_a_path_outside_of_the_home_is_refused(tmp_path, path):
    with pytest.raises(ValueError, match="not a path inside"):
        collect_all(tmp_path, homes=[], path=path)
