"""The state of the room, from spawners with a fake Swarm and the reports of two machines."""

import asyncio
import json
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from jupyterhub import orm
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from swarmhub import refusal
from swarmhub.login.roster import Roster
from swarmhub.refusal import refuse
from swarmhub.room.announcement import Announcements
from swarmhub.room.curves import Curves
from swarmhub.room.help_calls import HelpCalls
from swarmhub.room.kernels import Kernel
from swarmhub.room.people import Person, people_of
from swarmhub.room.room import Room
from swarmhub.spawning.start_times import StartTimes

from ..conftest import spawner
from ..support.examples import SETTINGS
from ..support.fake_docker import container_id
from ..support.wait import wait_for
from .support import GB, MB, container, write_report

ALICE = container_id("geo-101-nb-alice-0")


class Started:
    """A server as JupyterHub sees it."""

    def __init__(self, each, pending=None, ready=False, error=None):
        self._each, self.pending, self.ready, self._failed = each, pending, ready, error is not None
        self._spawn_future = asyncio.get_running_loop().create_future()
        if error:
            self._spawn_future.set_exception(error)
            self._spawn_future.exception()

    def __getattr__(self, name):
        return getattr(self._each, name)


@pytest.fixture
def room(swarm, tmp_path, monkeypatch):
    """A room of two machines; the test sets its `people`."""
    swarm.nodes = {"one": "ready", "two": "ready"}
    swarm.memory = {"one": 8 * GB, "two": 8 * GB}
    swarm.addresses = {"one": "10.0.0.1", "two": "10.0.0.2"}
    swarm.node_by_service = {"geo-101-nb-alice": "one"}
    reports = tmp_path / "reports"
    reports.mkdir()
    monkeypatch.setenv("DOCKER_HOST", swarm.url)
    found = Room(SETTINGS, reports, None, Curves(tmp_path / "room.json", StartTimes()), lambda: found.people)
    found.people, found.reports = [], reports
    found.announcements, found.help_calls = Announcements(tmp_path / "announcement.json"), HelpCalls(tmp_path / "help.json")
    found._client = spawner().client
    return found


def row(room, name):
    return next(each for each in room.state()["people"] if each["name"] == name)


async def alice_runs(room, swarm, **report):
    """Starts alice's server, and reads two reports 10 s apart."""
    swarm.script = ["running"]
    alice = spawner("alice", reports=room.reports)
    alice.run_pre_spawn_hook()
    write_report(room.reports, "10.0.0.1", containers=[container(ALICE, cpu=0)])
    await room.look_at_reports()
    await alice.start()
    write_report(room.reports, "10.0.0.1", uptime=110.5, **{"containers": [container(ALICE, cpu=7_000_000)], **report})
    await room.look_at_reports()
    room.people = [Person("alice", spawner=Started(alice, ready=True))]
    return alice


def test_people_of_the_roster_who_have_never_been_here_are_away_and_nobody_is_there_twice(tmp_path):
    engine = create_engine("sqlite://")
    orm.Base.metadata.create_all(engine)
    db = Session(engine)
    db.add_all([orm.User(name="anna"), orm.User(name="ZOE")])  # the second with the spelling of an earlier version
    db.commit()
    path = tmp_path / "roster.json"
    path.write_text(json.dumps({"people": [{"name": name} for name in ("zoe", "mia", "anna")]}))
    app = SimpleNamespace(db=db, users={})
    assert [each.name for each in people_of(app, Roster(path))] == ["ZOE", "anna", "mia"]
    assert [each.name for each in people_of(app)] == ["ZOE", "anna"]


def test_somebody_who_has_asked_for_no_server_is_away(room):
    room.people = [Person("grace", "teacher", None, 1_764_000_059.5)]
    assert row(room, "grace") == {"name": "grace", "role": "teacher", "state": "away", "activity": 1_764_000_000}


async def test_a_running_server_has_its_machine_memory_and_cpu(room, swarm):
    await alice_runs(room, swarm)
    found = row(room, "alice")
    assert found == {
        "name": "alice", "role": "student", "state": "running", "machine": "one",
        "memory": 600, "limit": 1024, "cpu": 0.7, "cores": 1.5,
    }  # fmt: skip
    assert room.state()["taken"] == 1


async def test_another_machine_cannot_report_figures_of_the_server(room, swarm):
    await alice_runs(room, swarm)
    write_report(room.reports, "10.0.0.2", containers=[container(ALICE, 5 * GB)])
    write_report(room.reports, "10.0.0.1", uptime=120)
    await room.look_at_reports()
    assert "memory" not in row(room, "alice")


async def test_a_program_that_was_ended_for_memory_is_on_the_page_with_its_time(room, swarm):
    alice = await alice_runs(room, swarm)
    assert "ended" not in row(room, "alice")
    write_report(room.reports, "10.0.0.1", containers=[container(ALICE, ended=1)])
    await alice.poll()
    ended = row(room, "alice")["ended"]
    assert (ended["count"], ended["before"]) == (1, False)
    assert abs(ended["at"] - time.time()) < 5


async def test_a_start_has_its_stage_and_begin_and_in_the_queue_its_place(room, swarm):
    swarm.seats = 0
    first, second = (spawner(name, start_poll_interval=0.01) for name in ("first", "second"))
    starts = []
    for each in (first, second):
        each.run_pre_spawn_hook()
        starts.append(asyncio.ensure_future(each.start()))
        await wait_for(lambda each=each: each.seat_queue.position(each._entry) if hasattr(each, "_entry") else 0)
    third = spawner("third")
    third.run_pre_spawn_hook()
    room.people = [Person(each.user.name, spawner=Started(each, pending="spawn")) for each in (first, second, third)]
    found = room.state()
    assert [(each["state"], each.get("place")) for each in found["people"]] == [("queued", 1), ("queued", 2), ("starting", None)]
    assert found["people"][2]["say"] == "Preparing your home folder and its size limit"
    assert all(abs(each["since"] - time.time()) < 5 for each in found["people"])
    assert (found["taken"], found["queue"]) == (1, 2)
    for start in starts:
        start.cancel()
    await asyncio.gather(*starts, return_exceptions=True)


async def test_a_failed_start_has_the_sentence_of_its_user_and_takes_no_seat(room):
    error = refuse(refusal.MOUNT_FAILED, "secret detail")
    room.people = [
        Person("bob", spawner=Started(spawner("bob"), error=error)),
        Person("c", spawner=Started(spawner("c"), error=OSError("x"))),
    ]
    assert row(room, "bob")["say"] == "Your home folder cannot be mounted. Please tell your instructor."
    assert row(room, "c")["say"] == "The server did not start. The reason is in the hub's log."
    assert room.state()["taken"] == 0


async def test_a_busy_kernel_is_shown_and_an_unknown_state_is_not(room, swarm):
    await alice_runs(room, swarm)
    for kernels, busy in ((None, None), ([], False), ([Kernel("1", False), Kernel("2", True)], True)):
        room._seen = replace(room._seen, kernels={"alice": kernels})
        assert row(room, "alice").get("busy") is busy


async def test_each_machine_has_its_figures_and_people_and_a_silent_one_since_when(room, swarm):
    await alice_runs(room, swarm)
    write_report(room.reports, "10.0.0.2")
    await room.look_at_reports()
    await room._look_at_nodes()
    write_report(room.reports, "10.0.0.2", age=60)
    await room.look_at_reports()
    one, two = room.state()["machines"]
    assert one == {
        "name": "one", "state": "ready", "open": True, "people": 1, "memory": 3072, "memoryTotal": 8192,
        "cores": 4, "load": 0.5, "cpu": 0.0, "disk": 11 * 1024, "diskTotal": 20 * 1024,
    }  # fmt: skip
    assert two.keys() == {"name", "state", "open", "people", "heard"}
    assert room.state()["warnings"] == [["two has not reported its state", " since ", {"time": two["heard"]}, "."]]


async def test_a_full_disk_names_who_filled_it(room, swarm):
    disk = {"path": "/var/lib/docker", "bytes": 20 * GB, "freeBytes": GB // 2, "files": 0, "freeFiles": 0}
    layers = [{"user": "alice", "bytes": 7 * GB, "files": None}, {"user": "x", "bytes": None, "files": None}]
    await alice_runs(room, swarm, disks=[disk], largestLayers=layers)
    write_report(room.reports, "10.0.0.2")
    await room.look_at_reports()
    await room._look_at_nodes()
    (warning,) = room.state()["warnings"]
    texts = ["".join(part if isinstance(part, str) else f"<{part['person']}>" for part in warning)]
    assert texts == [
        "The disk of one is 98 % full, and no new server starts there: "
        "outside the homes, <alice> wrote 7 GB, <x> wrote too many files to count."
    ]


def test_a_repository_that_the_hub_cannot_read_is_a_warning_with_the_reason(room):
    assert room.state()["contentProblem"] is None
    room.find_content_problem = lambda: "no new content from https://git.example.org/a: it does not exist"
    assert room.state()["contentProblem"] == "no new content from https://git.example.org/a: it does not exist"
    assert ["No new content from https://git.example.org/a: it does not exist."] in room.state()["warnings"]


async def test_full_homes_little_memory_and_lost_machines_are_warnings(room, swarm):
    swarm.nodes = {"one": "ready", "two": "down"}
    write_report(room.reports, "10.0.0.1", memory={"bytes": 8 * GB, "availableBytes": 300 * MB})
    await room.look_at_reports()
    await room._look_at_nodes()
    homes = {f"user-{number}": (96 * GB // 10 + number, 10 * GB) for number in range(7)} | {"fine": (5 * GB, 10 * GB)}
    room._seen = replace(room._seen, homes=homes)
    found = room.state()["warnings"]
    assert found[:3] == [
        ["one has only 300 MB of memory left."],
        ["two is down. Its servers start again on other machines if there is room."],
        ["The home of ", {"person": "user-6"}, " is 96 % full (9.6 GB of 10 GB)."],
    ]
    assert found[-1] == ["2 more homes are over 90 % full."]
    assert len(found) == 2 + 5 + 1


async def test_a_docker_that_does_not_answer_is_a_warning_until_it_does(room, swarm):
    swarm.failures = {"GET /nodes": [500]}
    await room._look_at_nodes()
    assert room.state()["warnings"] == [["Docker does not answer, so the state of the machines may be old."]]
    await room._look_at_nodes()
    assert room.state()["warnings"] == [["No machine reports its state. To repair this, type: swarmhub up"]]


async def test_dear_looks_happen_only_while_somebody_asks(room, swarm):
    room.watch()
    await asyncio.sleep(0.05)
    assert not any("/nodes" in request for request in swarm.requests)
    room.state()
    await wait_for(lambda: room._machines)
    for task in room._tasks:
        task.cancel()
