"""A machine that is lost is kept from the homes, until its servers of before have ended.

Swarm starts its servers again elsewhere, and can end the old ones only once the machine is back: until then whatever they write
waits, and would land in homes in which others are at work by now.
"""

import ipaddress
import logging
import time
from pathlib import Path

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from ..spawning import tasks

_log = logging.getLogger("fence")

# On a node that is fenced: whether it took new servers before.
LABEL = "swarmhub.fenced"
_OPEN, _CLOSED = "open", "closed"


class NodeFencing:
    """The class's machines, and a folder of the storage: it refuses the homes to each address that has a file there.

    It looks at what is so each time and remembers nothing; whatever was cut off in the middle goes on from there.
    """

    def __init__(self, swarm: docker.APIClient, folder: Path) -> None:
        """Nothing is looked at yet."""
        self._swarm, self._folder = swarm, folder

    def reconcile(self) -> None:
        """Fences machines that are down, and lets those in again that are ready and free of old servers.

        Raises what Docker and the storage raise.
        """
        workers = [node for node in self._swarm.nodes() if not node.get("ManagerStatus") and _address(node)]
        fenced = {path.name for path in self._folder.iterdir()}
        # One that joined anew has a twin that is down for ever, under the same address.
        ready = {_address(node) for node in workers if _state(node) == "ready"}
        for node in workers:
            address, label = _address(node), _labels(node).get(LABEL)
            if _state(node) == "down" and address not in ready:
                if address not in fenced:
                    (self._folder / address).touch()
                    _log.warning("%s is lost: its servers are kept from the homes until they have ended", _name(node))
                if label is None:
                    self._pause(node)
            elif _state(node) == "ready" and not self._has_old_servers(node):
                # The storage sees within a second that the file is gone; only then a server may be started there.
                if address in fenced:
                    (self._folder / address).unlink(missing_ok=True)
                elif label is not None:
                    self._resume(node, label)
                    _log.warning("%s is back, and its old servers have ended", _name(node))
        for stray in fenced - {_address(node) for node in workers}:
            (self._folder / stray).unlink(missing_ok=True)

    def _has_old_servers(self, node: dict) -> bool:
        node_tasks = self._swarm.tasks(filters={"node": node["ID"], "label": "swarmhub.user"})
        return any(not tasks.is_alive(task) and tasks.state(task) not in tasks.ENDED for task in node_tasks)

    def _pause(self, node: dict) -> None:
        was_open = node["Spec"]["Availability"] == "active"
        self._update(node, {LABEL: _OPEN if was_open else _CLOSED}, "pause" if was_open else None)

    def _resume(self, node: dict, label: str) -> None:
        is_ours = label == _OPEN and node["Spec"]["Availability"] == "pause"
        self._update(node, {LABEL: None}, "active" if is_ours else None)

    def _update(self, node: dict, labels: dict[str, str | None], availability: str | None) -> None:
        spec = node["Spec"]
        remaining = {name: value for name, value in (_labels(node) | labels).items() if value is not None}
        updated = spec | {"Labels": remaining, "Availability": availability or spec["Availability"]}
        self._swarm.update_node(node["ID"], node["Version"]["Index"], updated)


def run_forever(swarm: docker.APIClient, folder: Path, seconds: float = 2) -> None:
    """Looks for ever; what fails is tried again at the next look, and said once."""
    fencing = NodeFencing(swarm, folder)
    last_error = ""
    while True:
        try:
            fencing.reconcile()
            last_error = ""
        except (DockerException, RequestException, OSError, ValueError, LookupError) as error:
            if str(error) != last_error:
                _log.warning("not now: %s", error)
            last_error = str(error)
        time.sleep(seconds)


def _state(node: dict) -> str:
    return node["Status"]["State"]


def _labels(node: dict) -> dict[str, str]:
    return node["Spec"].get("Labels") or {}


def _name(node: dict) -> str:
    return node["Description"].get("Hostname") or node["ID"]


def _address(node: dict) -> str:
    """By which the storage knows it, empty where there is none; it becomes the name of a file."""
    try:
        return str(ipaddress.IPv4Address(node["Status"].get("Addr", "")))
    except ValueError:
        return ""
