"""Servers with GPUs: what they reserve, where they fit, and a class that has none."""

from dataclasses import replace

import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.server_settings import ServerSettings
from swarmhub.spawning import gpus
from swarmhub.spawning.placement import fullest_node, refuse_if_too_large
from swarmhub.spawning.seat_queue import QueueEntry, SeatQueue
from swarmhub.spawning.service_spec import build_service_spec

from ..support.examples import SETTINGS

GB = 1 << 30
WITH_GPU = replace(SETTINGS, memory=GB, guarantee=None, servers=ServerSettings(gpus=1))


def node(name, *resources):
    described = {"MemoryBytes": 8 * GB, "GenericResources": list(resources)} if resources else {"MemoryBytes": 8 * GB}
    return {
        "ID": name,
        "Spec": {"Labels": {"swarmhub.users": "true"}, "Availability": "active"},
        "Status": {"State": "ready"},
        "Description": {"Hostname": name, "Resources": described},
    }


def named(identifier):
    return {"NamedResourceSpec": {"Kind": "NVIDIA-GPU", "Value": identifier}}


def discrete(count, kind="NVIDIA-GPU"):
    return {"DiscreteResourceSpec": {"Kind": kind, "Value": count}}


def task(name):
    reserved = {"MemoryBytes": GB, "GenericResources": [discrete(1)]}
    return {"NodeID": name, "ServiceID": "s", "Spec": {"Resources": {"Reservations": reserved}}}


def fake_docker(nodes, tasks=()):
    async def docker(method, *_arguments, **_filters):
        return {"nodes": list(nodes), "tasks": list(tasks), "services": []}[method]

    return docker


def test_a_server_reserves_its_gpus_and_one_without_reserves_none():
    reserved = build_service_spec(WITH_GPU, "alice", {}, [])["task_template"]["Resources"]["Reservations"]
    assert reserved == {"MemoryBytes": GB, "GenericResources": [discrete(1)]}
    assert "GenericResources" not in build_service_spec(SETTINGS, "alice", {}, [])["task_template"]["Resources"]["Reservations"]


def test_gpus_of_a_node_are_counted_by_their_names_or_their_number():
    assert gpus.offered_by(node("a")) == 0
    assert gpus.offered_by(node("a", named("GPU-1"), named("GPU-2"), discrete(4, "FPGA"))) == 2
    assert gpus.offered_by(node("a", discrete(4))) == 4


async def test_a_full_node_is_one_whose_gpus_are_taken():
    nodes = [node("a", named("GPU-1"), named("GPU-2")), node("b", named("GPU-3")), node("c")]
    assert await fullest_node(fake_docker(nodes, [task("b")]), WITH_GPU, GB) == "a"
    assert await fullest_node(fake_docker(nodes, [task("a"), task("b")]), WITH_GPU, GB) == "a"
    assert await fullest_node(fake_docker(nodes, [task("a"), task("a"), task("b")]), WITH_GPU, GB) is None


async def test_a_start_does_not_wait_for_a_gpu_that_no_machine_has():
    entry = QueueEntry(SeatQueue(), "nb-alice", 60, 10, GB)
    with pytest.raises(SpawnException, match="No machine of this class has enough GPUs"):
        await refuse_if_too_large(fake_docker([node("a"), node("b")]), WITH_GPU, entry)
    await refuse_if_too_large(fake_docker([node("a"), node("b", named("GPU-1"))]), WITH_GPU, entry)
    await refuse_if_too_large(fake_docker([node("a")]), SETTINGS, entry)
