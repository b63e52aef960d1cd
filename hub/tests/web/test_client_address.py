"""The address of a client, with the real Tornado and its real server."""

import json

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer, _HTTPRequestContext
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from swarmhub.web.client_address import HEADER, believe_only

CLAIMS = {"X-Forwarded-For": "203.0.113.7, 203.0.113.8", "X-Real-Ip": "203.0.113.8"}


class Echo(RequestHandler):
    def get(self):
        self.write({"ip": self.request.remote_ip, "scheme": self.request.protocol, "headers": list(self.request.headers)})


@pytest.fixture
async def ask(monkeypatch):
    monkeypatch.setattr(_HTTPRequestContext, "_apply_xheaders", _HTTPRequestContext._apply_xheaders)
    believe_only("secret")
    socket, port = bind_unused_port()
    server = HTTPServer(Application([("/", Echo)]), xheaders=True)
    server.add_socket(socket)

    async def ask(headers):
        return json.loads((await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/", headers=headers)).body)

    yield ask
    server.stop()


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "203.0.113.8"}, {"X-Real-Ip": "203.0.113.8"}, CLAIMS])
async def test_an_address_from_the_proxy_is_believed(ask, headers):
    assert (await ask(headers | {HEADER: "secret"}))["ip"] == "203.0.113.8"


@pytest.mark.parametrize("said", [{}, {HEADER: ""}, {HEADER: "guessed"}, {HEADER: "sécret"}])
async def test_nobody_else_can_claim_an_address(ask, said):
    assert (await ask(CLAIMS | said))["ip"] == "127.0.0.1"


async def test_other_headers_of_the_edge_count_as_before(ask):
    assert (await ask({"X-Forwarded-Proto": "https"}))["scheme"] == "https"


async def test_the_secret_is_in_no_request_that_the_hub_could_log(ask):
    assert HEADER not in (await ask(CLAIMS | {HEADER: "secret"}))["headers"]
