"""A pytest plugin that runs JupyterHub's own tests with our spawner instead of the one that starts processes.

It must be loaded before jupyterhub.tests (`-p`). The Swarm is a fake, and runs the commands of its services as processes.
"""

import os
import subprocess

import docker
import jupyterhub.spawner
from jupyterhub.utils import random_port
from traitlets import default

from swarmhub.spawning.spawner import SwarmHubSpawner

from .examples import SETTINGS
from .fake_docker import FakeDocker


class _Processes(FakeDocker):
    """A fake Swarm that runs the commands of its services as processes."""

    def __init__(self) -> None:
        super().__init__()
        self._running: dict[str, subprocess.Popen] = {}

    def _create(self, query: dict, body: dict) -> tuple[int, object]:
        status, answer = super()._create(query, body)
        if status == 201:
            container = body["TaskTemplate"]["ContainerSpec"]
            environment = dict(each.split("=", 1) for each in container["Env"])
            self._running[body["Name"]] = subprocess.Popen(  # noqa: S603
                container["Args"], env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        return status, answer

    def _remove(self, query: dict, body: dict, name: str) -> tuple[int, object]:
        _end(self._running.pop(self.name_of(name), None))
        return super()._remove(query, body, name)

    def close(self) -> None:
        for process in self._running.values():
            _end(process)
        super().close()


def _end(process: subprocess.Popen | None) -> None:
    if process:
        process.kill()
        process.wait(10)


class LoopbackSpawner(SwarmHubSpawner):
    """Our spawner, with processes on loopback instead of containers."""

    start_poll_interval, queue_timeout = 0.05, 0

    @default("settings")
    def _settings_default(self):
        return SETTINGS

    @default("name_template")
    def _name_template_default(self):
        return "geo-101-nb-{username}"

    @default("port")
    def _port_default(self):
        return random_port()

    async def get_ip_and_port(self):
        return "127.0.0.1", self.port

    def user_env(self, env):
        """Adds no variables, unlike the method of the original spawner for processes."""
        return env


jupyterhub.spawner.SimpleLocalProcessSpawner = LoopbackSpawner
_swarm = _Processes()
SwarmHubSpawner._client = docker.APIClient(base_url=_swarm.url, version="1.41")


def pytest_unconfigure() -> None:
    _swarm.close()
    assert _swarm.unexpected == []
