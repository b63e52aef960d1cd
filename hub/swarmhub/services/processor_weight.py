"""Gives the hub, the proxy and the edge processor time before the users' servers on the same machine.

Docker weighs all containers alike, so fifty notebooks that compute without end would leave the hub a fiftieth of the manager. A service
of Swarm has no key for the weight, so a container gets it while it runs, and one that replaces it within seconds.
"""

import logging
from collections.abc import Iterable
from typing import NoReturn

import docker
from docker.errors import NotFound

from .repeat import repeat

_log = logging.getLogger("processor-weight")
_SERVICE = "com.docker.swarm.service.name"
# The most that Docker takes. As cpu.weight of cgroup v2 it is 10000; a container without shares has 100.
SHARES = 262_144


class ProcessorWeight:
    """Raises the weight of the containers of these services on this machine."""

    def __init__(self, client: docker.APIClient, services: Iterable[str]) -> None:
        self._client, self._services = client, frozenset(services)
        self._raised: frozenset[str] = frozenset()

    def apply(self) -> list[str]:
        """Raises those that are new; returns the names of their services. Raises the errors of Docker."""
        found = self._client.containers(filters={"label": _SERVICE})
        ours = {each["Id"]: each["Labels"][_SERVICE] for each in found if each["Labels"][_SERVICE] in self._services}
        self._raised &= ours.keys()
        raised = []
        for container, service in ours.items():
            if container not in self._raised and self._raise(container):
                self._raised |= {container}
                raised.append(service)
                _log.info("%s has processor time before the users' servers", service)
        return raised

    def _raise(self, container: str) -> bool:
        try:
            self._client.update_container(container, cpu_shares=SHARES)
        except NotFound:  # it has ended
            return False
        return True


def run_forever(client: docker.APIClient, user_service_prefix: str, seconds: float = 5) -> NoReturn:
    """Looks every `seconds`. The parts' names begin like those of users' services (src/names.ts)."""
    prefix = user_service_prefix.removesuffix("nb-")
    weight = ProcessorWeight(client, [f"{prefix}{part}" for part in ("hub", "proxy", "edge")])
    repeat(weight.apply, seconds, _log, "setting the weights failed")
