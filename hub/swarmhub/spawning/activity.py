"""Checks whether a user's server accepts connections, and whether its kernels are busy while nobody uses it."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import aiohttp
from jupyterhub.spawner import Spawner
from jupyterhub.utils import utcnow

from ..upstream_fixes import FreshResolver

_MAX_BYTES = 1 << 20  # how many bytes of a response are read


async def is_listening(host: str, port: int, seconds: float = 2) -> bool:
    """Returns whether a TCP connection to the port succeeds within `seconds`."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), seconds)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def record_activity(spawner: Spawner, idle: float, find_token: Callable[[], Awaitable[str]]) -> None:
    """Records activity for a server that was not used for `idle` seconds but has a busy kernel."""
    known = spawner.orm_spawner
    if not spawner.server or not known or not known.last_activity:
        return
    if (utcnow(with_tz=False) - known.last_activity).total_seconds() < idle:
        return
    # A restarted hub no longer knows the token.
    spawner.api_token = spawner.api_token or await find_token()
    if await has_busy_kernel(spawner.server.url, spawner.api_token):
        known.last_activity = spawner.user.last_activity = utcnow(with_tz=False)
        spawner.db.commit()


async def has_busy_kernel(server: str, token: str, seconds: float = 5) -> bool:
    """Asks the server at `http://…/user/NAME/`, using that server's own token; False if it does not respond in `seconds`.

    A kernel that computes for hours and prints nothing looks idle to JupyterHub, because jupyter_server counts a kernel's messages
    (services/kernels/kernelmanager.py, record_activity). The user controls the server, so the response may be anything.
    """
    # The request goes directly to the server: the proxy would count it as the user's activity. With no_track_activity,
    # jupyter_server does not count it either.
    url = f"{server}api/kernels?no_track_activity=1"
    connector = aiohttp.TCPConnector(resolver=FreshResolver(), use_dns_cache=False)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=seconds)) as session,
            session.get(url, headers={"Authorization": f"token {token}"}, allow_redirects=False) as response,
        ):
            kernels = json.loads(await _read(response)) if response.status == 200 else []
    except (aiohttp.ClientError, OSError, ValueError, RecursionError):  # TimeoutError is a subclass of OSError
        return False
    return isinstance(kernels, list) and any(isinstance(each, dict) and each.get("execution_state") == "busy" for each in kernels)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise ValueError("the response is too long for a list of kernels")
    return body
