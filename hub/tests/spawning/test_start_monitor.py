import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.spawning.start_monitor import Patience, Watch

from .test_tasks import task

FULL = "no suitable node (insufficient resources on 3 nodes)"
NOWHERE = "no suitable node (1 node not available for new tasks)"


@pytest.fixture
def watch():
    return Watch("nb-alice", Patience(seat=25, answer=120, whole=290, failures=3), begin=1000)


def refused(watch, found, now):
    with pytest.raises(SpawnException) as raised:
        watch.judge(found, now)
    return raised.value.reason


def test_a_start_goes_on_while_each_step_takes_its_time(watch):
    for state, now in [("new", 1001), ("pending", 1020), ("preparing", 1200), ("starting", 1210), ("running", 1220)]:
        assert watch.judge([task(state=state)], now)["Status"]["State"] == state


def test_the_wait_for_a_machine_is_counted_from_when_it_began(watch):
    watch.judge([], 1001)
    watch.judge([task(state="pending", error=NOWHERE)], 1026)
    assert refused(watch, [task(state="pending", error=NOWHERE)], 1027) == "machines"


def test_the_wait_for_a_machine_begins_anew_when_a_machine_was_found_and_lost(watch):
    watch.judge([task(state="pending", error=NOWHERE)], 1001)
    watch.judge([task(state="preparing")], 1020)
    watch.judge([task(state="pending", error=NOWHERE)], 1030)
    watch.judge([task(state="pending", error=NOWHERE)], 1055)
    assert refused(watch, [task(state="pending", error=NOWHERE)], 1056) == "machines"


def test_a_start_begins_only_when_there_is_room(watch):
    for now in range(1001, 3000, 7):
        watch.judge([task(state="pending", error=FULL)], now)
    watch.judge([task(state="preparing")], 3200)


def test_no_task_at_all_is_a_network_without_addresses(watch):
    watch.judge([], 1001)
    assert refused(watch, [], 1027) == "addresses"


def test_a_silent_server_is_counted_from_when_it_ran(watch):
    watch.judge([task(state="preparing")], 1100)
    watch.judge([task()], 1110)
    watch.judge([task()], 1230)
    assert refused(watch, [task()], 1231) == "silent"


def test_the_whole_start_has_an_end(watch):
    watch.judge([task(state="preparing")], 1290)
    assert refused(watch, [task(state="preparing")], 1291) == "slow"


def test_failures_are_counted_once_each(watch):
    first = task("first", "failed", "shutdown", error="task: non-zero exit (1)")
    for now in range(1001, 1010):
        watch.judge([first, task("second", "ready", "ready")], now)
    second = task("second", "failed", "shutdown")
    third = task("third", "failed", "shutdown", created="2026-11-21T06:00:09Z", error="failed to mount local volume")
    watch.judge([second, task("third", "ready", "ready")], 1011)
    assert refused(watch, [third, task("fourth", "ready", "ready")], 1012) == "mount"


def test_a_service_that_is_gone_ends_the_start(watch):
    assert refused(watch, None, 1001) == "gone"


def test_a_task_that_swarm_takes_from_where_it_may_be_no_more_is_no_failure(watch):
    missing, moved = "No such image: swarmhub/x@sha256:1", "assigned node no longer meets constraints"
    failed = task(identity="a", state="rejected", desired="shutdown", error=missing) | {"NodeID": "lacks-it"}
    old = [task(identity=each, state="rejected", desired="shutdown", error=moved) | {"NodeID": "lacks-it"} for each in "bcd"]
    assert watch.judge([failed, *old, task(identity="e", state="preparing")], 1001)["ID"] == "e"
    assert list(watch.failed) == ["a"]
    twice = [task(identity=each, state="rejected", desired="shutdown", error=missing) for each in "fg"]
    assert refused(watch, [failed, *old, *twice], 1002) == "image"
