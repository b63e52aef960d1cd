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
def test_where_there_is_nothing_to_choose_nobody_is_asked(images):
    settings = replace(SETTINGS, images=images)
    assert form(settings, None) == ""
    assert options_from_form(settings, {"choice": ["Python"]}) == {}


def test_the_form_has_the_first_or_what_was_chosen_last_and_no_word_of_the_configuration_is_html():
    assert 'value="Python" checked>' in form(CLASS, None)
    again = form(CLASS, R.name)
    assert 'value="R&quot;&gt;&lt;script&gt;" checked>' in again
    assert again.count("checked") == 1
    assert "<b>" not in again
    assert "<script>" not in again


def test_a_choice_is_one_of_the_class_s_images():
    assert options_from_form(CLASS, {"choice": [R.name]}) == {"choice": R.name}
    assert options_from_form(CLASS, {}) == {}
    with pytest.raises(ValueError, match="offers no such image"):
        options_from_form(CLASS, {"choice": ["python@sha256:1"]})


def test_a_server_gets_what_goes_with_its_image_and_no_more_is_kept_free_than_it_may_use():
    chosen = settings_for(CLASS, R.name)
    assert (chosen.image, chosen.memory, chosen.cpu) == ("r@sha256:2", 512 << 20, None)
    assert memory_reservation(chosen) == 512 << 20
    assert memory_reservation(settings_for(CLASS, "Python")) == SETTINGS.guarantee
    assert memory_reservation(replace(settings_for(CLASS, "Python"), guarantee=None)) == 1 << 30


@pytest.mark.parametrize("chosen", [None, "Perl", 5, ["R"], {"name": "R"}])
def test_who_chose_nothing_or_what_is_not_offered_any_more_gets_the_first_image(chosen):
    assert settings_for(CLASS, chosen).image == PYTHON.image
    assert settings_for(SETTINGS, chosen) == SETTINGS
