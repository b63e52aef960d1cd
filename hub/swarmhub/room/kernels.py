"""The kernels of users' servers, which may answer anything."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

from docker.errors import APIError
from requests.exceptions import RequestException

from ..bounded_request import request
from ..spawning.activity import kernels_of
from ..spawning.swarm import token_of

_AT_ONCE, _SECONDS, _MOST = 8, 5, 50


@dataclass(frozen=True)
class Kernel:
    """A kernel of a user's server, as that server says."""

    id: str
    is_busy: bool


async def kernels_of_all(spawners: Mapping[str, object]) -> dict[str, list[Kernel] | None]:
    """Returns the kernels of each running server by its user, eight servers at a time; None for one that does not answer."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def look(spawner) -> list[Kernel] | None:
        async with gate:
            return await kernels(spawner)

    return dict(zip(spawners, await asyncio.gather(*map(look, spawners.values())), strict=True))


async def kernels(spawner) -> list[Kernel] | None:
    """Returns the kernels of a running server, at most 50; None if it does not answer."""
    token = await _token(spawner)
    if not (spawner.server and token):
        return None
    found = await kernels_of(spawner.server.url, token, _SECONDS)
    if found is None:
        return None
    return [kernel for each in found[:_MOST] if (kernel := _kernel(each))]


async def interrupt(spawner) -> int:
    """Interrupts the busy kernels of a running server; returns how many. Raises OSError if it does not answer as Jupyter does."""
    found = await kernels(spawner)
    if found is None:
        raise OSError("the server does not answer")
    busy = [kernel for kernel in found if kernel.is_busy]
    headers = {"Authorization": f"token {await _token(spawner)}"}
    for kernel in busy:
        url = f"{spawner.server.url}api/kernels/{kernel.id}/interrupt"
        response = await request(url, _SECONDS, method="POST", headers=headers)
        if response.status != 204:
            raise OSError(f"the server answered with status {response.status}")
    return len(busy)


async def _token(spawner) -> str:
    # The server's own token, which its user can read anyway. A restarted hub no longer knows it.
    try:
        spawner.api_token = spawner.api_token or await token_of(spawner.docker, spawner.object_id)
    except (APIError, RequestException):
        return ""
    return spawner.api_token


def _kernel(found: object) -> Kernel | None:
    if not isinstance(found, dict):
        return None
    kernel, is_busy = found.get("id"), found.get("execution_state") == "busy"
    # The id becomes part of an address.
    return Kernel(kernel, is_busy) if isinstance(kernel, str) and re.fullmatch(r"[0-9a-f-]{1,64}", kernel) else None
