"""Fences lost nodes: a node that is down has no access to the homes until its old servers have ended.

Swarm restarts its servers on other nodes, but can end the old ones only when the node is back. Until then their writes wait, and
would then reach homes that the new servers already use.
"""

import logging
from pathlib import Path
from typing import NoReturn

import docker

from ..labels import FENCED, USER
from ..machines import address_of
from ..spawning import tasks
from .repeat import repeat

_log = logging.getLogger("fence")

# A label on a fenced node: whether it accepted new servers before.
_OPEN, _CLOSED = "open", "closed"


class NodeFencing:
    """Fences the nodes of a class through a folder of the storage, which denies access to each address that has a file there.

    It keeps no state of its own: each pass reads the current state, so an interrupted pass continues in the next one.
    """

    def __init__(self, swarm: docker.APIClient, folder: Path) -> None:
        """`folder` is the folder of the fenced addresses."""
        self._swarm, self._folder = swarm, folder

    def reconcile(self) -> None:
        """Fences nodes that are down, and readmits nodes that are ready and have no old servers.

        A node that was removed stays fenced: `swarmhub` removes its file after its export (src/pieces/storage/exports.ts).

        Raises the errors of Docker and the storage.
        """
        workers = [node for node in self._swarm.nodes() if not node.get("ManagerStatus") and address_of(node)]
        fenced = {path.name for path in self._folder.iterdir()}
        # A node that has joined again leaves an old entry with the same address, which stays down forever.
        ready = {address_of(node) for node in workers if _state(node) == "ready"}
        for node in workers:
            address, label = address_of(node), _labels(node).get(FENCED)
            if _state(node) == "down" and address not in ready:
                if address not in fenced:
                    (self._folder / address).touch()
                    _log.warning("node %s is down: it has no access to the homes until its old servers have ended", _name(node))
                if label is None:
                    self._pause(node)
            elif _state(node) == "ready" and not self._has_old_servers(node):
                # The storage needs up to a second to see that the file is gone. So the node accepts new servers only at the next pass.
                if address in fenced:
                    (self._folder / address).unlink(missing_ok=True)
                elif label is not None:
                    self._resume(node, label)
                    _log.warning("node %s is back, and its old servers have ended", _name(node))

    def _has_old_servers(self, node: dict) -> bool:
        node_tasks = self._swarm.tasks(filters={"node": node["ID"], "label": USER})
        return any(not tasks.is_alive(task) and tasks.state(task) not in tasks.ENDED for task in node_tasks)

    def _pause(self, node: dict) -> None:
        was_open = node["Spec"]["Availability"] == "active"
        self._update(node, {FENCED: _OPEN if was_open else _CLOSED}, "pause" if was_open else None)

    def _resume(self, node: dict, label: str) -> None:
        is_ours = label == _OPEN and node["Spec"]["Availability"] == "pause"
        self._update(node, {FENCED: None}, "active" if is_ours else None)

    def _update(self, node: dict, labels: dict[str, str | None], availability: str | None) -> None:
        spec = node["Spec"]
        remaining = {name: value for name, value in (_labels(node) | labels).items() if value is not None}
        updated = spec | {"Labels": remaining, "Availability": availability or spec["Availability"]}
        self._swarm.update_node(node["ID"], node["Version"]["Index"], updated)


def run_forever(swarm: docker.APIClient, folder: Path, seconds: float = 2) -> NoReturn:
    """Reconciles every `seconds`."""
    repeat(NodeFencing(swarm, folder).reconcile, seconds, _log, "the pass failed")


def _state(node: dict) -> str:
    return node["Status"]["State"]


def _labels(node: dict) -> dict[str, str]:
    return node["Spec"].get("Labels") or {}


def _name(node: dict) -> str:
    return node["Description"].get("Hostname") or node["ID"]
