"""Files that a power cut does not empty or undo."""

import os
from pathlib import Path

import pytest

from swarmhub.homes.group_note import write_group_note
from swarmhub.homes.owner_note import Note, write_note
from swarmhub.private_file import write_private


@pytest.fixture
def written(monkeypatch):
    """What reaches the disk or gets its name, in its order."""
    events = []
    fsync, replace, link = os.fsync, Path.replace, Path.hardlink_to

    def note_fsync(descriptor):
        events.append(f"on the disk: {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        fsync(descriptor)

    def note_replace(path, target):
        events.append(f"named: {target.name}")
        return replace(path, target)

    def note_link(path, target):
        events.append(f"named: {path.name}")
        return link(path, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_replace)
    monkeypatch.setattr(Path, "hardlink_to", note_link)
    return events


def test_what_the_hub_has_confirmed_outlives_a_power_cut(tmp_path, written):
    write_private(tmp_path / "warm.json", "{}")
    assert written == [f"on the disk: .warm.json.{os.getpid()}", "named: warm.json", f"on the disk: {tmp_path.name}"]
    assert (tmp_path / "warm.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "write", [lambda storage: write_note(storage, "ada", Note("ada")), lambda storage: write_group_note(storage, "ada", ["staff"])]
)
def test_the_note_of_a_home_is_on_the_disk_before_it_has_its_name(tmp_path, written, write):
    for name in ("owners", "groups"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f".ada.{os.getpid()}").write_text("what a killed hub has left")
    for _ in range(2):
        written.clear()
        write(tmp_path)
        assert written in ([], [f"on the disk: .ada.{os.getpid()}", "named: ada"])
    write_note(tmp_path, "ada", Note("ada", True))
    assert (tmp_path / "owners/ada").read_text() == '{"user": "ada", "firstFiles": "missing"}\n'
