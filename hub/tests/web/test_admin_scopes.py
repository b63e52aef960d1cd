"""What an admin may do with the servers of others."""

import json
import shutil

import pytest

from ..support.fake_docker import RUNS, FakeDocker
from ..support.real_hub import ADMIN_PASSWORD, PROXY, RunningHub
from ..support.wait import wait_in_thread_for
from .test_pages import TAB, ask
from .test_user_options import send

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]


@pytest.mark.parametrize("may_enter", [False, True])
def test_an_admin_starts_and_stops_servers_and_enters_them_only_if_the_class_says_so(tmp_path, may_enter):
    swarm = FakeDocker()
    swarm.script = RUNS
    hub = RunningHub(tmp_path, swarm.url, storage=None, adminsMayEnter=may_enter)
    try:
        ada, bob = hub.browser(), hub.browser()
        ada.log_in("ada", ADMIN_PASSWORD)
        bob.log_in("bob")
        me = json.loads(ada.open("/hub/api/user")[1])
        assert ("access:servers" in me["scopes"]) is may_enter
        assert "access:servers!user=ada" in me["scopes"] or may_enter
        assert "admin:servers" in me["scopes"]
        assert ('a[href*="/user/"]' in ada.open("/hub/admin")[1]) is not may_enter
        assert send(ada, "POST", "/hub/api/users/bob/server", {}) in (201, 202)
        wait_in_thread_for(lambda: "geo-101-nb-bob" in swarm.services)
        # The page by which a server asks who its visitor is.
        path = "/hub/api/oauth2/authorize?client_id=jupyterhub-user-bob&redirect_uri=%2Fuser%2Fbob%2Foauth_callback&response_type=code"
        assert ask(bob, path, TAB)[0].status == 302
        assert ask(ada, path, TAB)[0].status == (200 if may_enter else 403)
        assert send(ada, "DELETE", "/hub/api/users/bob/server", None) in (202, 204)
        wait_in_thread_for(lambda: not swarm.services)
    finally:
        hub.close()
        swarm.close()
