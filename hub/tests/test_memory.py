"""The memory of a real hub and its services, with a hundred people who log in and start a server at once."""

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .support.fake_docker import FakeDocker
from .support.real_hub import FOLDER, PROXY, RunningHub, children_of
from .support.user_server import UserServer
from .support.wait import wait_in_thread_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]

PEOPLE = 100


def most_memory_of(process: int) -> int:
    """Returns the most memory that a process ever had, in bytes."""
    return int(re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)[1]) << 10


def test_a_hundred_logins_and_starts_leave_the_hub_far_below_the_limit_of_its_container(tmp_path, monkeypatch):
    source = (FOLDER.parent / "src/pieces/hub/service.ts").read_text()
    limit = int(re.search(r"^const memory = (\d+) \* 2 \*\* 20;$", source, re.MULTILINE)[1]) << 20
    swarm, servers = FakeDocker(["running"]), UserServer(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    hub = RunningHub(tmp_path / "class", swarm.url, *servers.options, storage=None, seats=PEOPLE)
    try:

        def come(number):
            browser = hub.browser()
            assert browser.log_in(f"user-{number}")[0] == 200
            # Not by the page: it leads to a server that is ready at once, which this browser, without the proxy, does not reach.
            assert browser.open(f"/hub/api/users/user-{number}/server", method="POST")[0] in (201, 202)

        with ThreadPoolExecutor(16) as threads:
            list(threads.map(come, range(PEOPLE)))
        wait_in_thread_for(lambda: sum(path.startswith("/user/") for path in hub.routes()) == PEOPLE, 120)
        parts = {"hub": hub.hub.pid} | {" ".join(words)[-60:]: child for child, words in children_of(hub.hub.pid).items()}
        most = {name: most_memory_of(process) for name, process in parts.items()}
        assert len(most) == 3, "the sweeper and the page of the room"
        # Each counts the libraries that they share, so the container has less.
        assert sum(most.values()) < limit, most
    finally:
        hub.close()
        servers.close()
        swarm.close()
