"""The spawner's requests to Swarm; `docker` calls a method of docker-py's APIClient by its name, in a thread."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from docker.errors import APIError

from ..settings import Settings
from . import tasks
from .tasks import Task

Docker = Callable[..., Awaitable]


async def tasks_of(docker: Docker, service: str) -> list[Task] | None:
    """Returns all tasks of a service, including ended ones; None if the service does not exist."""
    return await _unless_missing(docker("tasks", filters={"service": service}))


async def remove_service(docker: Docker, service: str) -> None:
    """Removes a service; does nothing if it does not exist."""
    await _unless_missing(docker("remove_service", service))


async def token_of(docker: Docker, service: str) -> str:
    """Returns the hub token of the server in this service; empty if there is none."""
    found = await _unless_missing(docker("inspect_service", service))
    return (found and token_in(found)) or ""


def token_in(service: dict) -> str | None:
    """Returns the hub token in Docker's description of a service; None if there is none."""
    lines = service["Spec"]["TaskTemplate"]["ContainerSpec"].get("Env") or []
    return next((value for name, _, value in (line.partition("=") for line in lines) if name == "JUPYTERHUB_API_TOKEN"), None)


async def user_nodes(docker: Docker, settings: Settings) -> list[dict]:
    """Returns the nodes on which Swarm can place users' servers now."""
    wanted = [constraint.removeprefix("node.labels.").split("==") for constraint in settings.placement]

    def takes_users(node: dict) -> bool:
        labels = node["Spec"].get("Labels") or {}
        is_usable = node["Status"]["State"] == "ready" and node["Spec"]["Availability"] == "active"
        return is_usable and all(labels.get(name) == value for name, value in wanted)

    return [node for node in await docker("nodes") if takes_users(node)]


async def wait_for_end(docker: Docker, task: Task, seconds: float, poll_interval: float) -> None:
    """Waits up to `seconds` until the task's container is gone; not if its node is down, because Swarm gets no news from it."""
    end = time.monotonic() + seconds
    if await _is_on_dead_node(docker, task):
        return
    while time.monotonic() < end:
        found = await _unless_missing(docker("inspect_task", task["ID"]))
        if found is None or tasks.state(found) in tasks.ENDED:
            return
        await asyncio.sleep(poll_interval)


async def _is_on_dead_node(docker: Docker, task: Task) -> bool:
    if not task.get("NodeID"):
        return False
    node = await _unless_missing(docker("inspect_node", task["NodeID"]))
    return node is None or node["Status"]["State"] == "down"


async def _unless_missing(call: Awaitable):
    try:
        return await call
    except APIError as error:
        if error.response is not None and error.response.status_code == 404:
            return None
        raise
