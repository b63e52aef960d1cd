"""Filling one node before the next, and starting on another node after a failure."""

from dataclasses import replace

import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.spawning.placement import fullest_node

from ..conftest import spawner
from ..support.examples import SETTINGS

GB = 1 << 30
PACKS = replace(SETTINGS, strategy="pack", memory=GB, guarantee=None)


def two_nodes(swarm, **memory):
    swarm.nodes = {"one": "ready", "two": "ready"}
    swarm.memory = {"one": 4 * GB, "two": 4 * GB} | memory


def constraints(swarm, name):
    return swarm.services[name]["TaskTemplate"]["Placement"]["Constraints"]


def fake_docker(nodes, tasks=(), services=()):
    """Returns a fake `docker` function; each node is a name, its memory, and optional changes."""

    async def docker(method, *_arguments, **_filters):
        return {"nodes": [node(*each) for each in nodes], "tasks": list(tasks), "services": list(services)}[method]

    return docker


def node(name, memory, state="ready", availability="active", users="true"):
    return {
        "ID": name,
        "Spec": {"Labels": {"swarmhub.users": users}, "Availability": availability},
        "Status": {"State": state},
        "Description": {"Hostname": name, "Resources": {"MemoryBytes": memory}},
    }


def reserving(memory, **more):
    return {"Resources": {"Reservations": {"MemoryBytes": memory}}} | more


def task(name, memory, service="s"):
    return {"NodeID": name, "ServiceID": service, "Spec": reserving(memory)}


async def chosen(*arguments, without=frozenset()):
    return await fullest_node(fake_docker(*arguments), PACKS, GB, without)


async def test_the_fullest_node_with_enough_free_memory_is_chosen():
    nodes = [("a", 4 * GB), ("b", 4 * GB)]
    assert await chosen(nodes) == "a"
    assert await chosen(nodes, [task("b", GB)]) == "b"
    assert await chosen(nodes, [task("b", 3 * GB)]) == "b"
    assert await chosen(nodes, [task("b", 3 * GB + 1)]) == "a"
    assert await chosen(nodes, [task("a", 4 * GB), task("b", 4 * GB)]) is None
    assert await chosen(nodes, [task("b", GB)], without={"b"}) == "a"


async def test_a_server_that_will_start_on_a_node_counts_once():
    nodes = [("a", GB), ("b", GB)]
    placement = {"Constraints": ["node.id==a"]}
    service = {"ID": "s", "Spec": {"TaskTemplate": reserving(GB, Placement=placement)}}
    assert await chosen(nodes, [], [service]) == "b"
    assert await chosen([("a", 2 * GB), ("b", GB)], [task("a", GB)], [service]) == "a"


async def test_nodes_that_do_not_accept_users_are_not_chosen():
    for change in (("down",), ("ready", "drain"), ("ready", "active", "false")):
        assert await chosen([("a", 4 * GB, *change), ("b", 4 * GB)]) == "b"


async def test_servers_fill_one_node_first_and_are_unpinned_once_they_run(swarm):
    two_nodes(swarm, one=2 * GB)
    for name in ("ada", "bob", "carol"):
        await spawner(name, settings=PACKS).start()
    assert swarm.node_by_service == {"nb-ada": "one", "nb-bob": "one", "nb-carol": "two"}
    assert all(constraints(swarm, name) == list(PACKS.placement) for name in swarm.services)


async def test_a_start_that_fails_on_one_node_continues_on_another(swarm):
    two_nodes(swarm)
    swarm.broken_nodes = {"one"}
    await spawner("ada", settings=PACKS).start()
    assert swarm.node_by_service == {"nb-ada": "two"}
    assert swarm.created == ["nb-ada"]


async def test_if_no_node_has_room_swarm_reports_it_and_the_start_is_queued(swarm):
    two_nodes(swarm, one=0, two=0)
    await spawner("ada", settings=PACKS).start()
    assert swarm.updated == []


async def test_with_spread_the_hub_does_not_choose_a_node(swarm):
    two_nodes(swarm)
    await spawner("ada").start()
    assert swarm.updated == []
    assert "GET /nodes" not in swarm.requests


async def test_with_spread_a_start_that_fails_on_one_node_continues_on_another(swarm):
    two_nodes(swarm)
    swarm.node_by_service["nb-ada"] = "one"
    swarm.broken_nodes = {"one"}
    await spawner("ada").start()
    assert swarm.node_by_service == {"nb-ada": "two"}
    assert swarm.created == ["nb-ada"]
    assert constraints(swarm, "nb-ada") == list(SETTINGS.placement), "a running server has no constraints of its own"


async def test_if_no_other_node_has_room_the_constraints_stay_unchanged(swarm):
    two_nodes(swarm, two=0)
    swarm.node_by_service["nb-ada"] = "one"
    swarm.broken_nodes = {"one"}
    with pytest.raises(SpawnException):
        await spawner("ada").start()
    assert swarm.updated == []


async def test_with_pack_a_start_can_continue_on_a_third_node(swarm):
    two_nodes(swarm)
    swarm.nodes["three"], swarm.memory["three"] = "ready", 4 * GB
    swarm.broken_nodes = {"one", "three"}
    await spawner("ada", settings=PACKS, failure_limit=9, placement_timeout=10).start()
    assert swarm.node_by_service == {"nb-ada": "two"}
