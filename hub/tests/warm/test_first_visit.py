"""The first visit to a warm server, which may answer anything or nothing."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from swarmhub.warm.first_visit import visit

from ..support.hostile_server import HOSTILE, HostileServer


@pytest.fixture
def server():
    """A server that remembers its requests."""

    class Handler(BaseHTTPRequestHandler):
        seen = ()

        def do_GET(self):
            Handler.seen = (*Handler.seen, (self.path, self.headers["Authorization"]))
            self.send_response(404 if "lsp" in self.path else 200)
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    Handler.url = f"http://127.0.0.1:{server.server_port}/user/ada/"
    yield Handler
    server.shutdown()
    server.server_close()


async def test_it_asks_with_the_servers_own_token_and_does_not_count_as_its_user(server):
    assert await visit(server.url, "token-of-ada")
    paths, tokens = zip(*server.seen, strict=True)
    assert {"/user/ada/lab?no_track_activity=1", "/user/ada/api/contents?content=1&no_track_activity=1"} < set(paths)
    assert all(path.endswith("no_track_activity=1") for path in paths)
    assert set(tokens) == {"token token-of-ada"}


@pytest.mark.parametrize("title", HOSTILE)
async def test_a_hostile_server_cannot_keep_it(title):
    with contextlib.closing(HostileServer(HOSTILE[title])) as hostile:
        assert await visit(f"{hostile.url}/user/ada/", "x", seconds=0.5) in (True, False)


async def test_a_server_that_is_down_is_left_alone():
    assert not await visit("http://127.0.0.1:1/user/ada/", "x")
