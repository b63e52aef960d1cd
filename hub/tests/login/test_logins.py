"""A real hub: which logins and tokens end, and when."""

import json
import re
import shutil
import sqlite3
from urllib.parse import parse_qs, urlencode, urlparse

import pytest

from ..support.fake_docker import RUNS
from ..support.real_hub import ADMIN_PASSWORD, PASSWORD, PROXY, RunningHub
from ..support.user_server import UserServer
from ..support.wait import wait_in_thread_for
from .support import call, change_secret, change_settings, is_logged_in, make_token, redirect_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]


@pytest.fixture
def hub(tmp_path, swarm, monkeypatch):
    server = UserServer(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    running = RunningHub(tmp_path, swarm.url, "--SwarmHubSpawner.start_poll_interval=0.1", *server.options, storage=None)
    yield running
    running.close()
    server.close()


def logged_in(hub, name, password=PASSWORD):
    browser = hub.browser()
    assert browser.log_in(name, password)[0] == 200
    return browser


def token_of_page(hub, browser, name, server_token):
    """Returns the token that a user's server puts into the cookie of the browser, as jupyterhub-singleuser requests it."""
    back = f"/user/{name}/oauth_callback"
    asked = {"client_id": f"jupyterhub-user-{name}", "redirect_uri": back, "response_type": "code", "state": "x"}
    code = redirect_of(browser, f"/hub/api/oauth2/authorize?{urlencode(asked)}")
    form = {"client_id": asked["client_id"], "client_secret": server_token, "grant_type": "authorization_code", "redirect_uri": back}
    answer = hub.browser().open("/hub/api/oauth2/token", form | {"code": parse_qs(urlparse(code).query)["code"][0]})
    return json.loads(answer[1])["access_token"]


def restart_with(hub, **passwords):
    hub.stop_hub()
    for name, value in passwords.items():
        change_secret(hub, f"{name}-password", value)
    hub.start_hub()


def test_a_new_class_password_ends_the_logins_and_tokens_of_users_and_a_new_admin_password_those_of_admins(hub, swarm):
    swarm.script = RUNS
    alice, ada = logged_in(hub, "alice"), logged_in(hub, "ada", ADMIN_PASSWORD)
    assert alice.start_server("alice")[-1]["ready"]
    environment = swarm.services["geo-101-nb-alice"]["TaskTemplate"]["ContainerSpec"]["Env"]
    (server_token,) = (line.split("=", 1)[1] for line in environment if line.startswith("JUPYTERHUB_API_TOKEN="))
    page_token = token_of_page(hub, alice, "alice", server_token)
    tokens = make_token(alice, "alice"), make_token(ada, "ada")
    # A token does not become a server's by its note.
    status, disguised = call(hub, "POST", "/users/alice/tokens", {"note": "Server at /user/alice/"}, tokens[0])
    assert status == 201

    restart_with(hub)
    assert [is_logged_in(alice), is_logged_in(ada)] == [True, True], "the same passwords"

    restart_with(hub, shared="another-class-password")
    assert [is_logged_in(alice), is_logged_in(ada)] == [False, True]
    assert [call(hub, "GET", "/user", token=token)[0] for token in (*tokens, disguised["token"], page_token)] == [403, 200, 403, 403]
    assert call(hub, "GET", "/user", token=server_token)[0] == 200, "a running server stays connected to the hub"
    assert hub.browser().log_in("alice", PASSWORD)[0] == 403
    alice = logged_in(hub, "alice", "another-class-password")
    assert list(swarm.services) == ["geo-101-nb-alice"]

    restart_with(hub, admin="9876543210" * 4)
    assert [is_logged_in(alice), is_logged_in(ada)] == [True, False]
    assert call(hub, "GET", "/user", token=tokens[1])[0] == 403


def test_a_login_lasts_as_long_as_the_configuration_says_and_tokens_end(hub):
    alice = logged_in(hub, "alice")
    token = make_token(alice, "alice")
    month = 30 * 86400
    status, answer = call(hub, "POST", "/users/alice/tokens", {"expires_in": month + 1}, token)
    assert (status, "must not exceed" in answer["message"]) == (400, True)
    assert re.findall(r">(1 \w+|Never)</option>", alice.open("/hub/token")[1]) == ["1 Hour", "1 Day", "1 Week", "1 Month"]
    hub.stop_hub()
    database = sqlite3.connect(hub.root / "data/hub.sqlite")
    with database:  # a token of an earlier version of the hub
        database.execute("update api_tokens set expires_at = null where user_id is not null")
    change_settings(hub, rememberSeconds=5)
    hub.start_hub()
    ends = database.execute("select expires_at from api_tokens where user_id is not null").fetchall()
    database.close()
    assert None not in [end for (end,) in ends]
    alice = logged_in(hub, "alice")
    assert is_logged_in(alice)
    wait_in_thread_for(lambda: not is_logged_in(alice), 30)


def test_nobody_logs_in_through_the_api_and_the_login_page_slows_down_guesses(hub):
    logged_in(hub, "alice")
    logged_in(hub, "ada", ADMIN_PASSWORD)
    for name, password in (("alice", PASSWORD), ("ada", ADMIN_PASSWORD), ("ada", "wrong")):
        for auth in ({"username": name, "password": password}, {"username": name, "password": password, "_xsrf": "x"}, name, [name]):
            assert call(hub, "POST", f"/users/{name}/tokens", {"auth": auth})[0] == 403
    guesser, known = hub.browser(), logged_in(hub, "bob")
    guesser.open("/hub/login")
    answers = [guesser.open("/hub/login", {"username": f"name-{number}", "password": "wrong"}) for number in range(62)]
    assert [status for status, _ in answers] == [403] * 60 + [429] * 2
    assert "Too many wrong passwords were typed in your network. Try again in" in answers[-1][1]
    claimer = hub.browser()  # without the proxy, as from a user's container
    claimer.opener.addheaders = [("X-Forwarded-For", "203.0.113.7"), ("X-Real-Ip", "203.0.113.7")]
    claimer.open("/hub/login")
    claimed = claimer.open("/hub/login", {"username": "carol", "password": "wrong"})
    assert "Too many wrong passwords were typed in your network" in claimed[1], "no other address can be claimed"
    assert 'value="name-61"' in answers[-1][1], "the form keeps the name"
    assert "Many wrong passwords for 'name-59' or from 127.0.0.1" in hub.log()
    known.open("/hub/logout")
    assert known.log_in("bob")[0] == 200, "a browser that has logged in before"
    assert hub.browser().log_in("ada", ADMIN_PASSWORD)[0] == 200


def test_a_browser_that_is_new_under_a_name_in_use_is_asked_whether_the_name_is_its_own(hub, swarm):
    swarm.script = RUNS
    alice = logged_in(hub, "Alice")
    second = hub.browser()
    status, page = second.log_in(" ALICE", mine="")
    assert status == 409
    assert "The name alice was used a short time ago. Was it you?" in page
    assert 'type="password"' not in page
    assert 'href="/hub/login?next=%2Fhub%2Fhome">No, choose another name' in page
    assert not is_logged_in(second)

    assert alice.start_server("alice")[-1]["ready"]
    status, page = second.log_in("alice", mine="")
    assert (status, "A server with the name alice is running. Is it yours?" in page) == (409, True)
    # Without the right password nobody learns who is in, and the answer counts for this browser and name only.
    assert hub.browser().log_in("alice", "wrong", mine="")[0] == 403
    assert second.open("/hub/login", {"username": "bob", "mine": "yes"})[0] == 400
    assert hub.browser().open("/hub/login", {"username": "alice", "mine": "yes"})[0] in (400, 403)
    assert second.open("/hub/login?next=%2Fhub%2Fhome", {"username": "alice", "mine": "yes"})[0] == 200
    assert is_logged_in(second)

    second.open("/hub/logout")
    assert second.log_in("alice", mine="")[0] == 200, "it has been in before"
    assert hub.browser().log_in("carol", mine="")[0] == 200, "nobody uses this name"
    assert hub.browser().log_in("ada", ADMIN_PASSWORD, mine="")[0] == 200
    assert hub.browser().log_in("ada", ADMIN_PASSWORD, mine="")[0] == 200, "admins are not asked"
