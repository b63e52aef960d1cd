"""Starting a user's server, with the fake Swarm."""

import asyncio
import time

import docker
import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.spawning.spawner import SwarmHubSpawner

from ..conftest import spawner
from ..support.wait import wait_for

FAILED = "failed|shutdown|task: non-zero exit (1) > ready|ready"


async def refused(a_spawner):
    with pytest.raises(SpawnException) as raised:
        await a_spawner.start()
    return raised.value


async def test_a_start_ends_when_the_container_runs_and_returns_the_address(swarm):
    alice = spawner(use_internal_ip=True)
    assert await alice.start() == ("geo-101-nb-alice", 8888)
    service = swarm.services["geo-101-nb-alice"]
    assert service["TaskTemplate"]["ContainerSpec"]["Args"][-1] == "jupyterhub-singleuser"
    assert service["EndpointSpec"] == {"Mode": "dnsrr"}
    assert await alice.poll() is None


async def test_the_log_says_once_which_keys_the_engine_ignores(swarm, caplog):
    swarm.ignored.add("Privileges")
    for name in ("alice", "bob"):
        await spawner(name).start()
    warnings = [each.message for each in caplog.records if "ignores" in each.message]
    assert warnings == ["This Docker Engine ignores ContainerSpec.Privileges, so users' servers run without it"]


async def test_a_server_that_runs_but_does_not_respond_gives_a_message(swarm):
    alice = spawner(http_timeout=1)
    alice.listening = False
    assert (await refused(alice)).message == "Your server is running but does not respond. Please tell your instructor."
    assert swarm.services == {}


async def test_a_server_that_crashes_before_it_responds_gives_a_message_without_a_timeout(swarm):
    swarm.script = ["running", FAILED, "running", FAILED, "running", FAILED]
    alice = spawner()
    alice.listening = False
    assert "stopped right after it started" in (await refused(alice)).message


async def test_a_server_is_listening_when_its_port_accepts_connections(swarm):
    listening = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]

    async def address():
        return "127.0.0.1", port

    alice = spawner()
    alice.get_ip_and_port = address
    assert await SwarmHubSpawner._is_listening(alice)
    listening.close()
    assert not await SwarmHubSpawner._is_listening(alice)


async def test_a_user_name_that_is_no_dns_label_also_gets_a_service(swarm):
    await spawner("ada.lovelace@" + "example." * 20 + "org").start()
    assert list(swarm.services) == ["geo-101-nb-ada-lovel---3b6a8029c23daf40"]


async def test_a_leftover_service_is_replaced(swarm):
    await spawner().start()
    await spawner().start()
    assert swarm.removed == ["geo-101-nb-alice"]
    assert list(swarm.services) == ["geo-101-nb-alice"]


async def test_without_a_suitable_node_a_start_fails_after_the_timeout_and_leaves_nothing_behind(swarm):
    swarm.script = ["new", "pending|running|no suitable node (1 node not available for new tasks)"]
    raised = await refused(spawner(placement_timeout=0.2))
    assert raised.message == "No machine of this class is ready for your server. Please tell your instructor."
    assert raised.status_code == 503
    assert "1 node not available" in raised.get_message()
    assert swarm.services == {}


async def test_a_node_that_becomes_available_in_time_is_used(swarm):
    nowhere = "pending|running|no suitable node (1 node not available for new tasks)"
    swarm.script = ["new", nowhere, nowhere, nowhere, "assigned", "running"]
    await spawner().start()


async def test_a_network_without_free_addresses_gives_a_message(swarm):
    swarm.script = ["new"]
    assert "no free address" in (await refused(spawner(placement_timeout=0.2))).message
    assert swarm.services == {}


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("No such image: quay.io/x@sha256:1", "image cannot be downloaded"),
        ("failed to mount local volume: mount :/srv/swarmhub/homes/alice: connection refused", "home folder cannot be mounted"),
        ('exec: "jupyterhub-singleuser": executable file not found in $PATH', "no jupyterhub-singleuser"),
    ],
)
async def test_a_start_ends_with_a_message_after_three_rejected_attempts(swarm, error, sentence):
    swarm.script = [f"rejected|shutdown|{error} > ready|ready"] * 3
    raised = await refused(spawner())
    assert sentence in raised.message
    assert error in raised.get_message()
    assert swarm.services == {}


async def test_one_failed_attempt_does_not_end_a_start(swarm):
    swarm.script = ["preparing", FAILED, "starting", "running"]
    await spawner().start()


async def test_failed_attempts_are_counted_even_if_swarm_deletes_old_tasks(swarm):
    swarm.script = [FAILED, FAILED, FAILED]
    tasks = swarm.tasks
    swarm.tasks = lambda name: tasks(name)[-2:]
    assert "stopped right after it started" in (await refused(spawner())).message


async def test_a_task_that_swarm_will_not_restart_ends_a_start_immediately(swarm):
    swarm.script = ["complete|shutdown"]
    assert "stopped right after it started" in (await refused(spawner())).message
    assert swarm.services == {}


async def test_a_start_ends_if_its_service_is_removed_by_others(swarm):
    swarm.script = ["preparing"]
    starting = asyncio.ensure_future(refused(spawner()))
    await wait_for(lambda: swarm.services)
    swarm.services.clear()
    assert "was removed" in (await starting).message


async def test_a_slow_start_gives_a_message_before_the_timeout_of_the_hub(swarm):
    swarm.script = ["preparing"]
    assert "too long" in (await refused(spawner(start_timeout=60))).message
    assert swarm.services == {}


async def test_a_cancelled_start_leaves_nothing_behind(swarm):
    swarm.script = ["preparing"]
    starting = asyncio.ensure_future(spawner().start())
    await wait_for(lambda: swarm.services)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert swarm.services == {}


async def test_a_start_cancelled_while_docker_creates_the_service_leaves_nothing_behind(swarm):
    swarm.delay = 0.3
    starting = asyncio.ensure_future(spawner().start())
    await wait_for(lambda: "POST /services/create" in swarm.requests)
    assert swarm.services == {}
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert swarm.removed == ["geo-101-nb-alice"]


async def test_an_error_of_docker_gives_a_message(swarm):
    swarm.broken = True
    raised = await refused(spawner(docker_patience=0.3))
    assert raised.message == "Docker refused to create your server. Please tell your instructor."
    assert "no leader" in raised.get_message()


async def test_an_unreachable_docker_gives_a_message(swarm):
    SwarmHubSpawner._client.close()
    SwarmHubSpawner._client = docker.APIClient(base_url="tcp://127.0.0.1:1", version="1.41")
    assert "cannot reach Docker" in (await refused(spawner(docker_patience=0.3))).message


async def test_progress_shows_each_stage_once(swarm):
    swarm.script = ["new", "pending", "assigned", "preparing", "preparing", "starting", "running"]
    alice = spawner(start_poll_interval=0.05)
    events = []

    async def listen():
        async for event in alice.progress():
            events.append(event)

    listening = asyncio.ensure_future(listen())
    await asyncio.sleep(0)
    await alice.start()
    await wait_for(lambda: events[-1]["progress"] == 75)
    listening.cancel()
    messages = [event["message"] for event in events]
    assert messages[0].startswith("Preparing your home folder")
    assert messages[-1] == "Your server is running; waiting for its first response"
    assert len(set(messages)) == len(messages)


async def test_fifty_simultaneous_starts_are_polled_together(swarm):
    swarm.script = ["new", "pending", "preparing", "running"]
    started = time.monotonic()
    await asyncio.gather(*[spawner(f"user{number}", start_poll_interval=0.5).start() for number in range(50)])
    assert time.monotonic() - started < 60
    assert len(swarm.services) == 50
    polls = swarm.requests.count("GET /tasks") - 50  # each start also looks once whether its home is in use
    assert polls < 50, "without sharing there would be four requests per start"
