"""Chooses the node for a server: Swarm can only spread services, and keeps retrying on a node that cannot run a container."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Set
from contextlib import asynccontextmanager
from dataclasses import replace

from docker.errors import APIError
from requests.exceptions import RequestException

from ..labels import USER, user_filter
from ..refusal import NO_GPU, TOO_LARGE, refuse
from ..settings import Settings
from . import gpus
from .seat_queue import QueueEntry
from .swarm import Docker, class_nodes, user_nodes

_ON, _NOT_ON = "node.id==", "node.id!="
_CORE = 1_000_000_000  # in Docker's unit


class Placement:
    """The node constraints of one start. `memory` is the amount that the server reserves on a node, in bytes.

    With the strategy `pack`, the hub fills one node before it uses the next one, so it chooses the node itself. With `spread`,
    Swarm chooses the node, until a start fails on one.
    """

    # Each start must see which nodes the earlier starts have chosen.
    lock = asyncio.Lock()

    def __init__(self, docker: Docker, settings: Settings, service: str, memory: int) -> None:
        """No node is chosen yet."""
        self._docker, self._settings, self._service, self._memory = docker, settings, service, memory
        self._node: str | None = None
        self._excluded: frozenset[str] = frozenset()
        self._full: frozenset[str] = frozenset()

    def avoid(self, full: Mapping[str, str], log: logging.Logger) -> Settings:
        """Keeps the server off nearly full nodes, which have a description by id; returns the settings for its service."""
        for description in full.values():
            log.warning("%s does not start on a nearly full machine: %s", self._service, description)
        self._full = frozenset(full)
        return replace(self._settings, placement=(*self._settings.placement, *self._not_on_full))

    @property
    def _not_on_full(self) -> list[str]:
        return [_NOT_ON + each for each in sorted(self._full)]

    @asynccontextmanager
    async def choose_node(self) -> AsyncIterator[str | None]:
        """Yields the id of the node to create the service on; None if Swarm chooses."""
        if not self._settings.packs:
            yield None
            return
        async with self.lock:
            self._node = await fullest_node(self._docker, self._settings, self._memory, self._full)
            yield self._node

    async def exclude_nodes(self, failed: Set[str], log: logging.Logger) -> None:
        """Moves the service to other nodes than the chosen one and those in `failed`, if another node has enough memory."""
        excluded = frozenset(failed) | ({self._node} if self._node else set())
        if excluded <= self._excluded:
            return
        self._excluded |= excluded
        async with self.lock:
            other = await fullest_node(self._docker, self._settings, self._memory, self._excluded | self._full)
            if other is None:
                # No other node has room, so Swarm chooses the node; the next failure may be the one that the user reads.
                constraints = []
            elif self._settings.packs:
                constraints = [_ON + other]
            else:
                constraints = [_NOT_ON + each for each in sorted(self._excluded)]
            log.warning("%s did not start on %s; new constraints: %s", self._service, ", ".join(sorted(excluded)), constraints or "none")
            await update_constraints(self._docker, self._service, [*self._settings.placement, *self._not_on_full, *constraints])
        self._node = other if self._settings.packs else None

    async def unpin(self, log: logging.Logger) -> None:
        """Removes the node constraints of a running server, so that Swarm can restart it elsewhere if its node fails."""
        if self._settings.packs or self._excluded or self._full:
            try:
                await update_constraints(self._docker, self._service, constraints_for(self._settings, None))
            except (APIError, RequestException) as error:
                log.warning("%s stays pinned to its node, so Swarm cannot restart it elsewhere: %s", self._service, error)


async def fullest_node(docker: Docker, settings: Settings, memory: int, excluded: Set[str] = frozenset()) -> str | None:
    """Returns the id of the node with the most reserved memory that has `memory` bytes and a server's GPUs free; None if no node has."""
    nodes = [node for node in await user_nodes(docker, settings) if node["ID"] not in excluded]
    templates = await _templates_by_node(docker, settings)
    reserved = {node: sum(map(_memory_reservation, each)) for node, each in templates.items()}
    free = {node["ID"]: node["Description"]["Resources"]["MemoryBytes"] - reserved.get(node["ID"], 0) for node in nodes}
    fitting = [node for node in nodes if free[node["ID"]] >= memory]
    if wanted := settings.servers.gpus:
        taken = {node: sum(map(gpus.reserved_in, each)) for node, each in templates.items()}
        fitting = [node for node in fitting if gpus.offered_by(node) - taken.get(node["ID"], 0) >= wanted]
    first = min(fitting, key=lambda node: (-reserved.get(node["ID"], 0), node["Description"]["Hostname"], node["ID"]), default=None)
    return first["ID"] if first else None


async def limit_cores(docker: Docker, settings: Settings) -> Settings:
    """Returns the settings with a CPU limit that no machine of the class refuses: at most the cores of the smallest one.

    Docker refuses a container whose limit is above the cores of its machine (moby, daemon/daemon_unix.go). Swarm places servers by
    memory only, and may restart a server on any machine: also with the strategy `pack`, and on one that is down now.
    """
    if settings.cpu is None or settings.cpu <= 1:
        return settings
    cores = [node["Description"]["Resources"].get("NanoCPUs", 0) / _CORE for node in await class_nodes(docker, settings)]
    return replace(settings, cpu=min([settings.cpu, *filter(None, cores)]))


async def refuse_if_too_large(docker: Docker, settings: Settings, entry: QueueEntry) -> None:
    """Raises SpawnException if a start has no room even on an otherwise empty node of the class; nodes that are down count too."""
    wanted = settings.servers.gpus
    if wanted and max(map(gpus.offered_by, await class_nodes(docker, settings)), default=wanted) < wanted:
        raise refuse(NO_GPU, f"{entry.name}: {wanted} GPUs are needed")
    largest = await largest_server(docker, settings)
    if largest is not None and largest < entry.memory:
        raise refuse(TOO_LARGE, f"{entry.name}: {entry.memory / (1 << 30):.1f} GB are needed, at most {largest / (1 << 30):.1f} GB fit")


async def largest_server(docker: Docker, settings: Settings) -> int | None:
    """Returns how many bytes one server can reserve on a node without other users; None if there is no node. Nodes that are down count."""
    reserved: dict[str, int] = {}
    for task in await docker("tasks", filters={"desired-state": "running"}):
        if task.get("NodeID") and USER not in (task["Spec"].get("ContainerSpec", {}).get("Labels") or {}):
            reserved[task["NodeID"]] = reserved.get(task["NodeID"], 0) + _memory_reservation(task["Spec"])
    nodes = await class_nodes(docker, settings)
    return max((node["Description"]["Resources"]["MemoryBytes"] - reserved.get(node["ID"], 0) for node in nodes), default=None)


def constraints_for(settings: Settings, node: str | None) -> list[str]:
    """Returns the constraints for a server on this node; with None, on any node for users' servers."""
    return [*settings.placement, *([_ON + node] if node else [])]


async def update_constraints(docker: Docker, service: str, constraints: list[str]) -> None:
    """Changes the placement constraints of a service; a task whose node meets them keeps running.

    Swarm replaces a task when its service changes, unless only the constraints change and the task's node meets them (swarmkit,
    manager/orchestrator/task.go, IsTaskDirty). So everything else is sent back unchanged.
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


def _memory_reservation(template: dict) -> int:
    return ((template.get("Resources") or {}).get("Reservations") or {}).get("MemoryBytes", 0)


async def _templates_by_node(docker: Docker, settings: Settings) -> dict[str, list[dict]]:
    """Returns what reserves something of each node: all tasks that run there, and users' servers that will start there."""
    templates: dict[str, list[dict]] = {}
    placed = set()
    for task in await docker("tasks", filters={"desired-state": "running"}):
        if task.get("NodeID"):
            placed.add(task["ServiceID"])
            templates.setdefault(task["NodeID"], []).append(task["Spec"])
    for service in await docker("services", filters=user_filter(settings.name)):
        template = service["Spec"]["TaskTemplate"]
        node = next((each[len(_ON) :] for each in (template.get("Placement") or {}).get("Constraints") or [] if each.startswith(_ON)), None)
        if node and service["ID"] not in placed:
            templates.setdefault(node, []).append(template)
    return templates
