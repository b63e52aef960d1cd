"""HTTP requests to a server that may answer anything: every request ends in time, and no answer fills the memory."""

import asyncio
import json
import ssl
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from io import BytesIO
from typing import BinaryIO
from urllib.parse import urlsplit

KIB = 2**10


@dataclass(frozen=True)
class Response:
    """A response; `body` is empty if only the headers were requested."""

    status: int
    headers: HTTPMessage
    body: bytes

    def json(self) -> object:
        """Returns the body as JSON; None if it is not JSON, or nested too deeply for Python."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


async def request(
    url: str,
    seconds: float,
    max_bytes: int = 64 * KIB,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    only_headers: bool = False,
    ssl_context: ssl.SSLContext | None = None,
    body: bytes | BinaryIO = b"",
) -> Response:
    """Sends one request and returns the response; follows no redirect, keeps no cookie, decompresses nothing.

    Only a POST has a body, which may be a file. Raises OSError if there is no valid response
    within `seconds` in total and `max_bytes` in total.

    No HTTP library bounds both. urllib's timeout starts again with each byte. aiohttp reads any number of "100 Continue" and headers:
    five servers that sent nothing else took 98 % of a core for as long as its timeout allowed (3.14.5). So the bytes are read here, and the
    standard library parses what has arrived.
    """
    async with asyncio.timeout(seconds):
        sent = BytesIO(body) if isinstance(body, bytes) else body
        data = await _exchange(url, max_bytes, method, headers or {}, only_headers, ssl_context, sent)
    try:
        response = HTTPResponse(_Arrived(data), method="HEAD" if only_headers else method)
        response.begin()
        return Response(response.status, response.headers, response.read())
    except (HTTPException, ValueError, OverflowError) as error:
        raise OSError(f"no valid HTTP response ({type(error).__name__})") from error


def request_now(url: str, seconds: float, max_bytes: int = 64 * KIB, **options) -> Response:
    """The same for programs without an event loop."""
    return asyncio.run(request(url, seconds, max_bytes, **options))


async def _exchange(
    url: str, max_bytes: int, method: str, headers: dict[str, str], only_headers: bool, ssl_context: ssl.SSLContext | None, sent: BinaryIO
) -> bytes:
    address = urlsplit(url)
    port = address.port or (443 if ssl_context else 80)
    target = f"{address.path or '/'}?{address.query}" if address.query else address.path or "/"
    # With "close", the end of the response is the end of the connection, so its length need not be believed.
    all_headers = {"Host": address.netloc, "Connection": "close", **headers}
    if method == "POST":
        all_headers["Content-Length"] = str(sent.seek(0, 2))
        sent.seek(0)
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in all_headers.items()), "", ""]
    reader, writer = await asyncio.open_connection(address.hostname, port, ssl=ssl_context)
    try:
        writer.write("\r\n".join(lines).encode() + sent.read(64 * KIB))
        while chunk := sent.read(64 * KIB):
            await writer.drain()
            writer.write(chunk)
        data = bytearray()
        while chunk := await reader.read(64 * KIB):
            data += chunk
            if only_headers and b"\r\n\r\n" in data:
                break
            if len(data) > max_bytes:
                raise OSError(f"the response is longer than {max_bytes // KIB} KiB")
        return bytes(data)
    finally:
        writer.transport.abort()  # close() would wait until the server has read the request


class _Arrived:
    """The response that has arrived, in the place of a socket (http.client.HTTPResponse calls only makefile)."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> BytesIO:
        return BytesIO(self._data)
