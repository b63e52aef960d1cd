"""The options of a server through each door of the real hub, and what an admin may do."""

import json
import shutil
import sqlite3

import pytest

from ..support.fake_docker import RUNS, FakeDocker
from ..support.real_hub import PROXY, RunningHub
from ..support.wait import wait_in_thread_for
from .test_pages import FETCH, ask

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]

IMAGES = [{"name": name, "description": "", "image": f"{name}@sha256:1", "memory": 1 << 30, "cpu": 1} for name in ("python", "r")]


@pytest.fixture(scope="module")
def swarm():
    fake = FakeDocker()
    fake.script = RUNS
    yield fake
    fake.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory, swarm):
    running = RunningHub(tmp_path_factory.mktemp("hub"), swarm.url, storage=None, images=IMAGES)
    yield running
    running.close()


@pytest.fixture
def user(hub):
    browser = hub.browser()
    browser.log_in("bob")
    return browser


def send(browser, method, path, body):
    token = next(cookie.value for cookie in browser.cookies if cookie.name == "_xsrf" and cookie.path == "/hub/")
    return ask(browser, path, FETCH, method, {"Content-Type": "application/json", "X-XSRFToken": token}, json.dumps(body))[0].status


def stored(hub):
    with sqlite3.connect(hub.root / "data/hub.sqlite") as database:
        return [json.loads(options) for (options,) in database.execute("select user_options from spawners") if options]


@pytest.mark.parametrize("options", [{"choice": "perl"}, {"choice": ["r"]}, {"x": "y" * 100_000}, {"choice": "r", "x": 1}, {"safe": "yes"}])
def test_only_the_name_of_an_image_and_a_safe_start_are_accepted_and_nothing_else_is_stored(hub, swarm, user, options):
    for body in (options, {"user_options": options}, {"display_name": "x", "user_options": options}):
        assert send(user, "POST", "/hub/api/users/bob/server", body) == 400
    assert send(user, "PATCH", "/hub/api/users/bob/server", {"user_options": options}) in (400, 404)
    assert stored(hub) in ([], [{}])
    assert swarm.created == []


def test_the_name_of_an_image_starts_a_server_with_it(hub, swarm, user):
    assert send(user, "POST", "/hub/api/users/bob/server", {"choice": "r"}) in (201, 202)
    wait_in_thread_for(lambda: swarm.services)
    assert swarm.services["geo-101-nb-bob"]["TaskTemplate"]["ContainerSpec"]["Image"] == "r@sha256:1"
    assert {"choice": "r"} in stored(hub)
    assert send(user, "DELETE", "/hub/api/users/bob/server", None) in (202, 204)
    wait_in_thread_for(lambda: not swarm.services)
    assert send(user, "PATCH", "/hub/api/users/bob/server", {"user_options": {"x": 1}}) == 400
