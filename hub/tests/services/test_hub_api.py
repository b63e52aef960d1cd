"""Requests to a fake hub with prepared responses; test_hub and test_operator_api use the real one."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from swarmhub.services.hub_api import HubApi


@pytest.fixture
def hub():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = self.server.responses.pop(0)
            self.server.paths.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.responses, server.paths = [], []
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    server.api = HubApi(f"http://127.0.0.1:{server.server_port}/hub/api", "token")
    yield server
    server.shutdown()
    server.server_close()


def page(names, following):
    return 200, json.dumps({"items": [{"name": name} for name in names], "_pagination": {"next": following}}).encode()


def test_all_pages_are_read(hub):
    hub.responses = [page(["alice", "bob"], {"offset": 2, "url": "http://elsewhere/"}), page(["carol"], None)]
    assert hub.api.active_users() == {"alice", "bob", "carol"}
    assert [path.partition("&")[2] for path in hub.paths] == ["offset=0&limit=200", "offset=2&limit=200"]


@pytest.mark.parametrize(
    ("response", "message"),
    [
        ((403, b'{"status": 403, "message": "Forbidden"}'), "the hub responded with status 403: Forbidden"),
        ((503, b"<html>later"), "the hub responded with status 503: no message"),
        ((200, b"<html>hello"), "the hub did not return a list of users"),
        ((200, b"[]"), "the hub did not return a list of users"),
    ],
)
def test_a_response_without_a_list_is_an_error_with_the_hubs_message(hub, response, message):
    hub.responses = [response]
    with pytest.raises(OSError, match=message):
        list(hub.api.active())
