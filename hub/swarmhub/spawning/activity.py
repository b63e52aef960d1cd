"""Whether a user's server is there, and whether its kernels are at work although nobody looks."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import aiohttp
from jupyterhub.spawner import Spawner
from jupyterhub.utils import utcnow

from ..upstream_fixes import FreshResolver

_MAX_BYTES = 1 << 20  # bytes of an answer that are read


async def is_listening(host: str, port: int, seconds: float = 2) -> bool:
    """Says whether somebody takes connections there."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), seconds)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def record_activity(spawner: Spawner, idle: float, find_token: Callable[[], Awaitable[str]]) -> None:
    """Tells the hub that a server is used whose kernels work, where nobody has used it for `idle` seconds."""
    known = spawner.orm_spawner
    if not spawner.server or not known or not known.last_activity:
        return
    if (utcnow(with_tz=False) - known.last_activity).total_seconds() < idle:
        return
    # A hub that was restarted has forgotten the token.
    spawner.api_token = spawner.api_token or await find_token()
    if await has_busy_kernel(spawner.server.url, spawner.api_token):
        known.last_activity = spawner.user.last_activity = utcnow(with_tz=False)
        spawner.db.commit()


async def has_busy_kernel(server: str, token: str, seconds: float = 5) -> bool:
    """Asks a user's server, `http://…/user/NAME/`, with that server's own token; one that does not answer is not at work.

    A kernel that computes for hours and prints nothing looks idle to JupyterHub: jupyter_server counts a kernel's messages
    (services/kernels/kernelmanager.py, record_activity). The server is its user's, and may answer anything.
    """
    # Straight to the server: the proxy would count this request as the user's. Neither counts it jupyter_server, when asked so.
    url = f"{server}api/kernels?no_track_activity=1"
    connector = aiohttp.TCPConnector(resolver=FreshResolver(), use_dns_cache=False)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=seconds)) as session,
            session.get(url, headers={"Authorization": f"token {token}"}, allow_redirects=False) as answer,
        ):
            kernels = json.loads(await _read(answer)) if answer.status == 200 else []
    except (aiohttp.ClientError, OSError, ValueError, RecursionError):  # a TimeoutError is an OSError too
        return False
    return isinstance(kernels, list) and any(isinstance(each, dict) and each.get("execution_state") == "busy" for each in kernels)


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise ValueError("no list of kernels is so long")
    return body
