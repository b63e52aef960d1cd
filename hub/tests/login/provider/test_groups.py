"""What the groups of a provider give to a server and its home, with a real hub."""

import json
from hashlib import sha256

import pytest

from swarmhub.homes.handouts import Store
from swarmhub.homes.versions import File, Version
from swarmhub.services.group_members import group_members

from ...support.fake_docker import FakeDocker
from ...support.wait import wait_in_thread_for
from ..support import call, make_token
from .test_doors import ProviderHub, method

TUTORS = {"name": "tutors", "members": ["grace"], "claims": ["x", "uni:tutors"], "memory": 2 << 30, "cpu": 3, "images": []}
ADA = {"sub": "a-1", "preferred_username": "ada"}


@pytest.fixture
def docker():
    found = FakeDocker()
    yield found
    found.close()


@pytest.fixture
def hub(tmp_path, provider, docker):
    found = ProviderHub(tmp_path, docker.url, provider, loginMethod=method(provider), admins=[], servers={"groups": [TUTORS]})
    for name in ("owners", "pending", "groups", "homes/ada"):
        (tmp_path / "storage" / name).mkdir(parents=True)
    yield found
    found.close()


def limits_of_a_start(hub, docker, **claims):
    """Returns the memory and the cores of the server that somebody starts after a login, and the groups in the note of the home."""
    browser, _, _ = hub.sign_in(ADA | claims)
    token = make_token(browser, "ada")
    assert call(hub, "POST", "/users/ada/server", token=token)[0] in (201, 202)
    wait_in_thread_for(lambda: "geo-101-nb-ada" in docker.services)
    limits = docker.services["geo-101-nb-ada"]["TaskTemplate"]["Resources"]["Limits"]
    call(hub, "DELETE", "/users/ada/server", token=token)
    wait_in_thread_for(lambda: call(hub, "GET", "/users/ada", token=token)[1]["servers"] == {})
    note = hub.root / "storage/groups/ada"
    return limits["MemoryBytes"], limits["NanoCPUs"] / 1e9, json.loads(note.read_text())["groups"] if note.exists() else []


def hand_out(hub, name, group):
    """Hands a file out to a group before any of its members has a home."""
    file = File(name, sha256(b"1").hexdigest(), 1)
    store = Store(hub.root / "storage/handouts")
    store.publish(Version(name, 0, (file,), (), (group,)), lambda folder: (folder / name).write_text("1"))


def test_a_server_and_its_home_follow_what_the_provider_said_at_the_last_login(hub, docker):
    for name, group in {"a.txt": "tutors", "b.txt": "unknown", "c.txt": "uni:tutors-2", "d.txt": "lab-1"}.items():
        hand_out(hub, name, group)
    assert limits_of_a_start(hub, docker, groups=["uni:tutors", "unknown"]) == (2 << 30, 3, ["tutors"])
    assert sorted(each.name for each in (hub.root / "storage/homes/ada").glob("*.txt")) == ["a.txt", "b.txt"]
    token = (hub.root / "data/operator-token").read_text()
    api = f"http://127.0.0.1:{hub.hub_port}/hub/api"
    asked = ["tutors", "unknown", "uni:tutors", "a&b=ü", *(f"group {number}" for number in range(60))]
    found = group_members(api, token, asked)
    assert {group: names for group, names in found.items() if names} == {
        "tutors": ["ada", "grace"],
        "unknown": ["ada"],
        "uni:tutors": ["ada"],
    }
    assert set(found) == set(asked)
    assert call(hub, "GET", "/group-members?group=tutors", token=make_token(hub.sign_in(ADA)[0], "ada"))[0] == 403
    assert limits_of_a_start(hub, docker, groups=["tutors"]) == (1 << 30, 1.5, [])
    assert group_members(api, token, ["tutors"]) == {"tutors": ["grace"]}, "the last login counts"
