"""Teachers of a class with one password: they see and manage the class, but are no admins and enter no server."""

import json
import shutil

import pytest

from ..support.fake_docker import RUNS, FakeDocker
from ..support.real_hub import PROXY, TEACHER_PASSWORD, RunningHub
from ..support.wait import wait_in_thread_for
from ..web.test_pages import TAB, ask
from .support import call, change_settings, is_logged_in, make_token

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]


def test_a_teacher_manages_servers_but_enters_none_and_starts_anew_when_named(tmp_path):
    swarm = FakeDocker()
    swarm.script = RUNS
    hub = RunningHub(tmp_path, swarm.url, storage=None)
    try:
        grace, bob = hub.browser(), hub.browser()
        grace.log_in("grace")
        bob.log_in("bob")
        early = make_token(grace, "grace")
        assert call(hub, "GET", "/users", token=early)[0] == 403
        hub.stop_hub()
        change_settings(hub, teachers=["grace"])
        hub.start_hub()
        # Everybody with the password of the class could have been grace.
        assert not is_logged_in(grace)
        assert call(hub, "GET", "/user", token=early)[0] == 403
        grace.log_in("grace")
        assert not is_logged_in(grace), "the password of the class is not enough for a teacher"
        grace.log_in("grace", TEACHER_PASSWORD)
        token = make_token(grace, "grace")
        assert not json.loads(grace.open("/hub/api/user")[1])["admin"]
        assert {each["name"] for each in call(hub, "GET", "/users", token=token)[1]} == {"ada", "bob", "grace"}
        assert call(hub, "POST", "/users/bob/server", {}, token=token)[0] in (201, 202)
        wait_in_thread_for(lambda: "geo-101-nb-bob" in swarm.services)
        path = "/hub/api/oauth2/authorize?client_id=jupyterhub-user-bob&redirect_uri=%2Fuser%2Fbob%2Foauth_callback&response_type=code"
        assert ask(grace, path, TAB)[0].status == 403
        assert call(hub, "PATCH", "/users/grace", {"admin": True}, token=token)[0] == 403
        assert call(hub, "DELETE", "/users/bob", token=token)[0] == 403
        assert call(hub, "POST", "/users/bob/tokens", {}, token=token)[0] in (403, 404)
        assert grace.open("/hub/admin")[0] == 200
        hub.stop_hub()
        change_settings(hub, teachers=[])
        hub.start_hub()
        assert call(hub, "GET", "/users", token=token)[0] == 403, "a former teacher"
    finally:
        hub.close()
        swarm.close()
