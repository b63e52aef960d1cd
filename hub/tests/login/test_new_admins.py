"""A real hub with users who become admins."""

import json
import shutil

import pytest

from ..support.fake_docker import RUNS
from ..support.real_hub import ADMIN_PASSWORD, PASSWORD, PROXY, RunningHub
from ..support.user_server import UserServer
from ..support.wait import wait_in_thread_for
from .support import call, change_settings, is_logged_in, make_token

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]


@pytest.fixture
def hub(tmp_path, swarm, monkeypatch):
    server = UserServer(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    running = RunningHub(tmp_path, swarm.url, "--SwarmHubSpawner.start_poll_interval=0.1", *server.options, admins=["grace"])
    for folder in ("homes", "owners", "pending"):
        (tmp_path / "storage" / folder).mkdir()
    (tmp_path / "storage/homes/ada").mkdir()
    yield running
    running.close()
    server.close()


def with_running_server(hub, swarm, name):
    swarm.script = RUNS
    browser = hub.browser()
    browser.log_in(name)
    assert browser.start_server(name)[-1].get("ready")
    return browser, make_token(browser, name)


def logged_in_admin(hub):
    grace = hub.browser()
    assert grace.log_in("grace", ADMIN_PASSWORD)[0] == 200
    return grace, make_token(grace, "grace")


def is_stopped(hub):
    return json.loads((hub.root / "data/new-admins.json").read_text())["ada"]["stopped"]


def assert_ada_started_anew(hub, swarm, old_browser, old_token):
    assert not is_logged_in(old_browser)
    assert call(hub, "GET", "/users", token=old_token)[0] == 403
    wait_in_thread_for(lambda: swarm.services == {})
    wait_in_thread_for(lambda: is_stopped(hub))
    assert hub.browser().log_in("ada", PASSWORD)[0] == 403
    ada = hub.browser()
    assert ada.log_in("ada", ADMIN_PASSWORD)[0] == 200
    assert 'href="/hub/admin"' in ada.open("/hub/home")[1]
    assert "ada is an admin now" in hub.log()
    for _ in ("before the start", "after it"):
        page = ada.open("/hub/home")[1]
        assert page.count("everybody with the class password could log in as ada") == 1
        assert page.count("swarmhub homes delete ada") == 1
        assert ada.start_server("ada")[-1]["ready"]
    assert "ada: Until 2" in hub.log()


def test_a_user_who_becomes_an_admin_by_the_configuration_starts_anew(hub, swarm):
    browser, token = with_running_server(hub, swarm, "ada")
    assert call(hub, "GET", "/user", token=token)[0] == 200
    hub.stop_hub()
    change_settings(hub, admins=["grace", "ada"])
    hub.start_hub()
    assert_ada_started_anew(hub, swarm, browser, token)
    # It happens once: the admin's own login survives the next restart.
    ada = hub.browser()
    ada.log_in("ada", ADMIN_PASSWORD)
    hub.stop_hub()
    hub.start_hub()
    assert is_logged_in(ada)
    assert list(swarm.services) == ["geo-101-nb-ada"]


def test_a_user_who_becomes_an_admin_on_the_admin_page_starts_anew_and_uses_the_admins_password(hub, swarm):
    browser, token = with_running_server(hub, swarm, "ada")
    _, admin_token = logged_in_admin(hub)
    status, answer = call(hub, "PATCH", "/users/ada", {"admin": True}, admin_token)
    assert (status, answer["admin"]) == (200, True)
    assert_ada_started_anew(hub, swarm, browser, token)
    hub.stop_hub()
    hub.start_hub()
    assert hub.browser().log_in("ada", PASSWORD)[0] == 403, "an admin of the admin page stays one"


def test_a_user_who_is_taken_out_of_the_admins_is_no_admin_after_the_start(hub):
    _, token = logged_in_admin(hub)
    assert call(hub, "GET", "/users", token=token)[0] == 200
    hub.stop_hub()
    change_settings(hub, admins=["ada"])
    hub.start_hub()
    assert call(hub, "GET", "/users", token=token)[0] == 403
    assert hub.browser().log_in("grace", ADMIN_PASSWORD)[0] == 403
    assert hub.browser().log_in("grace", PASSWORD)[0] == 200


def test_a_hub_that_was_killed_before_it_stopped_the_server_does_so_at_its_next_start(hub, swarm):
    with_running_server(hub, swarm, "ada")
    hub.stop_hub()
    (hub.root / "data/new-admins.json").write_text('{"ada": {"since": "2026-11-29T10:00:00+00:00", "stopped": false}}')
    hub.start_hub()
    wait_in_thread_for(lambda: swarm.services == {})
    wait_in_thread_for(lambda: is_stopped(hub))


def test_users_cannot_be_renamed(hub):
    hub.browser().log_in("ada")
    grace, token = logged_in_admin(hub)
    status, answer = call(hub, "PATCH", "/users/ada", {"name": "bob"}, token)
    assert status == 409
    assert "Users cannot be renamed, because the home belongs to the name." in answer["message"]
    assert call(hub, "PATCH", "/users/ada", {"name": "ada", "admin": False}, token)[0] == 200
    assert call(hub, "GET", "/users/bob", token=token)[0] == 404
    page = grace.open("/hub/admin")[1]
    assert "Users cannot be renamed." in page
    assert "A deleted user's home stays, and the next user with that name gets it." in page
