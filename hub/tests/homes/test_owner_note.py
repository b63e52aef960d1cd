"""Which home is a user's."""

import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.homes.owner_note import Note, find_home, write_note
from swarmhub.slug import former_slug, slug

ADA = "Ada Lovelace"


@pytest.fixture
def storage(tmp_path):
    for name in ("homes", "owners"):
        (tmp_path / name).mkdir()
    return tmp_path


def make_former_home(storage, owner, name=ADA):
    (storage / "homes" / former_slug(name)).mkdir()
    write_note(storage, former_slug(name), Note(owner))


def test_a_new_user_gets_a_home_with_the_present_name(storage):
    assert find_home(storage, ADA) == slug(ADA)
    assert find_home(storage, "alice") == "alice"


def test_a_home_with_a_former_name_stays_the_home_of_its_owner(storage):
    make_former_home(storage, ADA)
    assert find_home(storage, ADA) == former_slug(ADA)


def test_a_home_with_a_former_name_that_belongs_to_another_user_is_not_used(storage):
    make_former_home(storage, "another user with the same hash")
    assert find_home(storage, ADA) == slug(ADA)


def test_a_home_with_a_former_name_that_was_deleted_or_has_no_note_is_not_used(storage):
    make_former_home(storage, ADA)
    (storage / "homes" / former_slug(ADA)).rmdir()
    assert find_home(storage, ADA) == slug(ADA)
    (storage / "owners" / former_slug(ADA)).unlink()
    (storage / "homes" / former_slug(ADA)).mkdir()
    assert find_home(storage, ADA) == slug(ADA)


def test_an_unreadable_note_is_no_reason_to_make_a_second_home(storage):
    make_former_home(storage, ADA)
    (storage / "owners" / former_slug(ADA)).write_text("{")
    with pytest.raises(SpawnException):
        find_home(storage, ADA)
