"""Asking a user's server whether its kernels work; the server may answer anything."""

import asyncio
import json
import time
from datetime import timedelta
from http import HTTPStatus
from types import SimpleNamespace

import pytest
from aiohttp import web
from jupyterhub.utils import utcnow

from swarmhub.spawning.activity import has_busy_kernel, record_activity

BUSY, IDLE = {"id": "1", "execution_state": "busy"}, {"id": "2", "execution_state": "idle"}


@pytest.fixture
async def server():
    """What answers is set by the test; what was asked stands in `asked`."""

    class Server:
        asked, answer = (), None

    async def handle(request):
        Server.asked = (*Server.asked, request)
        return await Server.answer(request) if callable(Server.answer) else web.Response(text=Server.answer)

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    Server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/user/alice/"
    yield Server
    await runner.cleanup()


@pytest.mark.parametrize(("kernels", "work"), [([], False), ([IDLE], False), ([IDLE, BUSY], True), ([{"execution_state": "dead"}], False)])
async def test_a_busy_kernel_is_at_work(server, kernels, work):
    server.answer = json.dumps(kernels)
    assert await has_busy_kernel(server.url, "token-of-alice") is work
    (asked,) = server.asked
    assert asked.path_qs == "/user/alice/api/kernels?no_track_activity=1"
    assert asked.headers["Authorization"] == "token token-of-alice"


@pytest.mark.parametrize("answer", ["", "{", "{}", "null", '["busy"]', '"busy"', "[" * 100_000, json.dumps([BUSY] * 100_000)])
async def test_what_no_jupyter_would_answer_is_no_work(server, answer):
    server.answer = answer
    assert await has_busy_kernel(server.url, "x") is False


async def test_a_redirect_is_not_followed(server):
    async def away(_request):
        return web.Response(status=HTTPStatus.FOUND, headers={"Location": "/elsewhere"})

    server.answer = away
    assert await has_busy_kernel(server.url, "x") is False
    assert len(server.asked) == 1


async def test_a_server_that_is_away_or_answers_slowly_is_no_work(server):
    assert await has_busy_kernel("http://127.0.0.1:1/user/alice/", "x") is False

    async def slow(_request):
        await asyncio.sleep(30)

    server.answer = slow
    started = time.monotonic()
    assert await has_busy_kernel(server.url, "x", seconds=0.3) is False
    assert time.monotonic() - started < 10


class Known:
    """What the hub keeps of a server."""

    def __init__(self, url, idle):
        now = utcnow(with_tz=False)
        self.orm_spawner = SimpleNamespace(last_activity=now - timedelta(seconds=idle))
        self.user = SimpleNamespace(last_activity=self.orm_spawner.last_activity)
        self.server = SimpleNamespace(url=url)
        self.api_token = ""
        self.db = SimpleNamespace(commit=lambda: None)

    async def find_token(self):
        return "token-of-alice"

    @property
    def idle(self):
        return (utcnow(with_tz=False) - self.orm_spawner.last_activity).total_seconds()


@pytest.mark.parametrize(("kernels", "is_used"), [([BUSY], True), ([IDLE], False)])
async def test_a_server_that_nobody_looks_at_is_used_while_its_kernels_work(server, kernels, is_used):
    server.answer = json.dumps(kernels)
    known = Known(server.url, idle=1000)
    await record_activity(known, 900, known.find_token)
    assert (known.idle < 10) is is_used
    assert (known.user.last_activity == known.orm_spawner.last_activity) is True
    assert server.asked[0].headers["Authorization"] == "token token-of-alice"


async def test_a_server_that_is_used_is_not_asked(server):
    known = Known(server.url, idle=800)
    await record_activity(known, 900, known.find_token)
    assert server.asked == ()
