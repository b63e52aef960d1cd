"""Asks a user's server whether its kernels are busy; the server may return anything."""

import asyncio
import json
import logging
import time
from datetime import timedelta
from http import HTTPStatus
from types import SimpleNamespace

import pytest
from aiohttp import web
from docker.errors import APIError
from jupyterhub.utils import utcnow

from swarmhub.spawning.activity import has_busy_kernel, record_activity

BUSY, IDLE = {"id": "1", "execution_state": "busy"}, {"id": "2", "execution_state": "idle"}


@pytest.fixture
async def server():
    """A server whose response is set by the test; `requests` has the requests that it received."""

    class Server:
        requests, response = (), None

    async def handle(request):
        Server.requests = (*Server.requests, request)
        return await Server.response(request) if callable(Server.response) else web.Response(text=Server.response)

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    Server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/user/alice/"
    yield Server
    await runner.cleanup()


@pytest.mark.parametrize(
    ("kernels", "expected"), [([], False), ([IDLE], False), ([IDLE, BUSY], True), ([{"execution_state": "dead"}], False)]
)
async def test_only_a_busy_kernel_counts_as_busy(server, kernels, expected):
    server.response = json.dumps(kernels)
    assert await has_busy_kernel(server.url, "token-of-alice") is expected
    (request,) = server.requests
    assert request.path_qs == "/user/alice/api/kernels?no_track_activity=1"
    assert request.headers["Authorization"] == "token token-of-alice"


@pytest.mark.parametrize("response", ["", "{", "{}", "null", '["busy"]', '"busy"', "[" * 100_000, json.dumps([BUSY] * 100_000)])
async def test_an_unexpected_response_counts_as_not_busy(server, response):
    server.response = response
    assert await has_busy_kernel(server.url, "x") is False


async def test_a_redirect_is_not_followed(server):
    async def redirect(_request):
        return web.Response(status=HTTPStatus.FOUND, headers={"Location": "/elsewhere"})

    server.response = redirect
    assert await has_busy_kernel(server.url, "x") is False
    assert len(server.requests) == 1


async def test_a_server_that_is_down_or_slow_counts_as_not_busy(server):
    assert await has_busy_kernel("http://127.0.0.1:1/user/alice/", "x") is False

    async def slow(_request):
        await asyncio.sleep(30)

    server.response = slow
    started = time.monotonic()
    assert await has_busy_kernel(server.url, "x", seconds=0.3) is False
    assert time.monotonic() - started < 10


class FakeSpawner:
    """The hub's data about a server."""

    def __init__(self, url, idle):
        now = utcnow(with_tz=False)
        self.orm_spawner = SimpleNamespace(last_activity=now - timedelta(seconds=idle))
        self.user = SimpleNamespace(last_activity=self.orm_spawner.last_activity)
        self.server = SimpleNamespace(url=url)
        self.api_token = ""
        self.db = SimpleNamespace(commit=lambda: None)
        self.log, self._log_name = logging.getLogger(), "alice"

    async def find_token(self):
        return "token-of-alice"

    @property
    def idle(self):
        return (utcnow(with_tz=False) - self.orm_spawner.last_activity).total_seconds()


@pytest.mark.parametrize(("kernels", "is_used"), [([BUSY], True), ([IDLE], False)])
async def test_an_unused_server_counts_as_active_while_a_kernel_is_busy(server, kernels, is_used):
    server.response = json.dumps(kernels)
    spawner = FakeSpawner(server.url, idle=1000)
    await record_activity(spawner, 900, spawner.find_token)
    assert (spawner.idle < 10) is is_used
    assert (spawner.user.last_activity == spawner.orm_spawner.last_activity) is True
    assert server.requests[0].headers["Authorization"] == "token token-of-alice"


async def test_a_server_stays_as_it_is_while_docker_does_not_tell_its_token(server):
    # A restarted hub stops a server whose state it cannot read (jupyterhub/app.py, check_spawner).
    async def fail():
        raise APIError("the swarm has no leader")

    spawner = FakeSpawner(server.url, idle=1000)
    await record_activity(spawner, 900, fail)
    assert server.requests == ()


async def test_a_server_that_is_in_use_gets_no_request(server):
    spawner = FakeSpawner(server.url, idle=800)
    await record_activity(spawner, 900, spawner.find_token)
    assert server.requests == ()
