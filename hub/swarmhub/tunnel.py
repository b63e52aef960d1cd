"""Connections through the HTTP proxy of the class, for the HTTP client of tornado."""

import asyncio
import base64
from urllib.parse import SplitResult, unquote, urlsplit

from tornado.iostream import IOStream
from tornado.tcpclient import TCPClient

from .outbound import Proxy

_HEADER_BYTES = 1 << 16
_ANSWER_SECONDS = 5


class TunnelClient(TCPClient):
    """Connects through an HTTP proxy by CONNECT (RFC 9110, 9.3.6), as tornado's own client cannot."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        self._proxy = proxy

    async def connect(self, host: str, port: int, *, ssl_options: object = None, **options: object) -> IOStream:
        """Returns a stream to a host; raises OSError if the proxy refuses, also to the caller of an excepted host."""
        if not self._proxy.is_for(host):
            return await super().connect(host, port, ssl_options=ssl_options, **options)
        way = urlsplit(self._proxy.https)
        stream = await super().connect(way.hostname or "", way.port or 80, **options)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await _tunnel(stream, way, f"{host}:{port}", ssl_options)
        except BaseException:
            stream.close()
            raise


async def _tunnel(stream: IOStream, way: SplitResult, end: str, ssl_options: object) -> IOStream:
    await stream.write(f"CONNECT {end} HTTP/1.1\r\nHost: {end}\r\n{_authorization(way.username, way.password)}\r\n".encode())
    answer = await stream.read_until(b"\r\n\r\n", max_bytes=_HEADER_BYTES)
    status = b"".join(answer.split(b" ", 2)[1:2])
    if status != b"200":
        raise OSError(f"the proxy {way.hostname} answers with status {status.decode(errors='replace')[:10]}")
    if ssl_options is None:
        return stream
    return await stream.start_tls(False, ssl_options=ssl_options, server_hostname=end.rpartition(":")[0])


def _authorization(user: str | None, password: str | None) -> str:
    if user is None:
        return ""
    login = f"{unquote(user)}:{unquote(password or '')}".encode()
    return f"Proxy-Authorization: Basic {base64.b64encode(login).decode()}\r\n"
