"""Docker fails for a moment during starts and stops, with the fake Swarm."""

import asyncio
from dataclasses import replace

import pytest
from jupyterhub.spawner import SpawnException

from ..conftest import spawner
from ..support.examples import SETTINGS
from ..support.fake_docker import NO_ANSWER

PACKS = replace(SETTINGS, strategy="pack")
REQUESTS = ["POST /services/create", "GET /services", "GET /tasks", "GET /nodes", "POST /services", "DELETE /services"]


@pytest.mark.parametrize("status", [500, 503, NO_ANSWER])
@pytest.mark.parametrize("request_", REQUESTS)
async def test_a_start_continues_if_docker_fails_for_a_moment(swarm, request_, status):
    await spawner(settings=PACKS).start()  # leaves a service behind that the next start removes
    swarm.failures = {request_: [status] * 3}
    await spawner(settings=PACKS).start()
    assert swarm.failures == {request_: []}, "Docker was asked again"
    assert list(swarm.services) == ["geo-101-nb-alice"]


@pytest.mark.parametrize("status", [500, NO_ANSWER])
async def test_a_service_that_docker_created_without_an_answer_is_used_and_no_second_one_is_created(swarm, status):
    swarm.lost_answers = {"POST /services/create": [status]}
    alice = spawner()
    await alice.start()
    assert swarm.created == ["geo-101-nb-alice"]
    assert await alice.poll() is None
    await alice.stop()
    assert swarm.services == {}


async def test_many_starts_at_once_continue_after_docker_has_failed_for_a_while(swarm):
    starting = [asyncio.ensure_future(spawner(f"user{number}").start()) for number in range(12)]
    await asyncio.sleep(0.05)
    swarm.broken = True
    await asyncio.sleep(0.7)
    swarm.broken = False
    await asyncio.gather(*starting)
    assert len(swarm.services) == len(swarm.created) == 12


@pytest.mark.parametrize("request_", ["DELETE /services", "GET /tasks"])
async def test_a_stop_continues_if_docker_fails_for_a_moment(swarm, request_):
    alice = spawner()
    await alice.start()
    swarm.failures = {request_: [500] * 3}
    await alice.stop()
    assert swarm.services == {}


async def test_a_refused_start_leaves_nothing_behind_if_docker_fails_for_a_moment(swarm):
    swarm.script = ["complete|shutdown"]
    swarm.failures = {"DELETE /services": [500] * 3}
    with pytest.raises(SpawnException):
        await spawner().start()
    assert swarm.services == {}


async def test_an_error_that_does_not_pass_is_reported_at_once(swarm):
    swarm.failures = {"POST /services/create": [400] * 3}
    with pytest.raises(SpawnException) as raised:
        await spawner().start()
    assert raised.value.message == "Docker refused to create your server. Please tell your instructor."
    assert swarm.failures == {"POST /services/create": [400] * 2}


async def test_a_poll_does_not_wait_for_docker(swarm):
    alice = spawner()
    await alice.start()
    swarm.broken = True
    assert await asyncio.wait_for(alice.poll(), 5) is None
