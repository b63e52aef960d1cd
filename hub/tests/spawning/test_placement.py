"""Filling one machine before the next, and starting elsewhere than where a start failed."""

from dataclasses import replace

import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.spawning.placement import fullest_node

from ..conftest import spawner
from ..support.examples import SETTINGS

GB = 1 << 30
PACKS = replace(SETTINGS, packs=True, memory=GB, guarantee=None)


def two_machines(swarm, **memory):
    swarm.nodes = {"one": "ready", "two": "ready"}
    swarm.memory = {"one": 4 * GB, "two": 4 * GB} | memory


def constraints(swarm, name):
    return swarm.services[name]["TaskTemplate"]["Placement"]["Constraints"]


def asker(nodes, tasks=(), services=()):
    """Docker as a function of a method's name; nodes by their name: memory, and changes."""

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
    return await fullest_node(asker(*arguments), PACKS, GB, without)


async def test_the_machine_with_most_given_away_that_still_has_room_is_chosen():
    nodes = [("a", 4 * GB), ("b", 4 * GB)]
    assert await chosen(nodes) == "a"
    assert await chosen(nodes, [task("b", GB)]) == "b"
    assert await chosen(nodes, [task("b", 3 * GB)]) == "b"
    assert await chosen(nodes, [task("b", 3 * GB + 1)]) == "a"
    assert await chosen(nodes, [task("a", 4 * GB), task("b", 4 * GB)]) is None
    assert await chosen(nodes, [task("b", GB)], without={"b"}) == "a"


async def test_a_server_that_is_to_start_somewhere_counts_there_once():
    nodes = [("a", GB), ("b", GB)]
    placement = {"Constraints": ["node.id==a"]}
    service = {"ID": "s", "Spec": {"TaskTemplate": reserving(GB, Placement=placement)}}
    assert await chosen(nodes, [], [service]) == "b"
    assert await chosen([("a", 2 * GB), ("b", GB)], [task("a", GB)], [service]) == "a"


async def test_machines_that_take_no_users_are_none():
    for change in (("down",), ("ready", "drain"), ("ready", "active", "false")):
        assert await chosen([("a", 4 * GB, *change), ("b", 4 * GB)]) == "b"


async def test_servers_fill_one_machine_and_are_let_go_once_they_run(swarm):
    two_machines(swarm, one=2 * GB)
    for name in ("ada", "bob", "carol"):
        await spawner(name, settings=PACKS).start()
    assert swarm.node_by_service == {"nb-ada": "one", "nb-bob": "one", "nb-carol": "two"}
    assert all(constraints(swarm, name) == list(PACKS.placement) for name in swarm.services)


async def test_a_start_that_fails_on_its_machine_is_made_on_another(swarm):
    two_machines(swarm)
    swarm.broken_nodes = {"one"}
    await spawner("ada", settings=PACKS).start()
    assert swarm.node_by_service == {"nb-ada": "two"}
    assert swarm.created == ["nb-ada"]


async def test_where_no_machine_has_room_swarm_says_so_and_the_line_begins(swarm):
    two_machines(swarm, one=0, two=0)
    await spawner("ada", settings=PACKS).start()
    assert swarm.updated == []


async def test_a_class_that_spreads_names_no_machine(swarm):
    two_machines(swarm)
    await spawner("ada").start()
    assert swarm.updated == []
    assert "GET /nodes" not in swarm.requests


async def test_a_class_that_spreads_starts_elsewhere_than_where_a_start_failed(swarm):
    two_machines(swarm)
    swarm.node_by_service["nb-ada"] = "one"
    swarm.broken_nodes = {"one"}
    await spawner("ada").start()
    assert swarm.node_by_service == {"nb-ada": "two"}
    assert swarm.created == ["nb-ada"]
    assert constraints(swarm, "nb-ada") == list(SETTINGS.placement), "once it runs it may be anywhere"


async def test_where_no_other_machine_has_room_it_stays_where_swarm_puts_it(swarm):
    two_machines(swarm, two=0)
    swarm.node_by_service["nb-ada"] = "one"
    swarm.broken_nodes = {"one"}
    with pytest.raises(SpawnException):
        await spawner("ada").start()
    assert swarm.updated == []


async def test_a_server_that_packs_goes_on_to_a_third_machine(swarm):
    two_machines(swarm)
    swarm.nodes["three"], swarm.memory["three"] = "ready", 4 * GB
    swarm.broken_nodes = {"one", "three"}
    await spawner("ada", settings=PACKS, failure_limit=9, placement_timeout=10).start()
    assert swarm.node_by_service == {"nb-ada": "two"}
