"""Which nodes are fenced, and when they are readmitted."""

import contextlib
import threading

import pytest
from docker.errors import APIError

from swarmhub.labels import FENCED
from swarmhub.services import node_fencing
from swarmhub.services.node_fencing import NodeFencing

from ..support.wait import wait_in_thread_for


class Ended(BaseException):
    """Ends the endless loop of the fencing."""


class Swarm:
    """The methods of docker-py's client that the fencing uses."""

    def __init__(self):
        self.members = [node("manager", "10.0.0.1", ManagerStatus={"Leader": True}), node("one", "10.0.0.2"), node("two", "10.0.0.3")]
        self.tasks_by_node = {}
        self.broken = False
        self.ended = False

    def nodes(self):
        if self.ended:
            raise Ended
        if self.broken:
            raise APIError("the swarm has no leader")
        return self.members

    def tasks(self, filters):
        assert filters["label"] == "swarmhub.user"
        return self.tasks_by_node.get(filters["node"], [])

    def update_node(self, identity, version, spec):
        changed = self.of(identity)
        assert version == changed["Version"]["Index"]
        changed["Spec"] = spec
        changed["Version"]["Index"] += 1

    def of(self, identity):
        return next(each for each in self.members if each["ID"] == identity)

    def becomes(self, identity, state):
        self.of(identity)["Status"]["State"] = state


def node(name, address, state="ready", **more):
    return {
        "ID": name,
        "Version": {"Index": 7},
        "Spec": {"Availability": "active", "Role": "worker", "Labels": {"swarmhub.users": "true"}},
        "Status": {"State": state, "Addr": address},
        "Description": {"Hostname": name},
    } | more


def task(desired, state):
    return {"DesiredState": desired, "Status": {"State": state}}


@pytest.fixture
def swarm():
    return Swarm()


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def fencing(swarm, folder):
    return NodeFencing(swarm, folder)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_nothing_changes_while_all_nodes_are_ready(swarm, folder, fencing):
    fencing.reconcile()
    assert names(folder) == []
    assert [each["Version"]["Index"] for each in swarm.members] == [7, 7, 7]


def test_a_node_that_is_down_is_fenced_and_gets_no_new_servers(swarm, folder, fencing):
    swarm.becomes("one", "down")
    for _ in range(3):
        fencing.reconcile()
    assert names(folder) == ["10.0.0.2"]
    spec = swarm.of("one")["Spec"]
    assert spec == {"Availability": "pause", "Role": "worker", "Labels": {"swarmhub.users": "true", FENCED: "open"}}
    assert swarm.of("one")["Version"]["Index"] == 8, "it was updated only once"


def test_a_node_is_readmitted_when_its_old_servers_have_ended_and_then_accepts_new_ones(swarm, folder, fencing):
    swarm.becomes("one", "down")
    fencing.reconcile()
    swarm.becomes("one", "ready")
    swarm.tasks_by_node["one"] = [task("shutdown", "running"), task("shutdown", "failed")]
    fencing.reconcile()
    assert names(folder) == ["10.0.0.2"]
    swarm.tasks_by_node["one"] = [task("shutdown", "shutdown"), task("running", "running")]
    fencing.reconcile()
    assert names(folder) == []
    assert swarm.of("one")["Spec"]["Availability"] == "pause", "the storage has not seen the change yet"
    fencing.reconcile()
    assert swarm.of("one")["Spec"] == {"Availability": "active", "Role": "worker", "Labels": {"swarmhub.users": "true"}}
    fencing.reconcile()
    assert swarm.of("one")["Version"]["Index"] == 9


def test_a_node_that_was_paused_before_stays_paused(swarm, folder, fencing):
    swarm.of("one")["Spec"]["Availability"] = "pause"
    swarm.becomes("one", "down")
    fencing.reconcile()
    assert names(folder) == ["10.0.0.2"]
    swarm.becomes("one", "ready")
    for _ in range(3):
        fencing.reconcile()
    assert names(folder) == []
    assert swarm.of("one")["Spec"] == {"Availability": "pause", "Role": "worker", "Labels": {"swarmhub.users": "true"}}


def test_a_node_that_was_drained_meanwhile_stays_drained(swarm, folder, fencing):
    swarm.becomes("one", "down")
    fencing.reconcile()
    swarm.of("one")["Spec"]["Availability"] = "drain"
    swarm.becomes("one", "ready")
    for _ in range(3):
        fencing.reconcile()
    assert swarm.of("one")["Spec"]["Availability"] == "drain"
    assert names(folder) == []


def test_the_old_entry_of_a_node_that_joined_again_fences_no_address(swarm, folder, fencing):
    swarm.members.append(node("twin", "10.0.0.2", state="down"))
    fencing.reconcile()
    assert names(folder) == []


def test_the_address_of_a_removed_node_stays_fenced_because_its_export_may_still_be_there(swarm, folder, fencing):
    swarm.becomes("one", "down")
    fencing.reconcile()
    swarm.members.remove(swarm.of("one"))
    fencing.reconcile()
    assert names(folder) == ["10.0.0.2"]


def test_a_new_node_with_the_address_of_a_removed_one_is_admitted(swarm, folder, fencing):
    (folder / "10.0.0.2").touch()
    fencing.reconcile()
    assert names(folder) == []


def test_an_interrupted_pass_continues_in_the_next_one(swarm, folder):
    swarm.becomes("one", "down")
    (folder / "10.0.0.2").touch()
    NodeFencing(swarm, folder).reconcile()
    assert swarm.of("one")["Spec"]["Availability"] == "pause"
    (folder / "10.0.0.2").unlink()
    NodeFencing(swarm, folder).reconcile()
    assert names(folder) == ["10.0.0.2"]
    swarm.becomes("one", "ready")
    NodeFencing(swarm, folder).reconcile()
    NodeFencing(swarm, folder).reconcile()
    assert names(folder) == []
    assert swarm.of("one")["Spec"]["Availability"] == "active"


def test_the_manager_and_invalid_addresses_are_never_fenced(swarm, folder, fencing):
    swarm.becomes("manager", "down")
    swarm.members += [node("evil", "../../etc/passwd", state="down"), node("mute", "", state="down")]
    del swarm.of("mute")["Status"]["Addr"]
    fencing.reconcile()
    assert names(folder) == []


@pytest.fixture
def loop(swarm, folder):
    """The loop of the fencing, in a thread."""

    def run():
        with contextlib.suppress(Ended):
            node_fencing.run_forever(swarm, folder, 0.01)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    swarm.ended = True
    thread.join()


@pytest.mark.usefixtures("loop")
def test_the_loop_continues_after_docker_did_not_respond(swarm, folder, caplog):
    caplog.set_level("WARNING")
    swarm.broken = True
    wait_in_thread_for(lambda: "the pass failed and will be repeated: the swarm has no leader" in caplog.text)
    swarm.becomes("two", "down")
    swarm.broken = False
    wait_in_thread_for(lambda: names(folder) == ["10.0.0.3"])
    assert caplog.text.count("will be repeated") == 1
