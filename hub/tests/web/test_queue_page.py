"""The button with which an admin or a teacher of a real hub clears the queue."""

import shutil

import pytest

from ..support.fake_docker import FakeDocker
from ..support.real_hub import ADMIN_PASSWORD, PROXY, TEACHER_PASSWORD, RunningHub
from ..support.wait import wait_in_thread_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]


def test_an_admin_or_a_teacher_clears_the_queue_and_nobody_else_can(tmp_path):
    swarm = FakeDocker()
    swarm.seats = 0
    hub = RunningHub(tmp_path, swarm.url, storage=None, teachers=["grace"])
    try:
        ada, bob = hub.browser(), hub.browser()
        ada.log_in("ada", ADMIN_PASSWORD)
        bob.log_in("bob")
        assert "clear-queue" not in ada.open("/hub/admin")[1]
        bob.open("/hub/spawn/bob")
        wait_in_thread_for(lambda: "1 start waits for a seat." in ada.open("/hub/admin")[1])
        assert bob.open("/hub/queue/clear", {})[0] == 403
        assert hub.browser().open("/hub/queue/clear", {})[0] == 403
        assert "1 start waits" in ada.open("/hub/admin")[1]
        status, page = ada.open("/hub/queue/clear", {})
        assert (status, "clear-queue" in page) == (200, False)
        wait_in_thread_for(lambda: not swarm.services)
        wait_in_thread_for(lambda: "Your instructor has ended all starts that were waiting" in bob.open("/hub/spawn-pending/bob")[1])
        assert "ada cleared the queue of 1: geo-101-nb-bob" in hub.log()
        grace = hub.browser()
        grace.log_in("grace", TEACHER_PASSWORD)
        bob.open("/hub/spawn/bob")
        wait_in_thread_for(lambda: "1 start waits for a seat." in grace.open("/hub/admin")[1])
        assert grace.open("/hub/api/users/bob", method="DELETE")[0] == 403, "a teacher is no admin"
        status, page = grace.open("/hub/queue/clear", {})
        assert (status, "clear-queue" in page) == (200, False)
        wait_in_thread_for(lambda: not swarm.services)
        assert "grace cleared the queue of 1: geo-101-nb-bob" in hub.log()
    finally:
        hub.close()
        swarm.close()
