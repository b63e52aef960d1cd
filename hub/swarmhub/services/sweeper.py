"""A service of the hub that compares the hub with Swarm, and removes services and volumes without an owner.

`python -m swarmhub.services.sweeper CLASS PREFIX URL SECONDS [FOLDER]`: with the storage's folder of fenced addresses it also fences
lost nodes. PREFIX begins the names of users' services, and of the class's own, which get processor time before them.
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

from ..labels import USER, user_filter
from ..slug import former_slug, slug
from ..spawning.swarm import user_in
from . import node_fencing, processor_weight
from .hub_api import HubApi
from .repeat import repeat

_log = logging.getLogger("sweeper")


@dataclass
class Sweeper:
    """Sweeps one class; touches only services and volumes with the labels of this class and of a user's server."""

    class_name: str
    hub: HubApi
    swarm: docker.APIClient
    suspects: frozenset[str] = frozenset()

    def sweep(self) -> list[str]:
        """Removes services and volumes that no server of the hub needs; returns their names.

        A service is removed only if two sweeps in a row find it, because the hub may not know yet about a start that has just
        begun. Raises the errors of Docker and the hub; then the next sweep counts as the first one.
        """
        before, self.suspects = self.suspects, frozenset()
        ours = user_filter(self.class_name)
        # In this order: a service that exists before the hub reports no server for its user has no owner.
        services = self.swarm.services(filters=ours)
        owners = self.hub.active_users()
        stray = {each["ID"]: each["Spec"]["Name"] for each in services if user_in(each) not in owners}
        self.suspects = frozenset(stray)
        # By id: a service that the user is starting again at this moment has the same name.
        removed = [name for service_id, name in stray.items() if service_id in before and self._remove_service(service_id)]
        return removed + self._remove_volumes(ours, {home for user in owners for home in (slug(user), former_slug(user))})

    def _remove_service(self, service_id: str) -> bool:
        try:
            return self.swarm.remove_service(service_id)
        except NotFound:
            return False

    def _remove_volumes(self, ours: dict, homes: set[str]) -> list[str]:
        # Only on the manager: its Docker has no access to volumes on other nodes. A volume is only a mount; the home stays.
        unused = self.swarm.volumes(filters=ours | {"dangling": "true"})["Volumes"] or []
        removed = []
        for volume in unused:
            if volume["Labels"][USER] not in homes:
                try:
                    self.swarm.remove_volume(volume["Name"])
                except DockerException as error:  # a container uses it again
                    _log.info("%s was not removed: %s", volume["Name"], error)
                else:
                    removed.append(volume["Name"])
        return removed


def main(class_name: str, user_service_prefix: str, url: str, seconds: float, fenced: Path | None = None) -> None:
    """Sweeps every `seconds`; logs each error once and tries again."""
    if fenced:
        # In a separate thread, because it blocks while the storage is unavailable.
        Thread(target=node_fencing.run_forever, args=(_docker(), fenced), daemon=True).start()
    # In a separate thread, because the class needs it within seconds.
    Thread(target=processor_weight.run_forever, args=(_docker(), user_service_prefix), daemon=True).start()
    hub = HubApi(url, os.environ["JUPYTERHUB_API_TOKEN"])
    sweeper = Sweeper(class_name, hub, _docker())

    def sweep() -> None:
        for name in sweeper.sweep():
            _log.warning("removed %s, which had no owner", name)

    time.sleep(seconds)
    repeat(sweep, seconds, _log, "the sweep failed")


def _docker() -> docker.APIClient:
    return docker.APIClient(**docker.utils.kwargs_from_env(), version="auto", timeout=30)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="[%(levelname).1s %(asctime)s %(name)s] %(message)s")
    with contextlib.suppress(KeyboardInterrupt):  # the hub stops its services with this signal
        main(*sys.argv[1:4], float(sys.argv[4]), *map(Path, sys.argv[5:]))
