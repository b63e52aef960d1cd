from dataclasses import replace

import pytest

from swarmhub.settings import Image
from swarmhub.spawning.image_choice import form, options_from_form, settings_for
from swarmhub.spawning.service_spec import memory_reservation

from ..support.examples import SETTINGS

PYTHON = Image("Python", "", "python@sha256:1", 1 << 30, 1.5)
R = Image('R"><script>', "<b>", "r@sha256:2", 512 << 20, None)
CLASS = replace(SETTINGS, images=(PYTHON, R))


@pytest.mark.parametrize("images", [(), (PYTHON,)])
def test_there_is_no_form_for_fewer_than_two_images(images):
    settings = replace(SETTINGS, images=images)
    assert form(settings, None) == ""
    assert options_from_form(settings, {"choice": ["Python"]}) == {}


def test_the_form_selects_the_first_image_or_the_last_choice_and_escapes_all_text():
    assert 'value="Python" checked>' in form(CLASS, None)
    again = form(CLASS, R.name)
    assert 'value="R&quot;&gt;&lt;script&gt;" checked>' in again
    assert again.count("checked") == 1
    assert "<b>" not in again
    assert "<script>" not in again


def test_only_images_of_the_class_can_be_chosen():
    assert options_from_form(CLASS, {"choice": [R.name]}) == {"choice": R.name}
    assert options_from_form(CLASS, {}) == {}
    with pytest.raises(ValueError, match="does not offer that image"):
        options_from_form(CLASS, {"choice": ["python@sha256:1"]})


def test_a_server_gets_the_limits_of_its_image_and_reserves_no_more_than_its_memory_limit():
    chosen = settings_for(CLASS, R.name)
    assert (chosen.image, chosen.memory, chosen.cpu) == ("r@sha256:2", 512 << 20, None)
    assert memory_reservation(chosen) == 512 << 20
    assert memory_reservation(settings_for(CLASS, "Python")) == SETTINGS.guarantee
    assert memory_reservation(replace(settings_for(CLASS, "Python"), guarantee=None)) == 1 << 30


@pytest.mark.parametrize("chosen", [None, "Perl", 5, ["R"], {"name": "R"}])
def test_without_a_valid_choice_the_server_gets_the_first_image(chosen):
    assert settings_for(CLASS, chosen).image == PYTHON.image
    assert settings_for(SETTINGS, chosen) == SETTINGS
