"""Shared polls, with the fake Swarm."""

import asyncio

import pytest
from docker.errors import APIError

from swarmhub.spawning.task_poller import SharedTaskPoller

from ..conftest import spawner


def poll(poller, swarm, name, interval=0.05, **traits):
    service = f"geo-101-nb-{name}"
    return asyncio.ensure_future(poller.poll(spawner(**traits).docker, "geo-101", service, swarm.service_id(service), interval))


@pytest.fixture
def three(swarm):
    for name in ("alice", "bob", "carol"):
        swarm.add_service(f"geo-101-nb-{name}", {"swarmhub.class": "geo-101", "swarmhub.user": name})
    swarm.requests.clear()
    return swarm


async def test_each_caller_gets_its_own_tasks_from_one_shared_request(three):
    poller = SharedTaskPoller()
    found = await asyncio.gather(*[poll(poller, three, name) for name in ("alice", "bob", "carol")])
    assert [[task["ID"] for task in tasks] for tasks in found] == [["geo-101-nb-alice-0"], ["geo-101-nb-bob-0"], ["geo-101-nb-carol-0"]]
    assert three.requests == ["GET /tasks"]


async def test_a_single_caller_requests_only_its_own_tasks(three):
    tasks = await poll(SharedTaskPoller(), three, "bob")
    assert [task["ID"] for task in tasks] == ["geo-101-nb-bob-0"]
    assert three.polls == {"geo-101-nb-alice": 0, "geo-101-nb-bob": 1, "geo-101-nb-carol": 0}


async def test_a_missing_service_differs_from_a_service_without_tasks(three):
    poller = SharedTaskPoller()
    tasks = three.tasks
    three.tasks = lambda name: [] if name == "geo-101-nb-bob" else tasks(name)
    del three.services["geo-101-nb-carol"]
    found = await asyncio.gather(*[poll(poller, three, name) for name in ("alice", "bob", "carol")])
    assert [len(found[0]), found[1], found[2]] == [1, [], None]


async def test_a_caller_that_arrives_during_a_request_gets_the_next_poll(three):
    poller = SharedTaskPoller()
    first = [poll(poller, three, "alice"), poll(poller, three, "bob")]
    await asyncio.wait(first)
    second = await asyncio.gather(poll(poller, three, "alice"), poll(poller, three, "bob"))
    assert [tasks[0]["Status"]["State"] for tasks in second] == ["pending", "pending"], "a later state than new"


async def test_a_cancelled_caller_does_not_affect_others_and_all_callers_get_a_failure(three):
    poller = SharedTaskPoller()
    first, second = poll(poller, three, "alice"), poll(poller, three, "bob")
    await asyncio.sleep(0)
    first.cancel()
    assert [task["ID"] for task in await second] == ["geo-101-nb-bob-0"]
    three.broken = True
    both = (poll(poller, three, name, docker_patience=0.3) for name in ("alice", "bob"))
    assert [type(each) for each in await asyncio.gather(*both, return_exceptions=True)] == [APIError, APIError]
    three.broken = False
    assert await poll(poller, three, "alice")
