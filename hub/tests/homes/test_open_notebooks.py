"""Handing out asks users' servers for their open notebooks, and these answer anything, or nothing."""

import time
from functools import partial

import docker
import pytest

from swarmhub.homes import open_notebooks as module
from swarmhub.homes.open_notebooks import open_notebooks

from ..support.fake_docker import FakeDocker
from ..support.hostile_server import HOSTILE, numbered, once, response, servers_of

USERS = numbered()
HONEST = "xc8"


@pytest.fixture
def client():
    swarm = FakeDocker()
    for user in (*USERS, HONEST):
        swarm.add_service(f"127.0.0.0{user}", {"swarmhub.user": user}, user)
        swarm.services[f"127.0.0.0{user}"]["TaskTemplate"]["ContainerSpec"]["Env"].append(f"JUPYTERHUB_SERVICE_PREFIX=/user/{user}/")
    found = docker.APIClient(base_url=swarm.url, version="1.41")
    yield found
    found.close()
    swarm.close()


def test_no_answer_of_a_server_delays_a_hand_out_or_hides_what_others_have_open(client, monkeypatch):
    body = b'[{"path": "week2/lab1.ipynb"}]'
    answers = {user: HOSTILE[title] for user, title in USERS.items()} | {HONEST: once(response(f"Content-Length: {len(body)}", body=body))}
    with servers_of(answers) as servers:
        monkeypatch.setattr(module, "SERVER", f"http://{{service}}:{servers[HONEST].port}")
        monkeypatch.setattr(module, "_ask", partial(module._ask, seconds=1))
        began = time.monotonic()
        found = open_notebooks(client, "127.0.0.0", list(answers))
        assert time.monotonic() - began < 10
        assert all(server.requests for server in servers.values()), "each was asked"
    assert found.pop(HONEST) == {"week2/lab1.ipynb"}
    assert {title: found[user] for user, title in USERS.items() if found[user] not in (None, set())} == {}
    # Where nobody can tell what is open, nothing is replaced (handing_out.is_open_in).
    untold = {title for user, title in USERS.items() if found[user] is None}
    assert {
        "nothing",
        "one byte each 0.1 s",
        "a body without end",
        "200,000 [",
        "status 500",
        "a redirect to itself",
        "no status",
    } <= untold
