"""The form with the images, for classes whose machines are those of the fake Swarm."""

import asyncio
from dataclasses import replace

import pytest

from swarmhub.server_settings import Group, ServerSettings
from swarmhub.settings import Image
from swarmhub.spawning import image_form
from swarmhub.spawning.image_form import form

from ..conftest import Spawner, spawner
from ..support.examples import SETTINGS

GB = 1 << 30
PYTHON = Image("Python", "", "python@sha256:1", 1 * GB, 1.5)
R = Image('R"><script>', "<b>", "r@sha256:2", GB // 2, None)
HUGE = Image("Huge", "With everything.", "huge@sha256:3", 20 * GB, 1)
WHY = "Cannot start: it needs 20 GB of memory, and the largest machine of this class has {room} for one server."


class WithGroups(Spawner):
    """A spawner whose user is in these groups."""

    groups = ()


def asks(*images, groups=(), chosen=None, guarantee=None, **more):
    made = spawner(settings=replace(SETTINGS, images=images, guarantee=guarantee, **more))
    made.__class__ = type("Asking", (WithGroups,), {"groups": list(groups)})
    made.user_options = {"choice": chosen} if chosen else {}
    return form(made)


def chosen_in(html):
    """Returns the text of the option that is selected."""
    return next((part for part in html.split('<div class="form-check">') if "checked" in part), None)


def option(html, name):
    return next(part for part in html.split('<div class="form-check">') if f'value="{name}"' in part)


@pytest.mark.parametrize("images", [(), (PYTHON,)])
async def test_there_is_no_form_for_fewer_than_two_images(swarm, images):
    assert await asks(*images) == ""
    assert swarm.requests == []


async def test_the_form_selects_the_first_image_or_the_last_choice_and_escapes_all_text(swarm):
    assert 'value="Python" checked>' in await asks(PYTHON, R)
    again = await asks(PYTHON, R, chosen=R.name)
    assert 'value="R&quot;&gt;&lt;script&gt;" checked>' in again
    assert again.count("checked") == 1
    assert "<b>" not in again
    assert "<script>" not in again


async def test_an_image_that_fits_on_no_machine_cannot_be_chosen_and_the_form_says_why(swarm):
    swarm.memory = {"machine": 16 * GB, "small": 8 * GB}
    swarm.nodes = {"machine": "ready", "small": "ready"}
    swarm.add_service("geo-101-reserve", {"swarmhub.class": "geo-101"})
    swarm.services["geo-101-reserve"]["TaskTemplate"]["Resources"] = {"Reservations": {"MemoryBytes": GB // 2}}
    html = await asks(HUGE, PYTHON, chosen=HUGE.name)
    assert " disabled>" in option(html, "Huge")
    assert "With everything." in option(html, "Huge")
    assert WHY.format(room="15.5 GB") in option(html, "Huge")
    assert "disabled" not in option(html, "Python")
    assert 'value="Python"' in chosen_in(html)


async def test_where_no_image_fits_none_is_selected(swarm):
    swarm.memory = {"machine": 16 * GB}
    html = await asks(HUGE, replace(HUGE, name="Other"))
    assert html.count(WHY.format(room="16 GB")) == 2
    assert chosen_in(html) is None


async def test_a_large_machine_that_is_away_for_a_while_counts(swarm):
    swarm.memory = {"machine": 2 * GB, "large": 32 * GB}
    swarm.nodes = {"machine": "ready", "large": "down"}
    assert "disabled" not in await asks(PYTHON, HUGE)


async def test_the_memory_that_counts_is_what_a_server_of_this_user_reserves(swarm):
    swarm.memory = {"machine": 16 * GB}
    assert "disabled" not in await asks(PYTHON, HUGE, guarantee=GB)
    staff = Group("staff", frozenset(), memory=30 * GB)
    html = await asks(PYTHON, R, groups=[staff], servers=ServerSettings(groups=(staff,)))
    assert html.count(" disabled>") == 2


async def test_while_docker_fails_or_is_silent_every_image_is_offered(swarm, monkeypatch):
    swarm.memory = {"machine": 16 * GB}
    swarm.broken = True
    assert "disabled" not in await asks(PYTHON, HUGE)

    async def silent(*_arguments):
        await asyncio.sleep(60)

    monkeypatch.setattr(image_form, "largest_server", silent)
    monkeypatch.setattr(image_form, "_PATIENCE", 0.05)
    assert "disabled" not in await asks(PYTHON, HUGE)
