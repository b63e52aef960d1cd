"""A service is touched only for the user it belongs to, also if two users get the same name for it; against the fake Swarm."""

import asyncio

import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.slug import former_slug, slug

from ..conftest import spawner

ADA = "Ada Lovelace"


def with_the_same_name(*users):
    spawners = [spawner(user) for user in users]
    for each in spawners:
        each.use_home("shared")
    return spawners


async def test_a_start_is_refused_if_the_service_of_another_user_has_its_name_and_that_service_stays(swarm):
    alice, mallory = with_the_same_name("alice", "mallory")
    await alice.start()
    with pytest.raises(SpawnException) as raised:
        await mallory.start()
    assert raised.value.message.startswith("The server of another user already has the name that yours would get.")
    assert swarm.removed == []
    assert await alice.poll() is None


async def test_what_the_hub_does_after_a_refused_start_does_not_stop_the_other_server(swarm):
    alice, mallory = with_the_same_name("alice", "mallory")
    await alice.start()
    assert await mallory.poll() == 0
    await mallory.stop()
    assert swarm.removed == []
    assert await alice.poll() is None


async def test_a_service_is_found_again_by_a_restarted_hub(swarm):
    ada = spawner(ADA)
    await ada.start()
    restarted = spawner(ADA)
    restarted.load_state(ada.get_state())
    assert await restarted.poll() is None
    await restarted.stop()
    assert swarm.services == {}


async def test_a_server_in_a_home_with_a_former_name_is_found_again_by_a_restarted_hub(swarm):
    ada = spawner(ADA)
    ada.use_home(former_slug(ADA))
    await ada.start()
    assert list(swarm.services) == ["geo-101-nb-ada-lovelace---76740216"]
    restarted = spawner(ADA)
    restarted.load_state(ada.get_state())
    assert restarted.escaped_name == former_slug(ADA)
    assert await restarted.poll() is None


def test_without_a_running_server_the_name_is_the_present_one(swarm):
    ada = spawner(ADA)
    ada.load_state({})
    assert ada.service_name == f"geo-101-nb-{slug(ADA)}"


async def test_a_start_waits_until_no_container_uses_its_home(swarm):
    alice = spawner()
    await alice.start()
    swarm.lingering = 5
    await alice.remove_object()
    starting = asyncio.ensure_future(spawner().start())
    while swarm.lingering:
        assert swarm.services == {}
        await asyncio.sleep(0)
    await starting


async def test_a_start_is_refused_while_a_container_that_does_not_end_uses_its_home(swarm):
    alice = spawner()
    await alice.start()
    swarm.lingering = 1_000_000
    await alice.remove_object()
    with pytest.raises(SpawnException) as raised:
        await spawner(stop_timeout=0.1).start()
    assert raised.value.message == "Your previous server has not stopped yet. Please try again in a minute."
    assert swarm.services == {}
