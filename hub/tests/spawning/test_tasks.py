import pytest

from swarmhub.spawning import tasks


def task(identity="t1", state="running", desired="running", created="2026-11-21T06:00:00.5Z", error="", index=1):
    return {
        "ID": identity,
        "CreatedAt": created,
        "Version": {"Index": index},
        "DesiredState": desired,
        "Status": {"State": state, "Err": error, "Message": "started"},
    }


def test_the_task_that_swarm_wants_to_run_counts_in_any_order_of_the_list():
    old, new = task("old", "failed", "shutdown"), task("new", "ready", "ready", created="2026-11-21T06:00:01Z")
    assert tasks.newest([old, new])["ID"] == tasks.newest([new, old])["ID"] == "new"


def test_if_all_tasks_have_ended_the_newest_one_counts():
    first = task("first", "failed", "shutdown", created="2026-11-21T06:00:00.12Z")
    second = task("second", "complete", "shutdown", created="2026-11-21T06:00:00.1200000001Z", index=2)
    third = task("third", "complete", "shutdown", created="2026-11-21T06:00:00.2Z")
    assert tasks.newest([third, first, second])["ID"] == "third"
    assert tasks.newest([first, second])["ID"] == "second"
    assert tasks.newest([]) is None


@pytest.mark.parametrize("state", ["new", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running"])
def test_a_task_that_starts_or_runs_is_alive(state):
    assert tasks.is_alive(task(state=state))


def test_a_failed_task_is_alive_until_swarm_has_decided_about_a_restart():
    assert tasks.is_alive(task(state="failed"))
    assert not tasks.is_alive(task(state="failed", desired="shutdown"))


def test_a_server_shut_down_by_its_user_is_not_alive():
    assert not tasks.is_alive(task(state="complete", desired="shutdown"))


def test_the_task_of_a_removed_service_is_not_alive():
    assert not tasks.is_alive(task(state="running", desired="remove"))


def test_only_a_task_without_a_node_or_an_address_waits_for_a_seat():
    assert tasks.waits_for_seat(task(state="new"))
    assert tasks.waits_for_seat(task(state="pending", error="no suitable node (insufficient resources on 3 nodes)"))
    assert not tasks.waits_for_seat(task(state="pending"))
    assert not tasks.waits_for_seat(task(state="preparing"))


def test_every_state_has_a_message_and_progress_never_decreases():
    order = ["new", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running"]
    stages = [tasks.stage(task(state=state)) for state in order]
    assert stages == sorted(stages, key=lambda stage: stage[0])
    assert all(message for _, message in stages)
    assert tasks.stage(task(state="rejected"))[1] == "Trying again"
    assert tasks.stage(None) == tasks.stage(task(state="new"))


def test_timestamps_of_go_are_read_with_any_number_of_digits():
    assert tasks.created(task(created="2026-11-21T06:00:00Z")) < tasks.created(task(created="2026-11-21T06:00:00.000001999Z"))
