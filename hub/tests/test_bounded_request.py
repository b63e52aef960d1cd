"""Requests to servers on loopback that answer anything, or nothing."""

import asyncio
import contextlib
import time

import pytest

from swarmhub.bounded_request import request, request_now

from .support.hostile_server import HONEST, HOSTILE, HostileServer, once, response


@pytest.fixture
def server():
    with contextlib.closing(HostileServer(HONEST)) as running:
        yield running


async def test_a_response_has_a_status_headers_and_json(server):
    found = await request(f"{server.url}api?a=b", 5, headers={"Authorization": "token t"})
    assert (found.status, found.headers["x-jupyterhub-version"], found.json()) == (200, "6.1.1", [])
    (sent,) = server.requests
    assert sent.startswith(b"GET /user/x/api?a=b HTTP/1.1\r\n")
    assert b"\r\nAuthorization: token t\r\n" in sent


def test_a_program_without_an_event_loop_gets_the_same(server):
    assert request_now(server.url, 5, method="POST").json() == []
    assert server.requests[0].startswith(b"POST /user/x/ HTTP/1.1\r\n")


async def test_a_chunked_response_is_read(server):
    server.answer = once(response("Transfer-Encoding: chunked", body=b"3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"))
    assert (await request(server.url, 5)).json() == [1, 2]


async def test_only_the_headers_are_read_if_a_server_keeps_the_connection(server):
    server.answer = lambda: iter([response("Content-Length: 1000000"), None])
    assert (await request(server.url, 5, only_headers=True)).status == 200


async def test_an_error_does_not_repeat_what_the_server_said(server):
    server.answer = once(b"HTTP/1.1 \x1b[2J oops\r\n\r\n")
    with pytest.raises(OSError, match=r"^no valid HTTP response \(BadStatusLine\)$"):
        await request(server.url, 5)


@pytest.mark.parametrize("only_headers", [False, True])
@pytest.mark.parametrize("title", HOSTILE)
async def test_every_request_ends_in_time_whatever_the_server_answers(server, title, only_headers):
    server.answer = HOSTILE[title]
    pauses = []

    async def measure():
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.005)
            pauses.append(time.thread_time() - before)

    measuring = asyncio.create_task(measure())
    started = time.monotonic()
    with contextlib.suppress(OSError):
        found = await request(server.url, 3, only_headers=only_headers)
        found.json()
    assert time.monotonic() - started < 20, "the server gives up after 60 s"
    measuring.cancel()
    assert max(pauses, default=0) < 0.4, "no answer keeps the event loop busy"
    assert len(server.requests) == 1, "no redirect is followed"
