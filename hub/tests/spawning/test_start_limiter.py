"""A limited number of servers starts at the same time, with the fake Swarm."""

import asyncio
from dataclasses import replace

import pytest

from swarmhub.spawning.seat_queue import QueueEntry, SeatQueue
from swarmhub.spawning.spawner import SwarmHubSpawner
from swarmhub.spawning.start_limiter import StartLimiter

from ..conftest import spawner
from ..support.examples import SETTINGS
from ..support.wait import wait_for

ONE_CORE = replace(SETTINGS, cpu=1)  # with more, each start reads the nodes


@pytest.fixture
def small(swarm):
    """A class with one node with three cores, on which no start completes."""
    swarm.cores = 3
    swarm.script = ["preparing"]
    return swarm


def start_together(*names):
    """Starts spawners at the same time, in this order."""
    made = [spawner(name, settings=ONE_CORE) for name in names]
    return made, [asyncio.ensure_future(each.start()) for each in made]


async def start_one_by_one(swarm, *names):
    """Starts spawners one by one; each starts after the previous one has created its service or waits."""
    made, starting = [], []
    for name in names:
        (another,), (start,) = start_together(name)
        made.append(another)
        starting.append(start)
        await wait_for(
            lambda another=another: f"geo-101-nb-{another.user.name}" in swarm.services or message_of(another).startswith("Many servers")
        )
    return made, starting


def users(count):
    return [f"user{number}" for number in range(count)]


def message_of(a_spawner):
    return a_spawner._stage[1]


async def test_two_servers_start_per_core_and_other_users_see_how_many_are_before_them(small):
    made, starting = await start_one_by_one(small, *users(9))
    await wait_for(lambda: len(small.services) == 6)
    waiting = ["yours is next", "1 server starts before yours", "2 servers start before yours"]
    await wait_for(lambda: [message_of(each) for each in made[6:]] == [f"Many servers are starting now; {each}" for each in waiting])
    assert sorted(small.created) == [f"geo-101-nb-{name}" for name in users(6)]
    await cancelled(starting)


async def test_a_completed_start_lets_the_next_one_begin(small):
    made, starting = await start_one_by_one(small, *users(9))
    await wait_for(lambda: len(small.services) == 6 and message_of(made[8]).endswith("2 servers start before yours"))
    small.script = ["preparing", "running"]
    await asyncio.gather(*starting)
    assert sorted(small.created[:6]) == [f"geo-101-nb-{name}" for name in users(6)]
    assert sorted(small.created[6:]) == ["geo-101-nb-user6", "geo-101-nb-user7", "geo-101-nb-user8"]


async def test_a_minimum_number_starts_at_once_with_any_number_of_cores(small):
    small.cores = 1
    _, starting = start_together(*users(4))
    await wait_for(lambda: len(small.services) == 4)
    assert "GET /nodes" not in small.requests
    await cancelled(starting)


async def test_nodes_that_do_not_accept_users_do_not_count(small):
    small.nodes = {"machine": "ready", "other": "down"}
    small.memory["other"] = 1 << 40
    made, starting = await start_one_by_one(small, *users(7))
    await wait_for(lambda: message_of(made[6]).endswith("yours is next") and len(small.services) == 6)
    await cancelled(starting)


async def test_a_cancelled_start_frees_its_place(small):
    made, starting = await start_one_by_one(small, *users(8))
    await wait_for(lambda: message_of(made[7]).endswith("1 server starts before yours"))
    await cancelled([starting[0], starting[6]])
    await wait_for(lambda: "geo-101-nb-user7" in small.services)
    await cancelled([*starting[1:6], starting[7]])
    assert small.services == {}


async def test_a_start_that_takes_long_no_longer_delays_others(small):
    SwarmHubSpawner.start_limiter = StartLimiter(timeout=0.3)
    _, starting = start_together(*users(7))
    await wait_for(lambda: len(small.services) == 7)
    await cancelled(starting)


async def test_a_start_whose_container_runs_does_not_delay_others_before_its_server_responds(small):
    small.script = ["preparing", "running"]
    made, starting = start_together(*users(7))
    for each in made:
        each.listening = False
    await wait_for(lambda: len(small.services) == 7)
    assert not any(each.done() for each in starting)
    await cancelled(starting)


async def test_starts_without_a_seat_do_not_delay_others_and_are_queued_in_order(small):
    small.seats = 0
    made, starting = start_together(*users(12))
    await wait_for(lambda: len(made[0].seat_queue) == 12)
    await wait_for(lambda: "You are number 12 in the queue" in message_of(made[11]))
    assert [made[0].seat_queue.position(each._entry) for each in made] == list(range(1, 13))
    await cancelled(starting)


async def test_a_start_after_all_others_have_completed_begins_immediately():
    limiter, queue = StartLimiter(), SeatQueue()
    entries = [QueueEntry(queue, f"geo-101-nb-{name}", 60, 100) for name in users(5)]
    assert [limiter.acquire(each) for each in entries] == [True, True, True, True, False]
    for each in entries:
        limiter.release(each)
    assert limiter.acquire(QueueEntry(queue, "geo-101-nb-late", 60, 100))


async def cancelled(starting):
    for each in starting:
        each.cancel()
    await asyncio.gather(*starting, return_exceptions=True)
