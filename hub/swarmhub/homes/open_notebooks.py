"""Asks users' servers for the notebooks that are open in them."""

import asyncio
from collections.abc import Collection

import docker

from ..bounded_request import KIB, request
from ..labels import USER
from ..spawning.swarm import prefix_in, token_in

SERVER = "http://{service}:8888"


def open_notebooks(client: docker.APIClient, service_prefix: str, homes: Collection[str]) -> dict[str, set[str] | None]:
    """Returns the paths of the open notebooks for each of these homes whose server runs; None if the server does not tell."""
    services = [each for each in client.services(filters={"label": USER}) if each["Spec"]["Name"].startswith(service_prefix)]
    running = {each["Spec"]["Labels"][USER]: each for each in services}
    wanted = {home: running[home] for home in homes if home in running}
    return dict(zip(wanted, asyncio.run(_ask_all(wanted.values())), strict=True))


async def _ask_all(services: Collection[dict]) -> list[set[str] | None]:
    # All at the same time, so that together they take no longer than the slowest one.
    return await asyncio.gather(*(_ask(_address(each), token_in(each)) for each in services))


def _address(service: dict) -> str:
    return SERVER.format(service=service["Spec"]["Name"]) + (prefix_in(service) or "/")


async def _ask(server: str, token: str | None, seconds: float = 5) -> set[str] | None:
    # Directly and with the server's own token, as for its kernels (spawning/activity.py).
    url = f"{server}api/sessions?no_track_activity=1"
    try:
        response = await request(url, seconds, 256 * KIB, headers={"Authorization": f"token {token}"})
    except OSError:
        return None
    sessions = response.json() if response.status == 200 else None
    if not isinstance(sessions, list):
        return None
    paths = (each.get("path") for each in sessions if isinstance(each, dict))
    return {path.lstrip("/") for path in paths if isinstance(path, str)}
