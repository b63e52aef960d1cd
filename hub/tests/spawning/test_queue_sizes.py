"""Images with different amounts of memory in one queue, with the fake Swarm."""

import asyncio
from dataclasses import replace

import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.settings import Image

from ..conftest import spawner
from ..support.examples import SETTINGS
from ..support.wait import wait_for
from .test_seat_queue import cancelled, message_of

GB = 1 << 30
IMAGES = tuple(Image(name, "", f"{name}@sha256:1", size * GB, 1) for name, size in (("small", 1), ("large", 4), ("huge", 20)))
SIZES = replace(SETTINGS, images=IMAGES, guarantee=None)


def start(name, image, **traits):
    made = spawner(name, settings=SIZES, **traits)
    made.user_options = {"choice": image}
    return made, asyncio.ensure_future(made.start())


async def queued(name, image, **traits):
    made, task = start(name, image, **traits)
    await wait_for(lambda: "in the queue" in message_of(made))
    return made, task


async def test_a_start_that_fits_is_not_held_by_an_earlier_one_that_needs_more_memory(swarm):
    swarm.room = 1 * GB
    _, large = await queued("alice", "large")
    _, small = start("bob", "small")
    await small
    assert swarm.placed == {"geo-101-nb-bob"}
    await cancelled(large)


async def test_among_starts_that_need_the_same_memory_the_first_goes_first(swarm):
    swarm.room = 0
    _, large = await queued("alice", "large")
    _, bob = await queued("bob", "small")
    _, carol = await queued("carol", "small")
    assert sorted(swarm.services) == ["geo-101-nb-alice", "geo-101-nb-bob"], "Swarm can place one start of each size"
    swarm.room = 1 * GB
    await bob
    assert swarm.placed == {"geo-101-nb-bob"}
    await cancelled(large, carol)


async def test_a_start_that_needs_more_memory_does_not_overtake(swarm):
    swarm.room = 0
    _, small = await queued("alice", "small")
    _, large = await queued("bob", "large")
    swarm.room = 4 * GB
    await small
    await asyncio.sleep(0.1)
    assert swarm.placed == {"geo-101-nb-alice"}
    swarm.room = 5 * GB
    await large


async def test_others_overtake_the_first_in_the_queue_only_in_every_second_turn(swarm):
    swarm.room = 1 * GB
    alice, large = await queued("alice", "large", queue_turn=1)
    await wait_for(lambda: alice._entry.goes_first)
    _, small = await queued("bob", "small")
    assert list(swarm.services) == ["geo-101-nb-alice"], "what becomes free now is for alice"
    await wait_for(lambda: not alice._entry.goes_first)
    await small
    await cancelled(large)


async def test_a_start_that_already_waits_in_swarm_makes_way_for_the_turn_of_the_first(swarm):
    swarm.room = 0
    alice, large = await queued("alice", "large", queue_turn=1)
    _, small = await queued("bob", "small")
    await wait_for(lambda: "geo-101-nb-bob" in swarm.services)
    await wait_for(lambda: alice._entry.goes_first)
    await wait_for(lambda: "geo-101-nb-bob" not in swarm.services)
    swarm.room = 4 * GB
    await large
    await cancelled(small)


async def test_a_start_that_fits_on_no_machine_is_refused_at_once(swarm):
    swarm.room = 0
    swarm.memory = {"machine": 16 * GB}
    _, huge = start("alice", "huge")
    with pytest.raises(SpawnException) as raised:
        await huge
    assert raised.value.message.startswith("No machine of this class has enough memory for a server with this image.")
    assert "16.0 GB" in raised.value.get_message()
    assert swarm.services == {}


async def test_memory_that_is_not_for_users_does_not_count_for_the_largest_server(swarm):
    swarm.room = 0
    swarm.memory = {"machine": 4 * GB}
    swarm.add_service("geo-101-hub", {"swarmhub.class": "geo-101"})
    swarm.services["geo-101-hub"]["TaskTemplate"]["Resources"] = {"Reservations": {"MemoryBytes": GB}}
    _, large = start("alice", "large")
    with pytest.raises(SpawnException) as raised:
        await large
    assert "3.0 GB" in raised.value.get_message()


async def test_a_large_machine_that_is_away_for_a_while_is_waited_for(swarm):
    swarm.room = 0
    swarm.memory = {"machine": 2 * GB, "large": 16 * GB}
    swarm.nodes = {"machine": "ready", "large": "down"}
    _, large = await queued("alice", "large")
    await cancelled(large)
