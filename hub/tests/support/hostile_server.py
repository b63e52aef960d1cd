"""Servers on loopback whose users let them answer anything, or nothing."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

Answer = Callable[[], Iterator[bytes | None]]  # the parts of an answer; after None the connection stays open without another byte


def response(*headers: str, body: bytes = b"[]", status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


def once(data: bytes) -> Answer:
    return lambda: iter([data])


def _again(start: bytes, part: bytes) -> Answer:
    def answer() -> Iterator[bytes]:
        yield start
        while True:
            yield part

    return answer


def _byte_by_byte() -> Iterator[bytes]:
    for byte in response("Content-Length: 2") * 100:
        yield bytes([byte])
        time.sleep(0.1)


HONEST = once(response("X-JupyterHub-Version: 6.1.1", "Content-Length: 2"))
HOSTILE: dict[str, Answer] = {
    "a version that is no version": once(response("X-JupyterHub-Version: oops")),
    "a version of 5000 digits": once(response(f"X-JupyterHub-Version: {'9' * 5000}")),
    "a version of another year": once(response("X-JupyterHub-Version: 2026!1.dev3+x")),
    "no version": once(response()),
    "nothing": lambda: iter([None]),
    "an end of the connection": once(b""),
    "half of a header": lambda: iter([b"HTTP/1.1 200 OK\r\nContent-Le", None]),
    "one byte each 0.1 s": _byte_by_byte,
    "a body without end": _again(response(body=b""), b"x" * 65536),
    "a header without end": _again(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536),
    "headers without end": _again(b"HTTP/1.1 200 OK\r\n", b"X-Y: z\r\n" * 8192),
    "100 Continue without end": _again(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 4096),
    "chunks without end": _again(response("Transfer-Encoding: chunked", body=b""), b"1\r\nx\r\n" * 8192),
    "a redirect to itself": once(response("Location: /user/x/api", status="302 Found")),
    "a redirect to the hub": once(response("Location: http://127.0.0.1:1/hub/api/shutdown", status="307 Temporary Redirect")),
    "status 500": once(response(status="500 Internal Server Error")),
    "status 99999": once(response(status="99999 Yes")),
    "no status": once(b"HTTP/1.1 oops\r\n\r\n"),
    "another protocol": once(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "bytes that are no text": once(b"HTTP/1.1 200 OK\r\n\xff\xfe\x00: \x80\r\n\r\n\xff\xff"),
    "a length of 5000 digits": once(response(f"Content-Length: {'9' * 5000}")),
    "a length of 100 digits": once(response(f"Content-Length: {'9' * 100}")),
    "a negative length": once(response("Content-Length: -1")),
    "a chunk of 100 digits": once(response("Transfer-Encoding: chunked", body=b"f" * 100 + b"\r\n[]")),
    "a chunk of -1 bytes": once(response("Transfer-Encoding: chunked", body=b"-1\r\n[]")),
    "200,000 [": once(response(body=b"[" * 200_000)),
    "20,000 [": once(response(body=b"[" * 20_000)),
    "a number of 5000 digits": once(response(body=b"9" * 5000)),
    "compressed data": once(response("Content-Encoding: gzip", body=b"\x1f\x8b" + b"\0" * 1000)),
    "cookies": once(response(*(f"Set-Cookie: c{number}={'x' * 500}; Max-Age=99999999" for number in range(90)))),
}


class HostileServer:
    """A server on `address`; the test may replace `answer` at any time. `requests` has what it was sent."""

    def __init__(self, answer: Answer, address: str = "127.0.0.1", port: int = 0) -> None:
        self.answer, self.requests = answer, []
        self._socket = socket.create_server((address, port))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://{address}:{self.port}/user/x/"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # when it is closed
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:  # when the client leaves
            connection.settimeout(60)
            request = connection.recv(65536)
            if not request:
                return
            self.requests.append(request)
            for part in self.answer():
                if part is None:
                    connection.recv(1)  # returns when the client leaves
                else:
                    connection.sendall(part)


@contextlib.contextmanager
def servers_of(users: dict[str, Answer]) -> Iterator[dict[str, HostileServer]]:
    """A server for each user on an address of its own, all on one port.

    The address of the user "x2" is 127.0.0.2: as the name of a host it is "127.0.0.0x2", which the resolver can read.
    """
    with contextlib.ExitStack() as stack:
        found, port = {}, 0
        for user, answer in users.items():
            found[user] = HostileServer(answer, f"127.0.0.{int(user[1:], 16)}", port)
            stack.callback(found[user].close)
            port = found[user].port
        yield found


def numbered(start: int = 2) -> dict[str, str]:
    """A user for each hostile answer."""
    return {f"x{number:x}": title for number, title in enumerate(HOSTILE, start)}
