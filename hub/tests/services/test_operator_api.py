"""The operator's requests to a real JupyterHub with a real proxy; Docker and the users' servers are fakes."""

import contextlib
import json
import shutil
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import docker
import pytest

from swarmhub.services.operator_api import Hub, list_servers, operator_token, start, stop
from swarmhub.settings import Paths

from ..support.fake_docker import FakeDocker
from ..support.real_hub import PROXY, RunningHub
from ..support.wait import wait_in_thread_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]


class FakeUserServers(BaseHTTPRequestHandler):
    """Fakes the users' servers: each has one kernel, which is busy only for bob. Carl's server redirects."""

    def do_GET(self):
        self.server.tokens.append(self.headers["Authorization"].removeprefix("token "))
        if "/carl" in self.path:
            self.send_response(302)
            self.send_header("Location", "/user/bob/api/kernels")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        state = "busy" if "/bob" in self.path else "idle"
        body = json.dumps([{"execution_state": state}]).encode() if "/api/kernels?" in self.path else b"[]"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    quick = ["--SwarmHubSpawner.placement_timeout=2", "--SwarmHubSpawner.http_timeout=5", "--SwarmHubSpawner.start_poll_interval=0.1"]
    with contextlib.closing(FakeDocker()) as swarm:
        running = RunningHub(tmp_path_factory.mktemp("operate"), swarm.url, *quick, storage=None)
        running.swarm = swarm
        yield running
        running.close()


@pytest.fixture
def operator(hub):
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeUserServers)
    server.tokens = []
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    token = operator_token(Paths(hub.root))
    client = docker.APIClient(base_url=hub.swarm.url, version="1.41")
    api, users = f"http://127.0.0.1:{hub.hub_port}/hub/api", f"http://127.0.0.1:{server.server_port}"
    operator = Hub(api, token, client, "geo-101-nb-", server=users, deadline=15)
    yield operator
    client.close()
    server.shutdown()
    server.server_close()
    assert token not in server.tokens, "a user can read every request to their own server"


def request_server(hub, user):
    """Requests a server without following its progress."""
    browser = hub.browser()
    browser.log_in(user)
    browser.open(f"/hub/spawn/{user}")


def test_servers_are_listed_with_their_users_and_whether_a_kernel_is_busy(hub, operator):
    hub.swarm.script = ["new", "pending"]
    for user in ("alice", "bob", "carl"):
        request_server(hub, user)
    wait_in_thread_for(lambda: len(hub.swarm.services) == 3)
    servers = {each["home"]: each for each in list_servers(operator, {"alice", "bob", "carl", "nobody"})}
    assert sorted(servers) == ["alice", "bob", "carl"]
    assert [servers[home]["busy"] for home in ("alice", "bob", "carl")] == [False, True, None]
    assert servers["alice"]["user"] == "alice"
    assert not servers["alice"]["ready"]
    assert 0 <= servers["alice"]["idle"] < 60


def test_a_server_is_stopped_and_its_service_is_removed(hub, operator):
    hub.swarm.script = ["new", "pending"]
    request_server(hub, "dora")
    assert "geo-101-nb-dora" in hub.swarm.services
    assert stop(operator, "dora") == {"ok": True}
    assert "geo-101-nb-dora" not in hub.swarm.services
    assert stop(operator, "dora") == {"ok": True}, "a second stop succeeds too"


def test_a_failed_start_is_reported_with_a_reason(hub, operator):
    hub.swarm.script = ["failed|shutdown|no such image"] * 5
    request_server(hub, "emil")
    result = start(operator, "emil")
    assert not result["ok"]
    assert "instructor" in result["why"], "the sentence that the user reads"


def test_an_unknown_user_is_no_error_for_stop_but_an_error_for_start(operator):
    assert stop(operator, "../nobody") == {"ok": True}
    assert not start(operator, "../nobody")["ok"]


def test_a_wrong_token_is_an_error(operator):
    with pytest.raises(OSError, match="the hub responded with status 403"):
        list_servers(replace(operator, token="wrong"), {"alice"})


def test_the_token_is_created_once_and_only_root_can_read_it(tmp_path):
    (tmp_path / "data").mkdir()
    token = operator_token(Paths(tmp_path))
    assert len(token) == 64
    assert operator_token(Paths(tmp_path)) == token
    assert (tmp_path / "data/operator-token").stat().st_mode & 0o777 == 0o600
