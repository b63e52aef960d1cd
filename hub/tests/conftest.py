"""A fake Swarm, and spawners that use it through the real docker-py."""

from types import SimpleNamespace

import docker
import pytest

from swarmhub.spawning.seat_queue import Line
from swarmhub.spawning.spawner import SwarmHubSpawner
from swarmhub.spawning.start_limiter import Starts
from swarmhub.spawning.task_poller import Looks

from .support.examples import SETTINGS
from .support.fake_docker import FakeDocker


@pytest.fixture
def swarm():
    fake = FakeDocker()
    SwarmHubSpawner.looks, SwarmHubSpawner.line, SwarmHubSpawner.starts = Looks(), Line(), Starts()
    SwarmHubSpawner._client = docker.APIClient(base_url=fake.url, version="1.41")
    yield fake
    SwarmHubSpawner._client.close()
    SwarmHubSpawner._client = None
    fake.close()
    assert fake.unforeseen == []


class Spawner(SwarmHubSpawner):
    """The environment is JupyterHub's affair, and tested with the real hub."""

    answers = True

    def get_env(self):
        return {"A": "1"}

    async def _answers(self):
        return self.answers


def spawner(name="alice", **traits):
    quick = {"look_interval": 0.01, "start_timeout": 90, "seat_wait": 0.2, "line_wait": 60}
    user = SimpleNamespace(name=name)
    return Spawner(user=user, cmd=["jupyterhub-singleuser"], name_template="nb-{username}", **({"settings": SETTINGS} | quick | traits))
