"""A service of the hub that compares hub and Swarm, and removes what nobody owns.

`python -m swarmhub.services.sweeper CLASS URL SECONDS [FOLDER]`

With the storage's folder for it, it also keeps lost machines from the homes.
"""

import contextlib
import logging
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import docker
from docker.errors import DockerException, NotFound
from requests.exceptions import RequestException

from ..slug import slug
from . import node_fencing
from .hub_api import HubApi

_log = logging.getLogger("sweeper")


@dataclass
class Sweeper:
    """Looks at one class; only what has its label and that of a user's server is ever touched."""

    class_name: str
    hub: HubApi
    swarm: docker.APIClient
    suspects: frozenset[str] = frozenset()

    def sweep(self) -> list[str]:
        """Removes the services and volumes that no server of the hub's needs; answers their names.

        A service goes at the second sweep in a row that finds it: the hub may know nothing yet of what it just began.
        Raises what Docker and the hub raise, and then nothing is suspected any more.
        """
        before, self.suspects = self.suspects, frozenset()
        labels = {"label": [f"swarmhub.class={self.class_name}", "swarmhub.user"]}
        # In this order: whoever has a service and then no server in the hub has lost it.
        services = self.swarm.services(filters=labels)
        owners = {slug(user) for user in self.hub.active_users()}
        stray = {each["ID"]: each["Spec"]["Name"] for each in services if each["Spec"]["Labels"]["swarmhub.user"] not in owners}
        self.suspects = frozenset(stray)
        # By id: a service that its user starts anew at this moment has the same name.
        removed = [name for service_id, name in stray.items() if service_id in before and self._remove_service(service_id)]
        return removed + self._remove_volumes(labels, owners)

    def _remove_service(self, service_id: str) -> bool:
        try:
            return self.swarm.remove_service(service_id)
        except NotFound:
            return False

    def _remove_volumes(self, labels: dict, owners: set[str]) -> list[str]:
        # Of this machine: the manager's Docker reaches no other's. A volume is only the way to a home, which stays.
        unused = self.swarm.volumes(filters=labels | {"dangling": "true"})["Volumes"] or []
        removed = []
        for volume in unused:
            if volume["Labels"]["swarmhub.user"] not in owners:
                try:
                    self.swarm.remove_volume(volume["Name"])
                except DockerException as error:  # a container has it again
                    _log.info("%s stays: %s", volume["Name"], error)
                else:
                    removed.append(volume["Name"])
        return removed


def main(class_name: str, url: str, seconds: float, fenced: Path | None = None) -> None:
    """Sweeps for ever; what fails is tried again next time, and said once."""
    if fenced:
        # In a thread of its own: it waits for the storage, for as long as that is away.
        Thread(target=node_fencing.run_forever, args=(_docker(), fenced), daemon=True).start()
    hub = HubApi(url, os.environ["JUPYTERHUB_API_TOKEN"])
    sweeper = Sweeper(class_name, hub, _docker())
    last_error = ""
    while True:
        time.sleep(seconds)
        try:
            for name in sweeper.sweep():
                _log.warning("%s belonged to nobody and is removed", name)
            last_error = ""
        except (DockerException, RequestException, OSError, ValueError, LookupError) as error:
            if str(error) != last_error:
                _log.warning("not now: %s", error)
            last_error = str(error)


def _docker() -> docker.APIClient:
    return docker.APIClient(**docker.utils.kwargs_from_env(), version="auto", timeout=30)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="[%(levelname).1s %(asctime)s %(name)s] %(message)s")
    with contextlib.suppress(KeyboardInterrupt):  # so the hub ends its services
        main(sys.argv[1], sys.argv[2], float(sys.argv[3]), *map(Path, sys.argv[4:]))
