"""Warm starts and people who wait for a seat, with the fake Swarm."""

import asyncio
import math

import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.spawning.spawner import SwarmHubSpawner
from swarmhub.spawning.start_limiter import StartLimiter
from swarmhub.spawning.warm_starts import WarmServer, WarmStarts

from ..conftest import spawner
from ..spawning.test_seat_queue import cancelled, message_of, starts
from ..support.wait import wait_for


@pytest.fixture
def warm():
    return WarmStarts()


def begin(warm, name, rank=0, **settings):
    warm.servers[name] = WarmServer(0, rank)
    made = spawner(name, **settings)
    made.warm = warm
    return made, asyncio.ensure_future(made.start())


async def refused(task):
    with pytest.raises(SpawnException) as raised:
        await task
    return raised.value.message


async def test_a_warm_start_without_a_seat_ends_and_takes_no_place_in_the_queue(swarm, warm):
    swarm.seats = 0
    made, task = begin(warm, "alice")
    assert await refused(task) == "No seat was left for a warm start."
    assert (len(made.seat_queue), swarm.services) == (0, {})


async def test_a_warm_start_does_not_take_the_seat_of_somebody_who_waits(swarm, warm):
    swarm.seats = 0
    _, waiting = await starts("bob")
    _, task = begin(warm, "alice")
    assert await refused(task) == "No seat was left for a warm start."
    swarm.seats = 1
    await waiting[0]
    assert swarm.placed == {"geo-101-nb-bob"}


async def test_people_start_before_warm_starts_that_wait_for_their_turn(swarm, warm):
    swarm.script = ["preparing"]
    swarm.cores = 1
    # On a busy machine, half a minute passes: no start may fail or leave its turn to others because of that.
    slow = {"start_timeout": 900}
    SwarmHubSpawner.start_limiter = StartLimiter(timeout=math.inf)
    warm_starts = {f"geo-101-nb-warm{rank}": begin(warm, f"warm{rank}", rank, **slow)[1] for rank in range(6)}
    await wait_for(lambda: len(swarm.created) >= 4)  # any four: those whose requests to Docker were answered first
    person = spawner("bob", **slow)
    mine = asyncio.ensure_future(person.start())
    await wait_for(lambda: "yours is next" in message_of(person), 60, lambda: (message_of(person), mine, warm_starts))
    await cancelled(warm_starts.pop(swarm.created[0]))
    await wait_for(lambda: "geo-101-nb-bob" in swarm.created)
    await cancelled(mine, *warm_starts.values())


async def test_a_warm_start_that_gives_way_ends_at_once(swarm, warm):
    swarm.script = ["preparing"]
    made, task = begin(warm, "alice")
    await wait_for(lambda: made._entry and made._entry.has_seat if hasattr(made, "_entry") else False)
    made._entry.gives_way = True
    assert await refused(task) == "Somebody who waited got the seat."
    assert swarm.services == {}


async def test_a_warm_start_becomes_the_start_of_its_user_who_comes_and_waits(swarm, warm):
    swarm.seats, swarm.script = 1, ["preparing"]
    made, task = begin(warm, "alice")
    await wait_for(lambda: swarm.services)
    page = made.progress()
    await anext(page)
    assert not warm.is_unvisited("alice")
    assert (made._entry.is_warm, made._entry.started < 1e9) == (False, True)
    made._entry.gives_way = True
    made._entry.refuse_if_needed_elsewhere()
    swarm.script = ["running"]
    await task


async def test_a_second_start_of_the_same_user_is_no_warm_start(swarm, warm):
    made, task = begin(warm, "alice")
    await task
    warm.servers["alice"].ready_at = 1.0
    await made.start()
    assert not made._entry.is_warm
    assert not warm.is_unvisited("alice")
