"""A real hub with a real proxy, whose users let their servers answer anything, or nothing."""

import contextlib
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from swarmhub.bounded_request import request_now
from swarmhub.services.operator_api import operator_token
from swarmhub.settings import Paths

from .support.fake_docker import FakeDocker
from .support.hostile_server import HONEST, HOSTILE, numbered, servers_of
from .support.real_hub import PROXY, RunningHub
from .support.wait import wait_in_thread_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]

HTTP_TIMEOUT = 8
USERS = numbered()


@pytest.fixture
def servers():
    with servers_of(dict.fromkeys([*USERS, "xc8"], HONEST)) as found:
        yield found


@pytest.fixture
def hub(tmp_path, servers):
    port = servers["xc8"].port
    options = [f"port={port}", f"http_timeout={HTTP_TIMEOUT}", "start_poll_interval=0.05"]
    settings = {"userServicePrefix": "127.0.0.0", "storage": None, "seats": 100}
    with contextlib.closing(FakeDocker(["running"])) as swarm:
        running = RunningHub(tmp_path, swarm.url, *(f"--SwarmHubSpawner.{option}" for option in options), **settings)
        running.swarm = swarm
        yield running
        running.close()


def test_no_answer_of_a_server_ends_or_delays_a_restarted_hub(hub, servers):
    operator = {"Authorization": f"token {operator_token(Paths(hub.root))}"}

    def start(user):
        hub.browser().log_in(user)
        url = f"http://127.0.0.1:{hub.hub_port}/hub/api/users/{user}/server"
        assert request_now(url, 30, method="POST", headers=operator).status < 300

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(start, servers))
    wait_in_thread_for(lambda: sum(path.startswith("/user/") for path in hub.routes()) == len(servers))
    hub.stop_hub()
    for user, title in USERS.items():
        servers[user].answer = HOSTILE[title]
    hub.start_hub()
    restarted = time.monotonic()
    slowest = 0.0
    while "Initialized" not in hub.log():
        before = time.monotonic()
        assert hub.browser().open("/hub/login")[0] == 200
        slowest = max(slowest, time.monotonic() - before)
        assert before - restarted < 2 * HTTP_TIMEOUT, hub.log()[-3000:]
        time.sleep(0.2)
    assert slowest < 5, f"the hub answered after {slowest:.1f} s"
    assert hub.hub.poll() is None
    assert "Traceback" not in hub.log()
    wait_in_thread_for(lambda: "/user/xc8" in hub.routes())
    assert "127.0.0.0xc8" in hub.swarm.services, "an honest server keeps running"
    silent = next(user for user, title in USERS.items() if title == "nothing")
    assert f"127.0.0.0{silent}" not in hub.swarm.services, "a server that does not answer is stopped, as JupyterHub does"
    oops = next(user for user, title in USERS.items() if title == "a version that is no version")
    assert f"127.0.0.0{oops}" in hub.swarm.services, "a server that works keeps running, whatever it calls itself"
