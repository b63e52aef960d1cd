"""What requests may cost the real hub; students' containers reach it without the edge."""

import contextlib
import shutil
import socket
import time
from pathlib import Path

import pytest

from swarmhub.web.request_limits import BODY_BYTES, BODY_SECONDS

from ..support.fake_docker import FakeDocker
from ..support.real_hub import PROXY, RunningHub

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]

HUGE = 90_000_000


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    docker = FakeDocker()
    running = RunningHub(tmp_path_factory.mktemp("hub"), docker.url, storage=None)
    yield running
    running.close()
    docker.close()


def post(hub, length, sent):
    """Begins a POST of `length` bytes and sends as many of them as the hub accepts, but at most `sent`."""
    connection = socket.create_connection(("127.0.0.1", hub.hub_port), timeout=5)
    connection.sendall(f"POST /hub/login HTTP/1.1\r\nHost: hub\r\nContent-Length: {length}\r\n\r\n".encode())
    with contextlib.suppress(OSError):  # unless the hub has closed the connection
        connection.sendall(b"x" * sent)
    return connection


def resident_megabytes(hub):
    line = next(line for line in Path(f"/proc/{hub.hub.pid}/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) // 1024


def test_a_hundred_unfinished_requests_of_any_length_cost_the_hub_little_memory(hub):
    before = resident_megabytes(hub)
    connections = [post(hub, HUGE, 2_000_000) for _ in range(100)] + [post(hub, BODY_BYTES, BODY_BYTES - 1) for _ in range(100)]
    assert hub.browser().open("/hub/health")[0] == 200
    assert resident_megabytes(hub) - before < 60
    for connection in connections:
        connection.close()


def test_a_body_that_arrives_too_slowly_ends(hub):
    started = time.monotonic()
    connection = post(hub, 1000, 1)
    connection.settimeout(BODY_SECONDS + 60)
    assert connection.recv(1000) == b"", "the hub closes the connection"
    assert time.monotonic() - started > BODY_SECONDS - 5
