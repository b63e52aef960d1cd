"""What the sweeper removes and what it leaves alone, against the fake Swarm."""

import docker
import pytest
from docker.errors import APIError

from swarmhub.services.sweeper import Sweeper

from ..conftest import spawner


class Hub:
    """A hub that knows these users' servers."""

    def __init__(self, *users):
        self.users = set(users)
        self.is_away = False

    def active_users(self):
        if self.is_away:
            raise ConnectionRefusedError
        return self.users


@pytest.fixture
def client(swarm):
    client = docker.APIClient(base_url=swarm.url, version="1.41")
    yield client
    client.close()


@pytest.fixture
def hub():
    return Hub("alice", "Bob@example.org")


@pytest.fixture
def sweeper(client, hub):
    return Sweeper("geo-101", hub, client)


async def test_servers_that_the_hub_knows_stay(swarm, sweeper):
    await spawner("alice").start()
    await spawner("Bob@example.org").start()
    assert [sweeper.sweep() for _ in range(3)] == [[], [], []]
    assert len(swarm.services) == 2


async def test_a_service_that_no_server_belongs_to_goes_at_the_second_sweep(swarm, sweeper):
    await spawner("alice").start()
    await spawner("mallory").start()
    assert sweeper.sweep() == []
    assert sweeper.sweep() == ["nb-mallory"]
    assert list(swarm.services) == ["nb-alice"]
    assert sweeper.sweep() == []


async def test_a_start_that_the_hub_did_not_know_yet_is_no_stray(swarm, hub, sweeper):
    await spawner("carol").start()
    assert sweeper.sweep() == []
    hub.users.add("carol")
    assert sweeper.sweep() == []
    hub.users.remove("carol")
    assert sweeper.sweep() == []
    assert list(swarm.services) == ["nb-carol"]


async def test_a_service_made_anew_between_two_sweeps_is_another_one(swarm, sweeper):
    await spawner("carol").start()
    sweeper.sweep()
    await spawner("carol").stop()
    await spawner("carol").start()
    assert sweeper.sweep() == []
    assert list(swarm.services) == ["nb-carol"]


async def test_nothing_is_removed_while_the_hub_or_docker_does_not_answer_and_counting_begins_anew(swarm, hub, sweeper):
    await spawner("mallory").start()
    sweeper.sweep()
    hub.is_away = True
    with pytest.raises(ConnectionRefusedError):
        sweeper.sweep()
    hub.is_away = False
    swarm.broken = True
    with pytest.raises(APIError):
        sweeper.sweep()
    swarm.broken = False
    assert sweeper.sweep() == []
    assert sweeper.sweep() == ["nb-mallory"]


def test_what_has_not_both_labels_is_never_touched(swarm, sweeper):
    others = [("hub", {"swarmhub.class": "geo-101"}), ("nb-mallory", {}), ("nb-eve", {"swarmhub.class": "other", "swarmhub.user": "eve"})]
    for name, labels in others:
        swarm.add_service(name, labels)
    swarm.volumes = {"data": {}, "swarmhub-storage": {"swarmhub.class": "geo-101"}}
    assert [sweeper.sweep() for _ in range(3)] == [[], [], []]
    assert len(swarm.services) == len(others)


def test_volumes_of_users_without_a_server_go_and_those_in_use_stay(swarm, sweeper):
    label = {"swarmhub.class": "geo-101"}
    swarm.volumes = {f"swarmhub-home-{user}": label | {"swarmhub.user": user} for user in ("alice", "carol", "dave")}
    swarm.mounted = {"swarmhub-home-dave"}
    assert sweeper.sweep() == ["swarmhub-home-carol"]
    assert set(swarm.volumes) == {"swarmhub-home-alice", "swarmhub-home-dave"}
