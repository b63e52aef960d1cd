"""The HTTP proxy through which the class reaches everything outside: for users' servers, for git, and for providers of logins."""

import asyncio
import base64
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from tornado.iostream import IOStream
from tornado.tcpclient import TCPClient

SECRET = "outbound-proxy"  # noqa: S105
_HEADER_BYTES = 1 << 16
_ANSWER_SECONDS = 5


@dataclass(frozen=True)
class Proxy:
    """The addresses of the proxy for http and https, with a login where there is one, and what is reached without it."""

    http: str
    https: str
    excepted: tuple[str, ...] = ()

    def variables(self) -> dict[str, str]:
        """Returns the variables by which programs know a proxy, in both cases: curl reads `http_proxy` only, others only capitals."""
        found = {"HTTP_PROXY": self.http, "HTTPS_PROXY": self.https, "NO_PROXY": ",".join(self.excepted)}
        return found | {name.lower(): value for name, value in found.items()}

    def is_for(self, host: str) -> bool:
        """Returns whether a host is reached through the proxy."""
        return not any(_matches(host.lower().rstrip("."), each.lower()) for each in self.excepted)


def _matches(host: str, excepted: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(excepted, strict=False)
    except ValueError:
        pass
    # As Go and curl read NO_PROXY: "example.org" is the host and everything below it, ".example.org" only what is below.
    return host == excepted or host.endswith(excepted if excepted.startswith(".") else f".{excepted}")


def read_proxy(secrets: Path) -> Proxy | None:
    """Returns the proxy of this class, with its login; None without one. Raises ValueError, without the text, if it cannot be read."""
    path = secrets / SECRET
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Proxy(str(found["http"]), str(found["https"]), tuple(map(str, found["except"])))
    except (OSError, ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is not an object with http, https and except") from None


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
