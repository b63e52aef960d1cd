"""Where a server starts: Swarm by itself only spreads, and tries again and again on the machine that takes no container."""

import asyncio
import logging
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager

from docker.errors import APIError
from requests.exceptions import RequestException

from ..settings import Settings
from .swarm import Docker, user_nodes

_ON, _NOT_ON = "node.id==", "node.id!="


class Placement:
    """Where one start goes. `memory` is what it takes of a machine, in bytes.

    A class that packs fills one machine before the next, so the hub names the machine; in one that spreads that is Swarm's affair,
    until a start fails somewhere.
    """

    # Who chooses a machine must see what the one before has chosen.
    lock = asyncio.Lock()

    def __init__(self, docker: Docker, settings: Settings, service: str, memory: int) -> None:
        """Nothing is chosen."""
        self._docker, self._settings, self._service, self._memory = docker, settings, service, memory
        self._node: str | None = None
        self._excluded: frozenset[str] = frozenset()

    @asynccontextmanager
    async def choose_node(self) -> AsyncIterator[str | None]:
        """The id of the machine that the service is to be created for; None where Swarm decides."""
        if not self._settings.packs:
            yield None
            return
        async with self.lock:
            self._node = await fullest_node(self._docker, self._settings, self._memory)
            yield self._node

    async def exclude_nodes(self, failed: Set[str], log: logging.Logger) -> None:
        """It does not start on the machine that was chosen, nor on those where it failed: on others, where these have room."""
        excluded = frozenset(failed) | ({self._node} if self._node else set())
        if excluded <= self._excluded:
            return
        self._excluded |= excluded
        async with self.lock:
            other = await fullest_node(self._docker, self._settings, self._memory, self._excluded)
            # Without another it stays where Swarm puts it, and its next failure may be the one that is told.
            constraints = (
                [] if not other else [_ON + other] if self._settings.packs else [_NOT_ON + each for each in sorted(self._excluded)]
            )
            log.warning("%s does not start on %s, and is to start on %s", self._service, ", ".join(sorted(excluded)), constraints or "any")
            await update_constraints(self._docker, self._service, [*self._settings.placement, *constraints])
        self._node = other if self._settings.packs else None

    async def unpin(self, log: logging.Logger) -> None:
        """It runs, and may be anywhere from now on, so that Swarm can start it again when its machine dies."""
        if self._settings.packs or self._excluded:
            try:
                await update_constraints(self._docker, self._service, constraints_for(self._settings, None))
            except (APIError, RequestException) as error:
                log.warning("%s stays on its machine, whatever happens to that: %s", self._service, error)


async def fullest_node(docker: Docker, settings: Settings, memory: int, excluded: Set[str] = frozenset()) -> str | None:
    """The id of the machine with the most memory given away that still has so many bytes; None when no machine has."""
    nodes = [node for node in await user_nodes(docker, settings) if node["ID"] not in excluded]
    reserved = await _reserved_by_node(docker, settings)
    free = {node["ID"]: node["Description"]["Resources"]["MemoryBytes"] - reserved.get(node["ID"], 0) for node in nodes}
    fitting = [node for node in nodes if free[node["ID"]] >= memory]
    first = min(fitting, key=lambda node: (-reserved.get(node["ID"], 0), node["Description"]["Hostname"], node["ID"]), default=None)
    return first["ID"] if first else None


def constraints_for(settings: Settings, node: str | None) -> list[str]:
    """The constraints of a server that is to start on this machine; None: on any that takes users."""
    return [*settings.placement, *([_ON + node] if node else [])]


async def update_constraints(docker: Docker, service: str, constraints: list[str]) -> None:
    """Changes where the tasks of a service may be; one that runs where it may be is left alone.

    Swarm replaces a task when its service changes, but not for constraints alone that its machine meets (swarmkit,
    manager/orchestrator/task.go, IsTaskDirty). So everything else is sent back as it is.
    """
    for attempt in range(3):
        found = await docker("inspect_service", service)
        spec = found["Spec"]
        template = spec["TaskTemplate"]
        if (template.get("Placement") or {}).get("Constraints", []) == constraints:
            return
        try:
            await docker(
                "update_service",
                found["ID"],
                found["Version"]["Index"],
                task_template=template | {"Placement": (template.get("Placement") or {}) | {"Constraints": constraints}},
                name=spec["Name"],
                labels=spec["Labels"],
                mode=spec.get("Mode"),
                endpoint_spec=spec.get("EndpointSpec"),
            )
        except APIError as error:
            if attempt == 2 or "out of sequence" not in str(error):
                raise
        else:
            return


async def _reserved_by_node(docker: Docker, settings: Settings) -> dict[str, int]:
    """The bytes that are given away on each machine: by what runs there, anybody's, and by servers that are to start there."""
    reserved: dict[str, int] = {}
    placed = set()
    for task in await docker("tasks", filters={"desired-state": "running"}):
        if task.get("NodeID"):
            placed.add(task["ServiceID"])
            reserved[task["NodeID"]] = reserved.get(task["NodeID"], 0) + _memory_reservation(task["Spec"])
    for service in await docker("services", filters={"label": [f"swarmhub.class={settings.name}", "swarmhub.user"]}):
        template = service["Spec"]["TaskTemplate"]
        node = next((each[len(_ON) :] for each in (template.get("Placement") or {}).get("Constraints") or [] if each.startswith(_ON)), None)
        if node and service["ID"] not in placed:
            reserved[node] = reserved.get(node, 0) + _memory_reservation(template)
    return reserved


def _memory_reservation(template: dict) -> int:
    return ((template.get("Resources") or {}).get("Reservations") or {}).get("MemoryBytes", 0)
