"""Filling one node before the next, and starting on another node after a failure."""

from dataclasses import replace

import pytest
from jupyterhub.spawner import SpawnException

from swarmhub import refusal
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
    assert swarm.node_by_service == {"geo-101-nb-ada": "one", "geo-101-nb-bob": "one", "geo-101-nb-carol": "two"}
    assert all(constraints(swarm, name) == list(PACKS.placement) for name in swarm.services)


async def test_a_start_that_fails_on_one_node_continues_on_another(swarm):
    two_nodes(swarm)
    swarm.broken_nodes = {"one"}
    await spawner("ada", settings=PACKS).start()
    assert swarm.node_by_service == {"geo-101-nb-ada": "two"}
    assert swarm.created == ["geo-101-nb-ada"]


async def test_if_no_node_has_room_swarm_reports_it_and_the_start_is_queued(swarm):
    two_nodes(swarm, one=0, two=0)
    await spawner("ada", settings=PACKS).start()
    assert swarm.updated == []


async def test_with_spread_the_hub_does_not_choose_a_node(swarm):
    two_nodes(swarm)
    await spawner("ada").start()
    assert swarm.updated == []
    assert constraints(swarm, "geo-101-nb-ada") == list(SETTINGS.placement)


async def test_with_spread_a_start_that_fails_on_one_node_continues_on_another(swarm):
    two_nodes(swarm)
    swarm.node_by_service["geo-101-nb-ada"] = "one"
    swarm.broken_nodes = {"one"}
    await spawner("ada").start()
    assert swarm.node_by_service == {"geo-101-nb-ada": "two"}
    assert swarm.created == ["geo-101-nb-ada"]
    assert constraints(swarm, "geo-101-nb-ada") == list(SETTINGS.placement), "a running server has no constraints of its own"


async def test_if_no_other_node_has_room_the_constraints_stay_unchanged(swarm):
    two_nodes(swarm, two=0)
    swarm.node_by_service["geo-101-nb-ada"] = "one"
    swarm.broken_nodes = {"one"}
    with pytest.raises(SpawnException):
        await spawner("ada", placement_timeout=0.2).start()
    assert swarm.updated == []


async def test_with_pack_a_start_can_continue_on_a_third_node(swarm):
    two_nodes(swarm)
    swarm.nodes["three"], swarm.memory["three"] = "ready", 4 * GB
    swarm.broken_nodes = {"one", "three"}
    await spawner("ada", settings=PACKS, failure_limit=9).start()
    assert swarm.node_by_service == {"geo-101-nb-ada": "two"}


def limits(swarm, name):
    """The CPU limit in cores, and the number of threads of numerical libraries."""
    template = swarm.services[name]["TaskTemplate"]
    cores = template["Resources"]["Limits"].get("NanoCPUs", 0) / 1e9
    threads = [line.partition("=")[2] for line in template["ContainerSpec"]["Env"] if line.startswith("OMP_NUM_THREADS=")]
    return cores, int(threads[0]) if threads else None


@pytest.mark.parametrize("strategy", ["spread", "pack"])
@pytest.mark.parametrize(("cpu", "expected"), [(2, (1, 1)), (1.5, (1, 1)), (0.5, (0.5, 1)), (None, (0, None))])
async def test_no_server_gets_more_cores_than_the_smallest_machine_has(swarm, strategy, cpu, expected):
    two_nodes(swarm)
    swarm.cores_of = {"two": 1}
    swarm.node_by_service["geo-101-nb-ada"] = "two"
    await spawner("ada", settings=replace(PACKS, strategy=strategy, cpu=cpu), failure_limit=1).start()
    assert limits(swarm, "geo-101-nb-ada") == expected


async def test_a_machine_that_is_down_or_takes_no_users_now_counts_too_because_swarm_may_restart_servers_on_it(swarm):
    two_nodes(swarm)
    swarm.nodes["two"], swarm.cores_of = "down", {"two": 3}
    await spawner("ada", settings=replace(PACKS, cpu=4)).start()
    assert limits(swarm, "geo-101-nb-ada") == (3, 3)


async def test_the_variables_of_jupyterhub_have_the_cores_that_the_server_gets(swarm):
    two_nodes(swarm)
    swarm.cores_of = {"one": 2}
    ada = spawner("ada", settings=replace(PACKS, cpu=4))
    await ada.start()
    assert ada.cpu_limit == 2


async def test_if_docker_refuses_the_number_of_cores_the_user_reads_that(swarm):
    two_nodes(swarm)
    ada = spawner("ada", settings=replace(PACKS, cpu=2), failure_limit=1)
    del swarm.nodes["two"]
    create = swarm._create

    def create_on_fewer_cores(query, body):
        swarm.cores = 1  # another machine takes the place while the service is created
        return create(query, body)

    swarm._create = create_on_fewer_cores
    with pytest.raises(SpawnException) as raised:
        await ada.start()
    assert raised.value.message == refusal.TOO_MANY_CORES.sentence
