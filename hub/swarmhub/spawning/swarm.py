"""The spawner's requests to Swarm; `docker` calls a method of docker-py's APIClient by its name, in a thread."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from docker.errors import APIError
from requests.exceptions import RequestException

from ..labels import CLASS, USER
from ..settings import Settings
from . import tasks
from .tasks import Task

Docker = Callable[..., Awaitable]

_PASSING = frozenset({500, 502, 503, 504})


async def tasks_of(docker: Docker, service: str) -> list[Task] | None:
    """Returns all tasks of a service, including ended ones; None if the service does not exist."""
    return await _unless_missing(docker("tasks", filters={"service": service}))


async def inspect_service(docker: Docker, service: str) -> dict | None:
    """Returns Docker's description of a service; None if it does not exist."""
    return await _unless_missing(docker("inspect_service", service))


async def remove_service(docker: Docker, service: str) -> None:
    """Removes a service; does nothing if it does not exist."""
    await _unless_missing(docker("remove_service", service))


async def token_of(docker: Docker, service: str) -> str:
    """Returns the hub token of the server in this service; empty if there is none."""
    found = await inspect_service(docker, service)
    return (found and token_in(found)) or ""


def token_in(service: dict) -> str | None:
    """Returns the hub token in Docker's description of a service; None if there is none."""
    return _variable(service, "JUPYTERHUB_API_TOKEN")


def user_in(service: dict) -> str | None:
    """Returns the user whose server it is, from Docker's description of a service; None if there is none.

    The label of the service has only the name of the home, which is a hash of the user's name for some.
    """
    return _variable(service, "JUPYTERHUB_USER")


def prefix_in(service: dict) -> str | None:
    """Returns the path of a user's server ("/user/ada/"), from Docker's description of its service; None if there is none."""
    return _variable(service, "JUPYTERHUB_SERVICE_PREFIX")


def _variable(service: dict, name: str) -> str | None:
    lines = (service["Spec"].get("TaskTemplate", {}).get("ContainerSpec") or {}).get("Env") or []
    return next((value for key, _, value in (line.partition("=") for line in lines) if key == name), None)


async def user_nodes(docker: Docker, settings: Settings) -> list[dict]:
    """Returns the nodes on which Swarm can place users' servers now."""
    found = await class_nodes(docker, settings)
    return [node for node in found if node["Status"]["State"] == "ready" and node["Spec"]["Availability"] == "active"]


async def class_nodes(docker: Docker, settings: Settings) -> list[dict]:
    """Returns the nodes for users' servers, also those that are not ready."""
    wanted = [constraint.removeprefix("node.labels.").split("==") for constraint in settings.placement]

    def takes_users(node: dict) -> bool:
        labels = node["Spec"].get("Labels") or {}
        return all(labels.get(name) == value for name, value in wanted)

    return [node for node in await docker("nodes") if takes_users(node)]


async def wait_until_gone(docker: Docker, class_name: str, home: str, seconds: float, poll_interval: float) -> bool:
    """Waits up to `seconds` until no container uses a home, and returns whether there is none; also one whose service is removed.

    A node that is down does not count: Swarm gets no news from it, and it has no access to the homes (services/node_fencing.py).
    """
    end = time.monotonic() + seconds
    while True:
        found = await docker("tasks", filters={"label": [f"{CLASS}={class_name}", f"{USER}={home}"]})
        running = [task for task in found if tasks.has_node(task) and tasks.state(task) not in tasks.ENDED]
        if all([await _is_on_dead_node(docker, task) for task in running]):
            return True
        if time.monotonic() > end:
            return False
        await asyncio.sleep(poll_interval)


async def retry(call: Callable[[], Awaitable], seconds: float, pause: float) -> object:
    """Repeats a call to Docker that fails, for `seconds` at most: with a status that may pass, as while Swarm elects a leader."""
    end = time.monotonic() + seconds
    while True:
        try:
            return await call()
        except (APIError, RequestException) as error:
            passes = not isinstance(error, APIError) or error.status_code in _PASSING
            if not passes or time.monotonic() + pause > end:
                raise
        await asyncio.sleep(pause)


async def inspect_node(docker: Docker, node: str) -> dict | None:
    """Returns Docker's description of a node; None if it does not exist."""
    return await _unless_missing(docker("inspect_node", node))


async def _is_on_dead_node(docker: Docker, task: Task) -> bool:
    if not task.get("NodeID"):
        return False
    node = await inspect_node(docker, task["NodeID"])
    return node is None or node["Status"]["State"] == "down"


async def _unless_missing(call: Awaitable):
    try:
        return await call
    except APIError as error:
        if error.response is not None and error.response.status_code == 404:
            return None
        raise
