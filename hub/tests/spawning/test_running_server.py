"""Programs that the memory limit ends, in the hub's log."""

import logging
import time

import pytest

from swarmhub.spawning.notices import MEMORY_ENDED
from swarmhub.spawning.running_server import DISK_FILLED, MemoryKills, size_text

from ..conftest import spawner
from ..support.fake_docker import container_id
from ..test_machines import write

ALICE = container_id("geo-101-nb-alice-0")


@pytest.fixture
async def alice(swarm, tmp_path):
    """A running server, on a machine whose report is to be written."""
    swarm.addresses = {"machine": "10.0.0.1"}
    swarm.script = ["running"]
    started = spawner(reports=tmp_path)
    await started.start()
    return started


@pytest.fixture
def said(alice, caplog):
    """Returns the lines about memory that the log got in one poll."""

    async def said(*kills, address="10.0.0.1"):
        caplog.clear()
        write(alice.reports, address, kills=kills)
        assert await alice.poll() is None
        return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]

    return said


def line(count):
    return f"The memory limit (1 GB) ended {count} process{'' if count == 1 else 'es'} in the server of alice on machine"


async def test_a_line_says_how_many_processes_were_ended_since_the_last_one(said):
    assert await said((ALICE, 0)) == []
    assert await said((ALICE, 1), ("f" * 64, 7)) == [line(1)]
    assert await said((ALICE, 1)) == []
    assert await said((ALICE, 4)) == [line(3)]


async def test_a_report_without_the_container_is_no_news(said):
    assert await said((ALICE, 2)) == [line(2)]
    assert await said() == []
    assert await said((ALICE, 2)) == []


async def test_a_machine_cannot_name_containers_of_another_one(said):
    assert await said((ALICE, 2), address="10.0.0.2") == []


async def test_another_container_is_counted_anew(said, swarm, alice):
    assert await said((ALICE, 2)) == [line(2)]
    swarm.script = ["running", "failed|shutdown|x > ready", "running"]
    while not alice.notice:
        await said()
    assert await said((container_id("geo-101-nb-alice-1"), 1)) == [line(1)]


async def test_the_machine_is_known_as_soon_as_the_server_runs(alice):
    assert (alice._running.machine, alice._running.address, alice._running.container) == ("machine", "10.0.0.1", ALICE)


async def test_the_moment_of_the_last_ended_process_is_known_unless_an_earlier_hub_saw_it(said, alice):
    await said((ALICE, 0))
    assert alice._running.ended_at is None
    await said((ALICE, 1))
    assert time.time() - alice._running.ended_at < 5
    assert not alice._running.ended_before
    alice._running.container = ""
    await said((ALICE, 1))
    assert alice._running.ended_before


async def test_the_user_reads_of_each_ended_program_but_not_of_those_that_an_earlier_hub_saw(said, alice):
    assert alice.notices.shown() == {}
    await said((ALICE, 1))
    first = alice.notices.shown()["alice"]
    assert first["text"] == MEMORY_ENDED.format(limit="1 GB")
    await said((ALICE, 1))
    assert alice.notices.shown()["alice"] == first
    await said((ALICE, 2))
    assert alice.notices.shown()["alice"]["id"] != first["id"]
    alice.notices.forget("alice")
    alice._running.container = ""  # as after a restart of the hub
    await said((ALICE, 2))
    assert alice.notices.shown() == {}


async def test_docker_is_asked_for_the_machine_only_once(said, swarm):
    await said((ALICE, 1))
    swarm.requests.clear()
    await said((ALICE, 2))
    assert [each for each in swarm.requests if "/nodes" in each] == []


async def test_a_docker_that_does_not_answer_stops_nothing_and_is_asked_again(said, swarm, alice):
    alice._running.container = ""  # as after a restart of the hub
    swarm.failures = {"GET /nodes": [500]}
    assert await said((ALICE, 2)) == []
    assert await said((ALICE, 2)) == [line(2)]


def test_the_reports_are_read_once_for_all_servers(tmp_path):
    kills = MemoryKills()
    write(tmp_path, "10.0.0.1", kills=[(ALICE, 1)])
    assert kills.of("10.0.0.1", ALICE, tmp_path) == 1
    write(tmp_path, "10.0.0.1", kills=[(ALICE, 2)])
    assert kills.of("10.0.0.1", ALICE, tmp_path) == 1


def test_sizes_are_short():
    assert [size_text(size << 20) for size in (512, 1024, 1536)] == ["512 MB", "1 GB", "1.5 GB"]


CAME_BACK = ("running", "failed|shutdown|task: non-zero exit (137) > ready", "running")


async def ended_for_the_disk(swarm, folder, *, address="10.0.0.1", script=CAME_BACK):
    """Returns a server whose first container was ended for what it wrote, as the machine at `address` says."""
    swarm.addresses = {"machine": "10.0.0.1"}
    swarm.script, swarm.exit_code = ["running", *script], 137
    alice = spawner(reports=folder)
    await alice.start()
    write(folder, address, ended=[{"at": 1, "user": "alice", "container": ALICE, "bytes": 7 << 30, "files": None}])
    for _ in script:
        await alice.poll()
    return alice


async def test_a_server_that_filled_the_disk_comes_back_with_a_notice_that_says_so(swarm, tmp_path, caplog):
    alice = await ended_for_the_disk(swarm, tmp_path)
    assert alice.notice == DISK_FILLED.format(amount="7,168 MB")
    assert "wrote 7,168 MB outside your home folder" in caplog.text


async def test_another_machine_cannot_say_that_a_server_filled_the_disk(swarm, tmp_path):
    alice = await ended_for_the_disk(swarm, tmp_path, address="10.0.0.2")
    assert "wrote" not in alice.notice


async def test_a_server_that_filled_the_disk_too_often_to_come_back_leaves_the_notice(swarm, tmp_path):
    alice = await ended_for_the_disk(swarm, tmp_path, script=["failed|shutdown|task: non-zero exit (137)"])
    assert alice.notice == DISK_FILLED.format(amount="7,168 MB")
