from dataclasses import replace
from types import SimpleNamespace

import pytest

from swarmhub.server_settings import Group, ServerSettings
from swarmhub.settings import Image
from swarmhub.spawning.image_choice import images_for, options_from_form, options_from_query, settings_for
from swarmhub.spawning.service_spec import memory_reservation

from ..support.examples import SETTINGS

PYTHON = Image("Python", "", "python@sha256:1", 1 << 30, 1.5)
R = Image('R"><script>', "<b>", "r@sha256:2", 512 << 20, None)
CLASS = replace(SETTINGS, images=(PYTHON, R))
ASKED = SimpleNamespace(groups=[], user_options={})


def asked(**options):
    return SimpleNamespace(groups=[], user_options=options)


@pytest.mark.parametrize("images", [(), (PYTHON,)])
def test_there_is_no_choice_of_fewer_than_two_images(images):
    settings = replace(SETTINGS, images=images)
    assert options_from_form(settings, {"choice": ["Python"]}, ASKED) == {}


def test_only_images_of_the_class_can_be_chosen():
    assert options_from_form(CLASS, {"choice": [R.name]}, ASKED) == {"choice": R.name}
    assert options_from_form(CLASS, {}, ASKED) == {}
    with pytest.raises(ValueError, match="does not offer that image"):
        options_from_form(CLASS, {"choice": ["python@sha256:1"]}, ASKED)


def test_a_server_gets_the_limits_of_its_image_and_reserves_no_more_than_its_memory_limit():
    chosen = settings_for(CLASS, R.name, [])
    assert (chosen.image, chosen.memory, chosen.cpu) == ("r@sha256:2", 512 << 20, None)
    assert memory_reservation(chosen) == 512 << 20
    assert memory_reservation(settings_for(CLASS, "Python", [])) == SETTINGS.guarantee
    assert memory_reservation(replace(settings_for(CLASS, "Python", []), guarantee=None)) == 1 << 30


@pytest.mark.parametrize("chosen", [None, "Perl", 5, ["R"], {"name": "R"}])
def test_without_a_valid_choice_the_server_gets_the_first_image(chosen):
    assert settings_for(CLASS, chosen, []).image == PYTHON.image
    assert settings_for(SETTINGS, chosen, []) == SETTINGS


STAFF = Group("staff", frozenset(), memory=8 << 30, cpu=4, images=(R.name,))
GUESTS = Group("guests", frozenset(), memory=256 << 20)
GROUPS = replace(CLASS, servers=ServerSettings(groups=(STAFF, GUESTS)))


def test_an_image_of_a_group_is_only_for_its_members():
    assert images_for(GROUPS, []) == (PYTHON,)
    assert images_for(GROUPS, [STAFF]) == (PYTHON, R)
    assert settings_for(GROUPS, R.name, []).image == PYTHON.image
    assert settings_for(GROUPS, R.name, [STAFF]).image == R.image
    with pytest.raises(ValueError, match="does not offer that image"):
        options_from_form(replace(GROUPS, images=(PYTHON, PYTHON, R)), {"choice": [R.name]}, ASKED)


def test_the_limits_of_a_group_precede_those_of_an_image_and_in_several_groups_the_highest_counts():
    groups = {"alice": [], "grace": [STAFF], "gus": [GUESTS], "ada": [GUESTS, STAFF]}
    limits = {user: settings_for(GROUPS, "Python", found) for user, found in groups.items()}
    assert {user: (found.memory, found.cpu) for user, found in limits.items()} == {
        "alice": (1 << 30, 1.5),
        "grace": (8 << 30, 4),
        "gus": (256 << 20, 1.5),
        "ada": (8 << 30, 4),
    }


def test_a_link_to_a_safe_start_keeps_the_image_that_was_chosen():
    assert options_from_query(CLASS, {"safe": ["1"]}, asked(choice=R.name)) == {"choice": R.name, "safe": True}
    assert options_from_query(CLASS, {"safe": ["0"]}, asked()) == {}
