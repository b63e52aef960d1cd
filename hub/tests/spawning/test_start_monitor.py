import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.spawning.start_monitor import StartMonitor, Timeouts

from .test_tasks import task

FULL = "no suitable node (insufficient resources on 3 nodes)"
NOWHERE = "no suitable node (1 node not available for new tasks)"


@pytest.fixture
def monitor():
    return StartMonitor("geo-101-nb-alice", Timeouts(placement=25, response=120, total=290, max_failures=3), started=1000)


def refused(monitor, found, now):
    with pytest.raises(SpawnException) as raised:
        monitor.check(found, now)
    return raised.value.reason


def test_a_start_continues_while_its_states_advance(monitor):
    for state, now in [("new", 1001), ("pending", 1020), ("preparing", 1200), ("starting", 1210), ("running", 1220)]:
        assert monitor.check([task(state=state)], now)["Status"]["State"] == state


def test_the_wait_for_a_node_is_measured_from_its_beginning(monitor):
    monitor.check([], 1001)
    monitor.check([task(state="pending", error=NOWHERE)], 1026)
    assert refused(monitor, [task(state="pending", error=NOWHERE)], 1027) == "machines"


def test_the_wait_for_a_node_starts_again_after_a_node_was_found_and_lost(monitor):
    monitor.check([task(state="pending", error=NOWHERE)], 1001)
    monitor.check([task(state="preparing")], 1020)
    monitor.check([task(state="pending", error=NOWHERE)], 1030)
    monitor.check([task(state="pending", error=NOWHERE)], 1055)
    assert refused(monitor, [task(state="pending", error=NOWHERE)], 1056) == "machines"


def test_the_time_of_a_start_begins_only_when_there_is_room(monitor):
    for now in range(1001, 3000, 7):
        monitor.check([task(state="pending", error=FULL)], now)
    monitor.check([task(state="preparing")], 3200)


def test_a_service_without_a_task_means_a_network_without_addresses(monitor):
    monitor.check([], 1001)
    assert refused(monitor, [], 1027) == "addresses"


def test_the_wait_for_a_response_is_measured_from_when_the_server_runs(monitor):
    monitor.check([task(state="preparing")], 1100)
    monitor.check([task()], 1110)
    monitor.check([task()], 1230)
    assert refused(monitor, [task()], 1231) == "silent"


def test_the_whole_start_has_a_timeout(monitor):
    monitor.check([task(state="preparing")], 1290)
    assert refused(monitor, [task(state="preparing")], 1291) == "slow"


def test_each_failure_is_counted_once(monitor):
    first = task("first", "failed", "shutdown", error="task: non-zero exit (1)")
    for now in range(1001, 1010):
        monitor.check([first, task("second", "ready", "ready")], now)
    second = task("second", "failed", "shutdown")
    third = task("third", "failed", "shutdown", created="2026-11-21T06:00:09Z", error="failed to mount local volume")
    monitor.check([second, task("third", "ready", "ready")], 1011)
    assert refused(monitor, [third, task("fourth", "ready", "ready")], 1012) == "mount"


def test_a_missing_service_ends_the_start(monitor):
    assert refused(monitor, None, 1001) == "gone"


def test_a_task_that_swarm_removes_because_of_changed_constraints_is_no_failure(monitor):
    missing, moved = "No such image: swarmhub/x@sha256:1", "assigned node no longer meets constraints"
    failed = task(identity="a", state="rejected", desired="shutdown", error=missing) | {"NodeID": "lacks-it"}
    old = [task(identity=each, state="rejected", desired="shutdown", error=moved) | {"NodeID": "lacks-it"} for each in "bcd"]
    assert monitor.check([failed, *old, task(identity="e", state="preparing")], 1001)["ID"] == "e"
    assert list(monitor.failed) == ["a"]
    twice = [task(identity=each, state="rejected", desired="shutdown", error=missing) for each in "fg"]
    assert refused(monitor, [failed, *old, *twice], 1002) == "image"
