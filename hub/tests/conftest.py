"""A fake Swarm, and spawners that use it through the real docker-py."""

import signal
from types import SimpleNamespace

import docker
import pytest

from swarmhub.spawning.notices import UserNotices
from swarmhub.spawning.own_service import OwnServiceSpawner
from swarmhub.spawning.running_server import MemoryKills
from swarmhub.spawning.seat_queue import SeatQueue
from swarmhub.spawning.spawner import SwarmHubSpawner
from swarmhub.spawning.start_limiter import StartLimiter
from swarmhub.spawning.start_times import StartTimes
from swarmhub.spawning.task_poller import SharedTaskPoller
from swarmhub.spawning.warm_starts import WarmStarts

from .support.examples import SETTINGS
from .support.fake_docker import FakeDocker

# A shell starts what it does not wait for with SIGINT ignored, and all hubs and their services would inherit that. JupyterHub ends
# services with SIGINT, and would wait a minute for each.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def swarm(monkeypatch):
    """A fake Swarm, and a hub that has just begun: a test may replace what all spawners share, on SwarmHubSpawner."""
    fake = FakeDocker()
    shared = {
        "task_poller": SharedTaskPoller(),
        "seat_queue": SeatQueue(),
        "start_limiter": StartLimiter(),
        "memory_kills": MemoryKills(refresh=0),
        "notices": UserNotices(),
        "starts": StartTimes(),
        "warm": WarmStarts(),
        "_client": docker.APIClient(base_url=fake.url, version="1.41"),
    }
    for name, value in shared.items():
        monkeypatch.setattr(SwarmHubSpawner, name, value)
    monkeypatch.setattr(OwnServiceSpawner, "_has_read_back", False)
    yield fake
    SwarmHubSpawner._client.close()
    fake.close()
    assert fake.unexpected == []
    assert shared.keys().isdisjoint(vars(Spawner)), "it would stay there for all tests that follow"


class Spawner(SwarmHubSpawner):
    """A spawner without JupyterHub's environment, which is tested with the real hub."""

    listening = True

    def get_env(self):
        return {"A": "1", "JUPYTERHUB_USER": self.user.name}

    async def _is_listening(self):
        return self.listening


def spawner(name="alice", **traits):
    quick = {"start_poll_interval": 0.01, "start_timeout": 900, "placement_timeout": 60, "queue_timeout": 60, "docker_patience": 60}
    quick |= {"settings": SETTINGS, "name_template": f"{SETTINGS.user_service_prefix}{{username}}"}
    known = SimpleNamespace(name="", user_options={}, server=None, last_activity=None)
    return Spawner(user=SimpleNamespace(name=name), orm_spawner=known, cmd=["jupyterhub-singleuser"], **(quick | traits))
