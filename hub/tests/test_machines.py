"""What the machines report, and the machines that get no new server because their disks are nearly full."""

import json
import os
import time
from dataclasses import replace

import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.machines import read_reports

from .conftest import spawner
from .support.examples import SETTINGS

GB, MB = 1 << 30, 1 << 20
ROOM = {"path": "/var/lib/docker", "bytes": 20 * GB, "freeBytes": 9 * GB, "files": 1_000_000, "freeFiles": 900_000}
FULL = ROOM | {"freeBytes": 812 * MB}
NO_FILES = ROOM | {"freeFiles": 3}
CAROL = [
    {"user": "carol", "bytes": 7 * GB, "files": None},
    {"user": "dora", "bytes": None, "files": 1_200_000},
    {"user": "bob", "bytes": None, "files": None},
]


@pytest.fixture
def reports(tmp_path, swarm):
    """Returns the folder of the reports of two nodes."""
    swarm.nodes = {"one": "ready", "two": "ready"}
    swarm.memory = {"one": 4 * GB, "two": 4 * GB}
    swarm.addresses = {"one": "10.0.0.1", "two": "10.0.0.2"}
    return tmp_path


def write(folder, address, *disks, age=0, layers=(), kills=(), ended=()):
    containers = [{"id": container, "oomKills": count} for container, count in kills]
    write_line(
        folder,
        address,
        json.dumps({"disks": disks, "largestLayers": list(layers), "endedServers": list(ended), "containers": containers}),
        age,
    )


def write_line(folder, address, line, age=0):
    path = folder / f"{address}.json"
    path.write_bytes(line if isinstance(line, bytes) else line.encode())
    os.utime(path, (time.time() - age,) * 2)


async def constraints(swarm, folder, **changes):
    """Returns the constraints with which a server is created, and those when it runs."""
    alice = spawner(reports=folder, settings=replace(SETTINGS, memory=GB, guarantee=None, **changes))
    created = {}
    create = swarm._create
    swarm._create = lambda query, body: created.update(body) or create(query, body)
    await alice.start()
    running = swarm.services["geo-101-nb-alice"]
    return [each["TaskTemplate"]["Placement"]["Constraints"][1:] for each in (created, running)]


@pytest.mark.parametrize("full", [FULL, NO_FILES, ROOM | {"path": "/var/lib/containerd", "freeBytes": 0}])
async def test_a_nearly_full_machine_gets_no_new_server_and_the_log_says_who_wrote_most(swarm, reports, caplog, full):
    write(reports, "10.0.0.1", ROOM)
    write(reports, "10.0.0.2", ROOM, full, layers=CAROL)
    assert await constraints(swarm, reports) == [["node.id!=two"], []]
    assert "geo-101-nb-alice does not start on a nearly full machine: two: only " in caplog.text
    assert "written outside the homes: carol 7,168 MB, dora 1,200,000 files, bob too many files to count" in caplog.text


async def test_with_pack_the_nearly_full_machine_is_not_filled_first(swarm, reports):
    write(reports, "10.0.0.1", FULL)
    created, running = await constraints(swarm, reports, strategy="pack")
    assert created == ["node.id!=one", "node.id==two"]
    assert running == []


async def test_a_start_that_fails_on_one_machine_does_not_continue_on_a_full_one(swarm, reports):
    swarm.nodes |= {"three": "ready"}
    swarm.memory |= {"three": 4 * GB}
    write(reports, "10.0.0.2", FULL)
    swarm.broken_nodes = {"one"}
    swarm.node_by_service = {"geo-101-nb-alice": "one"}
    alice = spawner(reports=reports, settings=replace(SETTINGS, memory=GB, guarantee=None))
    await alice.start()
    assert swarm.node_by_service["geo-101-nb-alice"] == "three"


async def test_if_all_machines_are_full_the_user_reads_which_ones(swarm, reports):
    write(reports, "10.0.0.1", FULL)
    write(reports, "10.0.0.2", FULL, layers=CAROL)
    with pytest.raises(SpawnException) as raised:
        await spawner(reports=reports).start()
    assert raised.value.message == "No server can start because the disk of each machine is full (one, two). Please tell your instructor."
    assert raised.value.status_code == 503
    assert "two: only 812 MB free in /var/lib/docker, written outside the homes: carol" in raised.value.get_message()
    assert swarm.services == {}


async def test_without_news_of_a_machine_it_counts_as_one_with_room(swarm, reports):
    write(reports, "10.0.0.1", FULL, age=16)
    write(reports, "10.0.0.2", FULL, age=-16)
    assert await constraints(swarm, reports) == [[], []]


async def test_without_a_report_nothing_more_is_asked_of_docker(swarm, reports):
    write(reports, "10.0.0.1", ROOM)
    await spawner(reports=reports, settings=replace(SETTINGS, cpu=1)).start()
    assert [each for each in swarm.requests if each.endswith("/nodes")] == []


async def test_a_manager_is_known_by_its_address_for_the_swarm(swarm, reports):
    describe = swarm._describe_node
    manager = {"Status": {"State": "ready", "Addr": "0.0.0.0"}, "ManagerStatus": {"Addr": "10.0.0.1:2377"}}  # noqa: S104
    swarm._describe_node = lambda name: describe(name) | (manager if name == "one" else {})
    write(reports, "10.0.0.1", FULL)
    assert await constraints(swarm, reports) == [["node.id!=one"], []]


async def test_a_host_name_that_is_none_is_not_shown(swarm, reports):
    describe = swarm._describe_node
    swarm._describe_node = lambda name: describe(name) | {"Description": {"Hostname": "<b>" + name, "Resources": {"MemoryBytes": GB}}}
    for address in ("10.0.0.1", "10.0.0.2"):
        write(reports, address, FULL)
    with pytest.raises(SpawnException) as raised:
        await spawner(reports=reports).start()
    assert "(one, two)" in raised.value.message


def line(**changes):
    return json.dumps({"disks": [FULL], "largestLayers": [], "containers": []} | changes)


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{" * 60_000,
        b"[" * 60_000,
        b'{"disks":' + b"[" * 60_000,
        b'{"disks":[{"path":"/x","freeBytes":' + b"9" * 60_000 + b'}],"largestLayers":[]}',
        line(disks=7),
        line(disks=[7]),
        line(disks=[{}]),
        line(disks=[FULL | {"freeBytes": -1}]),
        line(disks=[FULL | {"freeBytes": 1 << 63}]),
        line(disks=[FULL | {"freeBytes": float("nan")}]),
        line(disks=[FULL | {"freeBytes": True}]),
        line(disks=[FULL | {"files": None}]),
        line(disks=[FULL | {"path": "/x\n2026-01-01 all is well"}]),
        line(disks=[FULL | {"path": "/" + "x" * 300}]),
        line(disks=[FULL | {"path": ["/"]}]),
        line(largestLayers=[{"user": "<script>", "bytes": 1}]),
        line(largestLayers=[{"user": "carol", "bytes": "1"}]),
        line(largestLayers={"user": "carol"}),
        line(endedServers=[{"user": "carol", "container": "../x", "bytes": 1}]),
        line(endedServers=[{"user": "<b>", "container": "f" * 64, "bytes": 1}]),
        line(containers=[{"id": "x", "oomKills": 1}]),
        line(containers=[{"id": "f" * 64, "oomKills": -1}]),
        line(padding="x" * 65_536),
    ],
)
def test_a_line_that_is_no_report_is_no_news(tmp_path, hostile):
    write_line(tmp_path, "10.0.0.1", line())
    write_line(tmp_path, "10.0.0.2", hostile)
    assert list(read_reports(tmp_path)) == ["10.0.0.1"]


def test_of_too_many_disks_and_users_the_first_three_are_read(tmp_path):
    write_line(tmp_path, "10.0.0.1", line(disks=[FULL] * 100, largestLayers=CAROL * 100))
    [report] = read_reports(tmp_path).values()
    assert (len(report.disks), len(report.largest_layers)) == (3, 3)


def test_neither_a_pipe_nor_a_link_nor_a_missing_folder_holds_up_the_hub(tmp_path):
    write_line(tmp_path, "10.0.0.1", line())
    os.mkfifo(tmp_path / "10.0.0.2.json")
    (tmp_path / "10.0.0.3.json").symlink_to(tmp_path / "10.0.0.1.json")
    (tmp_path / "10.0.0.4.json").mkdir()
    assert list(read_reports(tmp_path)) == ["10.0.0.1"]
    assert read_reports(tmp_path / "missing") == read_reports(None) == {}
