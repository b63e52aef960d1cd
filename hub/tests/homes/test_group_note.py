"""The note of the groups in which a provider puts the owner of a home."""

import json
from pathlib import Path

import pytest

from swarmhub.homes.group_note import MOST_GROUPS, write_group_note
from swarmhub.homes.provisioning import make_home


@pytest.fixture
def storage(tmp_path):
    for name in ("homes", "owners", "pending", "groups"):
        (tmp_path / name).mkdir()
    return tmp_path


def note(storage: Path, home: str = "ada"):
    path = storage / "groups" / home
    return json.loads(path.read_text())["groups"] if path.exists() else None


def test_the_note_of_a_home_that_exists_follows_the_groups_and_no_group_is_no_file(storage):
    make_home(storage, "ada", "ada")
    assert note(storage) is None
    (storage / "pending/ada").unlink()
    make_home(storage, "ada", "ada", ["tutors", "staff"])
    assert note(storage) == ["staff", "tutors"]
    assert not (storage / "pending/ada").exists(), "the home keeps the limit that it has until the watcher has read the note"
    make_home(storage, "ada", "ada", ["staff"])
    assert [path.name for path in (storage / "groups").iterdir()] == ["ada"]
    seen = (storage / "groups/ada").stat().st_ino
    make_home(storage, "ada", "ada", ["staff"])
    assert (storage / "groups/ada").stat().st_ino == seen, "a note that is right is left alone, so that the watcher sleeps on"
    make_home(storage, "ada", "ada", [])
    assert note(storage) is None


def test_a_damaged_note_is_replaced_and_a_long_one_is_cut_to_what_the_watcher_reads(storage):
    (storage / "groups/ada").write_bytes(b"\xff{")
    write_group_note(storage, "ada", [f"group-{number}-{'x' * 30}" for number in range(200)])
    assert len(note(storage)) == MOST_GROUPS
    assert (storage / "groups/ada").stat().st_size < 4096
