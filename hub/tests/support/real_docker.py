"""Tests of the spawner with a real Swarm. They run in the hub's container of a running class, so that they can reach servers too.

Pytest does not find this file by itself; test/e2e/homes.test.ts copies it there. The servers have their own class name, so that
the hub and the sweeper of the class ignore them.
"""

import asyncio
import dataclasses
from pathlib import Path
from types import SimpleNamespace

import docker
import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.services.sweeper import Sweeper
from swarmhub.settings import Paths, read_settings
from swarmhub.spawning.placement import update_constraints
from swarmhub.spawning.seat_queue import SeatQueue
from swarmhub.spawning.spawner import SwarmHubSpawner
from swarmhub.spawning.start_limiter import StartLimiter
from swarmhub.spawning.task_poller import SharedTaskPoller

from .wait import wait_for

OF_THE_CLASS = read_settings(Paths(Path("/")).settings)
SETTINGS = dataclasses.replace(
    OF_THE_CLASS,
    name="real-docker",
    user_service_prefix="real-docker-nb-",
    storage=None,
    memory=64 << 20,
    guarantee=16 << 20,
    cpu=None,
    idle_timeout_seconds=None,
    strategy="spread",
)
OURS = {"label": f"swarmhub.class={SETTINGS.name}"}
SERVE = ["python3", "-m", "http.server", "8888"]


class Spawner(SwarmHubSpawner):
    """A spawner without JupyterHub's environment."""

    def get_env(self):
        return {"JUPYTERHUB_API_TOKEN": f"token of {self.user.name}", "JUPYTERHUB_USER": self.user.name}


def spawner(name, command=SERVE, settings=SETTINGS, **traits):
    user = SimpleNamespace(name=name)
    defaults = {"name_template": SETTINGS.user_service_prefix + "{username}", "start_timeout": 300, "queue_timeout": 60, "http_timeout": 60}
    return Spawner(user=user, cmd=command, settings=settings, network_name=settings.network, **(defaults | traits))


@pytest.fixture(autouse=True)
def swarm():
    """The real Docker; no service of these tests may remain after a test."""
    SwarmHubSpawner.task_poller, SwarmHubSpawner.seat_queue, SwarmHubSpawner.start_limiter = SharedTaskPoller(), SeatQueue(), StartLimiter()
    client = docker.APIClient()
    assert client.services(filters=OURS) == []
    yield client
    left = client.services(filters=OURS)
    for service in left:
        client.remove_service(service["ID"])
    client.close()
    assert [each["Spec"]["Name"] for each in left] == []


def running(swarm):
    """Returns the tasks of our servers that Swarm wants to run."""
    return swarm.tasks(filters=OURS | {"desired-state": "running"})


async def test_a_server_starts_can_be_reached_by_its_name_and_stops(swarm):
    alice = spawner("real-alice")
    assert await alice.start() == ("real-docker-nb-real-alice", 8888)
    reader, writer = await asyncio.open_connection("real-docker-nb-real-alice", 8888)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    assert b"200 OK" in await reader.readline()
    writer.close()
    assert await alice.poll() is None
    (task,) = running(swarm)
    assert task["Spec"]["Resources"]["Reservations"]["MemoryBytes"] == SETTINGS.guarantee
    await alice.stop()
    assert await alice.poll() == 0
    assert running(swarm) == []


async def test_a_server_that_ends_normally_is_noticed_and_its_service_is_removed(swarm):
    alice = spawner("real-ends", ["timeout", "--preserve-status", "-s", "INT", "25", *SERVE])
    await alice.start()
    ended = None
    for _ in range(60):
        ended = await alice.poll()
        if ended is not None:
            break
        await asyncio.sleep(1)
    assert "complete" in ended
    assert await alice.poll() == 0


async def test_a_server_that_crashes_is_restarted_by_swarm(swarm):
    alice = spawner("real-dies", ["sh", "-c", "python3 -m http.server 8888 & sleep 20; kill -9 $!; exit 3"])
    await alice.start()
    before = (await alice.get_task())["ID"]
    for _ in range(90):
        assert await alice.poll() is None
        if alice.notice:
            break
        await asyncio.sleep(1)
    assert "had to be restarted" in alice.notice
    assert (await alice.get_task())["ID"] != before
    await alice.stop()


async def refused(a_spawner):
    with pytest.raises(SpawnException) as raised:
        await a_spawner.start()
    return raised.value.message


async def test_a_server_that_stops_immediately_gives_a_message():
    assert "stopped right after it started" in await refused(spawner("real-crash", ["sh", "-c", "exit 1"]))


async def test_a_program_that_the_image_lacks_gives_a_message():
    assert "has no jupyterhub-singleuser" in await refused(spawner("real-command", ["no-such-program"], failure_limit=1))


async def test_an_image_that_no_node_has_gives_a_message():
    # An image id, as the class's own images have: it is not pulled from a registry.
    settings = dataclasses.replace(SETTINGS, image="sha256:" + "0" * 64)
    assert "image cannot be downloaded" in await refused(spawner("real-image", settings=settings, failure_limit=1))


async def test_a_server_without_room_waits_in_the_queue_and_then_gives_a_message(swarm):
    nodes = swarm.nodes()
    # On each machine, one of them has room.
    memory = max(node["Description"]["Resources"]["MemoryBytes"] for node in nodes) * 6 // 10
    settings = dataclasses.replace(SETTINGS, memory=memory, guarantee=memory)
    large = [spawner(f"real-large-{number}", settings=settings, queue_timeout=20) for number in range(len(nodes) + 1)]
    starting = [asyncio.ensure_future(each.start()) for each in large]
    await wait_for(lambda: any("You are next" in each._stage[1] for each in large), 60)
    results = await asyncio.gather(*starting, return_exceptions=True)
    messages = [each.jupyterhub_message for each in results if isinstance(each, SpawnException)]
    assert 0 < len(messages) < len(large)
    assert all("All seats are taken" in message for message in messages)
    await asyncio.gather(*(each.stop() for each, result in zip(large, results, strict=True) if not isinstance(result, SpawnException)))


async def test_a_server_that_fits_on_no_machine_does_not_wait():
    settings = dataclasses.replace(SETTINGS, memory=1 << 42, guarantee=1 << 42)
    assert "No machine of this class has enough memory" in await refused(spawner("real-too-large", settings=settings))


async def test_a_class_without_nodes_gives_a_message():
    settings = dataclasses.replace(SETTINGS, placement=("node.labels.no-such==true",))
    assert "No machine of this class" in await refused(spawner("real-nowhere", settings=settings, placement_timeout=5))


async def test_a_cancelled_start_leaves_nothing_behind(swarm):
    alice = spawner("real-given-up", ["sleep", "600"])
    starting = asyncio.ensure_future(alice.start())
    await wait_for(lambda: swarm.services(filters=OURS) != [], 60)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert swarm.services(filters=OURS) == []


async def test_a_leftover_service_is_replaced(swarm):
    first = spawner("real-left")
    await first.start()
    before = swarm.inspect_service("real-docker-nb-real-left")["ID"]
    again = spawner("real-left")
    await again.start()
    assert swarm.inspect_service("real-docker-nb-real-left")["ID"] != before
    await again.stop()


async def test_several_servers_start_at_once_and_each_can_be_reached(swarm):
    several = [spawner(f"real-at-once-{number}") for number in range(5)]
    found = await asyncio.gather(*(each.start() for each in several))
    assert sorted(host for host, _ in found) == [f"real-docker-nb-real-at-once-{number}" for number in range(5)]
    assert len(running(swarm)) == 5
    await asyncio.gather(*(each.stop() for each in several))
    assert running(swarm) == []


async def test_new_constraints_do_not_move_a_server_whose_node_meets_them(swarm):
    alice = spawner("real-place")
    await alice.start()
    before = (await alice.get_task())["ID"]
    await update_constraints(alice.docker, "real-docker-nb-real-place", [*SETTINGS.placement, "node.id!=nobody"])
    placement = swarm.inspect_service("real-docker-nb-real-place")["Spec"]["TaskTemplate"]["Placement"]
    assert placement["Constraints"] == [*SETTINGS.placement, "node.id!=nobody"]
    await asyncio.sleep(5)
    assert [task["ID"] for task in running(swarm)] == [before]
    await alice.stop()


async def test_the_sweeper_removes_a_service_without_an_owner_at_its_second_sweep(swarm):
    await spawner("real-owned").start()
    await spawner("real-stray").start()
    sweeper = Sweeper(SETTINGS.name, SimpleNamespace(active_users=lambda: {"real-owned"}), swarm)
    assert sweeper.sweep() == []
    assert sweeper.sweep() == ["real-docker-nb-real-stray"]
    assert [each["Spec"]["Name"] for each in swarm.services(filters=OURS)] == ["real-docker-nb-real-owned"]
    swarm.remove_service("real-docker-nb-real-owned")
