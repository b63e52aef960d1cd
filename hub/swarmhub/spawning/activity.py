"""Checks whether a user's server accepts connections, and whether its kernels are busy while nobody uses it."""

import asyncio
from collections.abc import Awaitable, Callable

from docker.errors import APIError
from jupyterhub.spawner import Spawner
from jupyterhub.utils import utcnow
from requests.exceptions import RequestException

from ..bounded_request import request


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
    try:
        spawner.api_token = spawner.api_token or await find_token()
    except (APIError, RequestException) as error:
        spawner.log.warning("%s: Docker does not tell the server's token: %s", spawner._log_name, error)
        return
    if await has_busy_kernel(spawner.server.url, spawner.api_token):
        known.last_activity = spawner.user.last_activity = utcnow(with_tz=False)
        spawner.db.commit()


async def has_busy_kernel(server: str, token: str, seconds: float = 5) -> bool:
    """Asks the server at `http://…/user/NAME/`; False if it does not respond in `seconds`.

    A kernel that computes for hours and prints nothing looks idle to JupyterHub, because jupyter_server counts a kernel's messages
    (services/kernels/kernelmanager.py, record_activity).
    """
    return any(isinstance(each, dict) and each.get("execution_state") == "busy" for each in await kernels_of(server, token, seconds) or [])


async def kernels_of(server: str, token: str, seconds: float = 5) -> list | None:
    """Returns the kernels that the server reports, of which each may be anything; None without a list.

    `token` must be the server's own: its user can read it, and could get into every other server with a token of the hub.
    """
    # The request goes directly to the server: the proxy would count it as the user's activity. With no_track_activity,
    # jupyter_server does not count it either. 64 KiB are some 300 kernels.
    try:
        response = await request(f"{server}api/kernels?no_track_activity=1", seconds, headers={"Authorization": f"token {token}"})
    except OSError:
        return None
    kernels = response.json() if response.status == 200 else None
    return kernels if isinstance(kernels, list) else None
