"""What a spawner asks of Swarm; `docker` calls a method of docker-py's APIClient by its name, in a thread."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from docker.errors import APIError

from ..settings import Settings
from . import tasks
from .tasks import Task

Docker = Callable[..., Awaitable]


async def tasks_of(docker: Docker, service: str) -> list[Task] | None:
    """All tasks of a service, ended ones too; None when there is no such service."""
    return await _unless_missing(docker("tasks", filters={"service": service}))


async def remove_service(docker: Docker, service: str) -> None:
    """What is not there is no error."""
    await _unless_missing(docker("remove_service", service))


async def token_of(docker: Docker, service: str) -> str:
    """The token that the server of this service has of the hub; empty where there is none."""
    found = await _unless_missing(docker("inspect_service", service))
    return (found and token_in(found)) or ""


def token_in(service: dict) -> str | None:
    """The same, in what Docker says of the service; None where there is none."""
    lines = service["Spec"]["TaskTemplate"]["ContainerSpec"].get("Env") or []
    return next((value for name, _, value in (line.partition("=") for line in lines) if name == "JUPYTERHUB_API_TOKEN"), None)


async def user_nodes(docker: Docker, settings: Settings) -> list[dict]:
    """The nodes on which Swarm may put users' servers now."""
    wanted = [constraint.removeprefix("node.labels.").split("==") for constraint in settings.placement]

    def takes_users(node: dict) -> bool:
        labels = node["Spec"].get("Labels") or {}
        is_usable = node["Status"]["State"] == "ready" and node["Spec"]["Availability"] == "active"
        return is_usable and all(labels.get(name) == value for name, value in wanted)

    return [node for node in await docker("nodes") if takes_users(node)]


async def wait_for_end(docker: Docker, task: Task, seconds: float, poll_interval: float) -> None:
    """Waits until the task's container is gone, but not for a machine that is: Swarm hears of that one's containers no more."""
    end = time.monotonic() + seconds
    if await _is_on_dead_machine(docker, task):
        return
    while time.monotonic() < end:
        found = await _unless_missing(docker("inspect_task", task["ID"]))
        if found is None or tasks.state(found) in tasks.ENDED:
            return
        await asyncio.sleep(poll_interval)


async def _is_on_dead_machine(docker: Docker, task: Task) -> bool:
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
