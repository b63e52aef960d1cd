"""What the sweeper removes and what it leaves alone, against the fake Swarm."""

import docker
import pytest
from docker.errors import APIError

from swarmhub.services.sweeper import Sweeper
from swarmhub.slug import former_slug

from ..conftest import spawner


class Hub:
    """A hub with servers of these users."""

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


async def test_servers_that_the_hub_knows_are_kept(swarm, sweeper):
    await spawner("alice").start()
    await spawner("Bob@example.org").start()
    assert [sweeper.sweep() for _ in range(3)] == [[], [], []]
    assert len(swarm.services) == 2


async def test_a_service_without_an_owner_is_removed_at_the_second_sweep(swarm, sweeper):
    await spawner("alice").start()
    await spawner("mallory").start()
    assert sweeper.sweep() == []
    assert sweeper.sweep() == ["geo-101-nb-mallory"]
    assert list(swarm.services) == ["geo-101-nb-alice"]
    assert sweeper.sweep() == []


async def test_a_service_belongs_to_the_user_in_it_and_not_to_the_user_whose_home_has_its_name(swarm, sweeper):
    mallory = spawner("mallory")
    mallory.use_home("alice")
    await mallory.start()
    sweeper.sweep()
    assert sweeper.sweep() == ["geo-101-nb-alice"]


async def test_a_server_in_a_home_with_a_former_name_is_kept_and_so_is_its_volume(swarm, sweeper):
    bob, former = spawner("Bob@example.org"), former_slug("Bob@example.org")
    bob.use_home(former)
    await bob.start()
    swarm.volumes = {f"swarmhub-home-{former}": {"swarmhub.class": "geo-101", "swarmhub.user": former}}
    assert [sweeper.sweep() for _ in range(3)] == [[], [], []]


async def test_a_service_is_not_removed_if_the_hub_learns_about_it_before_the_second_sweep(swarm, hub, sweeper):
    await spawner("carol").start()
    assert sweeper.sweep() == []
    hub.users.add("carol")
    assert sweeper.sweep() == []
    hub.users.remove("carol")
    assert sweeper.sweep() == []
    assert list(swarm.services) == ["geo-101-nb-carol"]


async def test_a_service_that_was_created_again_between_two_sweeps_counts_as_new(swarm, sweeper):
    await spawner("carol").start()
    sweeper.sweep()
    await spawner("carol").stop()
    await spawner("carol").start()
    assert sweeper.sweep() == []
    assert list(swarm.services) == ["geo-101-nb-carol"]


async def test_nothing_is_removed_while_the_hub_or_docker_does_not_respond_and_counting_starts_again(swarm, hub, sweeper):
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
    assert sweeper.sweep() == ["geo-101-nb-mallory"]


def test_services_and_volumes_without_both_labels_are_never_touched(swarm, sweeper):
    others = [
        ("hub", {"swarmhub.class": "geo-101"}),
        ("geo-101-nb-mallory", {}),
        ("other-nb-eve", {"swarmhub.class": "other", "swarmhub.user": "eve"}),
    ]
    for name, labels in others:
        swarm.add_service(name, labels)
    swarm.volumes = {"data": {}, "swarmhub-storage": {"swarmhub.class": "geo-101"}}
    assert [sweeper.sweep() for _ in range(3)] == [[], [], []]
    assert len(swarm.services) == len(others)


def test_volumes_of_users_without_a_server_are_removed_unless_they_are_in_use(swarm, sweeper):
    label = {"swarmhub.class": "geo-101"}
    swarm.volumes = {f"swarmhub-home-{user}": label | {"swarmhub.user": user} for user in ("alice", "carol", "dave")}
    swarm.mounted = {"swarmhub-home-dave"}
    assert sweeper.sweep() == ["swarmhub-home-carol"]
    assert set(swarm.volumes) == {"swarmhub-home-alice", "swarmhub-home-dave"}
