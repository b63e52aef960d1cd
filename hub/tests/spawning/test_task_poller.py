"""Looks that are shared, against the fake Swarm."""

import asyncio

import pytest
from docker.errors import APIError

from swarmhub.spawning.task_poller import Looks

from ..conftest import spawner


def look(looks, swarm, name, interval=0.05):
    return asyncio.ensure_future(looks.at(spawner().docker, "geo-101", f"nb-{name}", swarm.identity(f"nb-{name}"), interval))


@pytest.fixture
def three(swarm):
    for name in ("alice", "bob", "carol"):
        swarm.add_service(f"nb-{name}", {"swarmhub.class": "geo-101", "swarmhub.user": name})
    swarm.asked.clear()
    return swarm


async def test_each_of_many_gets_its_own_tasks_and_docker_is_asked_once(three):
    looks = Looks()
    found = await asyncio.gather(*[look(looks, three, name) for name in ("alice", "bob", "carol")])
    assert [[task["ID"] for task in tasks] for tasks in found] == [["nb-alice-0"], ["nb-bob-0"], ["nb-carol-0"]]
    assert three.asked == ["GET /tasks"]


async def test_one_alone_asks_for_its_own_tasks_only(three):
    tasks = await look(Looks(), three, "bob")
    assert [task["ID"] for task in tasks] == ["nb-bob-0"]
    assert three.looks == {"nb-alice": 0, "nb-bob": 1, "nb-carol": 0}


async def test_a_service_that_is_gone_is_told_from_one_that_has_no_task_yet(three):
    looks = Looks()
    tasks = three.tasks
    three.tasks = lambda name: [] if name == "nb-bob" else tasks(name)
    del three.services["nb-carol"]
    found = await asyncio.gather(*[look(looks, three, name) for name in ("alice", "bob", "carol")])
    assert [len(found[0]), found[1], found[2]] == [1, [], None]


async def test_who_comes_while_docker_is_asked_gets_the_next_look(three):
    looks = Looks()
    first = [look(looks, three, "alice"), look(looks, three, "bob")]
    await asyncio.wait(first)
    second = await asyncio.gather(look(looks, three, "alice"), look(looks, three, "bob"))
    assert [tasks[0]["Status"]["State"] for tasks in second] == ["pending", "pending"], "a later state than new"


async def test_one_who_gives_up_takes_nothing_from_the_others_and_a_failure_is_everyones(three):
    looks = Looks()
    first, second = look(looks, three, "alice"), look(looks, three, "bob")
    await asyncio.sleep(0)
    first.cancel()
    assert [task["ID"] for task in await second] == ["nb-bob-0"]
    three.broken = True
    failed = await asyncio.gather(look(looks, three, "alice"), look(looks, three, "bob"), return_exceptions=True)
    assert [type(each) for each in failed] == [APIError, APIError]
    three.broken = False
    assert await look(looks, three, "alice")
