"""A user's server after its start, against the fake Swarm."""

from dataclasses import replace

import pytest

from swarmhub.spawning.running_server import OUT_OF_MEMORY, RESTARTED
from swarmhub.spawning.swarm import token_of

from ..conftest import spawner
from ..support.examples import SETTINGS

FULL = "pending|running|no suitable node (insufficient resources on 3 nodes)"
FAILED = "failed|shutdown|task: non-zero exit (1) > ready|ready"


@pytest.mark.parametrize(
    "ending", ["complete|shutdown", "failed|shutdown|task: non-zero exit (137)", "rejected|shutdown|x", "orphaned|shutdown"]
)
async def test_a_server_that_ended_counts_as_stopped_and_its_service_is_removed(swarm, ending):
    swarm.script = ["running", ending]
    alice = spawner()
    await alice.start()
    assert ending.split("|")[0] in await alice.poll()
    assert swarm.services == {}
    assert await alice.poll() == 0


async def test_a_server_that_swarm_restarts_counts_as_running(swarm):
    swarm.script = ["running", "failed|running|task: non-zero exit (137)", FAILED]
    alice = spawner()
    await alice.start()
    assert [await alice.poll() for _ in range(5)] == [None] * 5


async def test_a_server_that_lost_its_node_and_finds_no_other_is_stopped_in_the_end(swarm):
    swarm.script = ["running", f"shutdown|shutdown > {FULL}"]
    alice = spawner()
    await alice.start()
    assert "no suitable node" in await alice.poll()  # the fake's tasks were created long ago
    assert swarm.services == {}


async def test_a_server_that_has_just_lost_its_node_is_not_stopped(swarm):
    swarm.script = ["running", f"shutdown|shutdown > {FULL}"]
    alice = spawner(lost_after=1e9)
    await alice.start()
    assert await alice.poll() is None


async def test_no_server_is_stopped_while_docker_does_not_respond(swarm):
    alice = spawner()
    await alice.start()
    swarm.broken = True
    assert await alice.poll() is None
    swarm.broken = False
    assert await alice.poll() is None
    assert swarm.removed == []


async def test_a_stop_removes_the_service_and_waits_for_its_container(swarm):
    alice = spawner()
    await alice.start()
    swarm.lingering = 3
    await alice.stop()
    assert swarm.services == {}
    assert swarm.lingering == 0
    assert alice.get_state().get("object_id") is None


async def test_swarm_restarts_a_server_from_a_failed_node_and_the_user_gets_a_notice(swarm):
    swarm.script = ["running", "running", "running|shutdown > ready", "preparing", "running"]
    alice = spawner()
    await alice.start()
    assert [await alice.poll(), alice.notice] == [None, None]
    assert [await alice.poll() for _ in range(3)] == [None] * 3
    assert alice.notice == RESTARTED
    assert swarm.removed == []


async def test_a_stop_does_not_wait_for_a_node_that_is_down(swarm):
    alice = spawner(start_poll_interval=0.2)
    await alice.start()
    swarm.nodes["machine"] = "down"
    swarm.lingering = 100
    await alice.stop()
    assert swarm.lingering == 99, "its task was listed only once"
    assert swarm.services == {}


async def test_a_restarted_hub_can_read_the_token_of_a_server(swarm):
    alice = spawner()
    alice.get_env = lambda: {"JUPYTERHUB_USER": "alice", "JUPYTERHUB_API_TOKEN": "a=b"}
    await alice.start()
    assert await token_of(alice.docker, "geo-101-nb-alice") == "a=b"
    assert await token_of(alice.docker, "geo-101-nb-bob") == ""


async def test_a_server_of_a_former_name_counts_as_stopped_and_starts_anew_under_its_new_name(swarm):
    swarm.add_service("nb-alice", {"swarmhub.class": "geo-101", "swarmhub.user": "alice"})
    alice = spawner()
    alice.load_state({"object_id": swarm.service_id("nb-alice"), "object_name": "nb-alice"})
    assert await alice.poll() == 0
    assert await alice.start() == ("geo-101-nb-alice", 8888)
    assert await alice.poll() is None


async def test_stopping_a_server_that_no_longer_exists_is_no_error(swarm):
    alice = spawner()
    await alice.start()
    swarm.services.clear()
    await alice.stop()


async def restarted_after(swarm, ending, code, **changes):
    swarm.script = ["running", "running", f"{ending} > ready", "running"]
    swarm.exit_code = code
    alice = spawner(**changes)
    await alice.start()
    assert [await alice.poll() for _ in range(3)] == [None] * 3
    assert alice.notices.shown()["alice"]["text"] == alice.notice, "in an open JupyterLab too"
    return alice.notice


async def test_a_server_that_was_killed_by_its_memory_limit_comes_back_with_a_notice_that_says_so(swarm, caplog):
    notice = await restarted_after(swarm, "failed|shutdown|task: non-zero exit (137)", 137)
    assert notice == OUT_OF_MEMORY.format(limit="1 GB")
    assert "used more memory than its limit (1 GB)" in caplog.text
    small = replace(SETTINGS, memory=512 << 20)
    assert "(512 MB)" in await restarted_after(swarm, "failed|shutdown|task: non-zero exit (137)", 137, settings=small)


@pytest.mark.parametrize(
    ("ending", "code"),
    [("failed|shutdown|task: non-zero exit (1)", 1), ("failed|shutdown|task: non-zero exit (143)", 143), ("shutdown|shutdown", 137)],
)
async def test_a_server_that_ended_otherwise_or_was_stopped_with_docker_or_by_swarm_gets_the_general_notice(swarm, ending, code):
    assert await restarted_after(swarm, ending, code) == RESTARTED
