"""A server that answers for the servers of all users, whose names only a Swarm would resolve."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# Python runs a module with this name at its start.
_RESOLVER = """
import socket

resolve = socket.getaddrinfo


def to_loopback(host, *arguments, **options):
    return resolve("127.0.0.1" if str(host).startswith("geo-101-nb-") else host, *arguments, **options)


socket.getaddrinfo = to_loopback
"""


class UserServer:
    """Answers every request with 200, or as `handler` does.

    A hub with these `options`, and with `folder` in PYTHONPATH, finds it as every user's server. `paths` has what it was asked, without
    a handler of the test.
    """

    def __init__(self, folder: Path, handler: type[BaseHTTPRequestHandler] | None = None) -> None:
        self.paths: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler or type("Handler", (_Handler,), {"paths": self.paths}))
        self._server.daemon_threads = True
        self.options = [f"--SwarmHubSpawner.port={self._server.server_port}"]
        (folder / "sitecustomize.py").write_text(_RESOLVER)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    paths: list[str]

    def do_GET(self) -> None:
        self.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_arguments: object) -> None:
        pass
