"""The token of a program of others: what it may do with a real hub, for whom, and that it ends with its entry."""

import http.client
import json
import logging
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import pytest
from jupyterhub import orm
from jupyterhub.user import User

from swarmhub.services.outside import keep_memberships, scopes_of
from swarmhub.services.outside_options import OutsideProgram

from ..login.support import call, change_secret, change_settings, redirect_of
from ..support.fake_docker import RUNS, FakeDocker
from ..support.real_hub import FOLDER, PROXY, Browser, RunningHub
from ..support.user_server import UserServer
from ..support.wait import wait_in_thread_for

TOKEN, NEW_TOKEN, OTHER_TOKEN = "first-of-the-gateway", "second-of-the-gateway", "of-the-portal"
GATEWAY = {"name": "gateway", "group": "gw", "members": ["emil"], "may": ["start", "stop", "users"]}
PORTAL = {"name": "portal", "group": None, "may": ["users"]}
NEEDS_PROXY = pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci")


def test_a_program_has_the_scopes_of_its_words_and_no_others():
    assert scopes_of(OutsideProgram("gateway", ("stop",))) == ["delete:servers", "read:servers"]
    assert scopes_of(OutsideProgram("gateway", ("start",), "gw")) == ["read:servers!group=reached:gw", "start:servers!group=reached:gw"]


class ClassWithPrograms(RunningHub):
    """A class with a roster and two programs."""

    def start_proxy(self) -> None:
        write_roster(self, zoe=[], bob=[], emil=[], lena=["gw"], otto=[])
        for name, token in (("gateway", TOKEN), ("portal", OTHER_TOKEN)):
            change_secret(self, f"login-service-{name}", token)
        super().start_proxy()


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    root = tmp_path_factory.mktemp("hub")
    swarm = FakeDocker()
    swarm.script = RUNS
    server = UserServer(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(root))
        hub = ClassWithPrograms(root, swarm.url, *server.options, storage=None, roster=True, services=[GATEWAY, PORTAL])
        hub.swarm = swarm
        yield hub
        hub.close()
    server.close()
    swarm.close()


def test_a_login_replaces_the_groups_of_a_provider_but_not_those_of_programs(monkeypatch):
    monkeypatch.setattr(User, "sync_groups", User.sync_groups)
    keep_memberships()
    with orm.new_session_factory("sqlite:///:memory:")() as db:
        user = orm.User(name="zoe", groups=[orm.Group(name="old"), orm.Group(name="made:gw")])
        db.add(user)
        db.commit()
        stand_in = SimpleNamespace(orm_user=user, db=db, log=logging.getLogger(), name="zoe")
        User.sync_groups(stand_in, ["new", "reached:gw", "made:portal"])
        assert {group.name for group in user.groups} == {"new", "made:gw"}, "no provider gives a user to a program"


@pytest.mark.slow
@NEEDS_PROXY
def test_the_example_of_the_documentation_makes_a_user_starts_the_server_and_sends_the_browser_into_it(hub, tmp_path):
    text = (FOLDER.parent / "docs/gateway.md").read_text()
    [program] = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "open_notebook.py").write_text(program)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    site = f"http://127.0.0.1:{hub.hub_port}"
    environment = os.environ | {"HUB": site, "GW_TOKEN": TOKEN}
    gateway = subprocess.Popen([sys.executable, str(tmp_path / "open_notebook.py"), str(port)], env=environment)  # noqa: S603

    def click(user: str) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/", headers={"X-Remote-User": user})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", ""), answer.read().decode()

    try:
        wait_in_thread_for(lambda: is_listening(port))
        assert click("mallory")[2] == "mallory is not on the list of the class geo-101. Check the name, or ask your instructor."
        status, location, _ = click("Otto")
        assert (status, location) == (303, f"{site}/hub/user-redirect/lab")
        wait_in_thread_for(lambda: "geo-101-nb-otto" in hub.swarm.services)
        browser = Browser(site)
        assert 'name="password"' in browser.open("/hub/user-redirect/lab")[1], "the program logs nobody in"
        browser.log_in("otto")
        page = redirect_of(browser, "/hub/user-redirect/lab")  # of the start
        wait_in_thread_for(lambda: redirect_of(browser, page) == "/user/otto/lab")
        assert click("Otto")[0] == 303, "also while the server runs"
    finally:
        gateway.kill()
        gateway.wait()


@pytest.mark.slow
@NEEDS_PROXY
def test_a_program_reaches_its_group_alone_within_the_rules_and_ends_with_its_entry(hub):
    def ask(method, path, body=None, token=TOKEN):
        return call(hub, method, path, body, token=token)

    hub.browser().log_in("bob")
    hub.browser().log_in("emil")
    assert TOKEN not in (hub.root / "etc/swarmhub/hub.json").read_text() + hub.log()
    assert {each["name"] for each in ask("GET", "/users", token=OTHER_TOKEN)[1]} > {"ada", "bob"}, "without a group"

    status, answer = ask("POST", "/users/Zoe")
    assert (status, answer["name"]) == (201, "zoe"), "one spelling, as in a login"
    status, answer = ask("POST", "/users/ZOE")
    assert (status, answer["name"]) == (200, "zoe")
    assert ask("POST", "/users/mallory")[0] == 403
    assert "not in the group gw" in ask("POST", "/users/bob")[1]["message"]
    for name in ("ada", "Rehearsal-1"):
        assert ask("POST", f"/users/{name}")[0] == 403
    assert ask("POST", "/users/lena", {"admin": True})[0] == 400
    assert ask("POST", "/users/lena")[0] == 201
    assert {each["name"] for each in ask("GET", "/users")[1]} - {"otto"} == {"zoe", "emil", "lena"}, "made, configured, on the roster"

    assert ask("POST", "/users/zoe/server", {})[0] in (201, 202)
    wait_in_thread_for(lambda: ask("GET", "/users/zoe")[1]["servers"].get("", {}).get("ready"))
    assert ask("DELETE", "/users/zoe/server")[0] in (202, 204)
    for method, path, body in (
        ("POST", "/users/bob/server", {}),
        ("POST", "/users/ada/server", {}),
        ("GET", "/users/bob", None),
        ("POST", "/users", {"usernames": ["bob"]}),
        ("DELETE", "/users/zoe", None),
        ("PATCH", "/users/zoe", {"admin": True}),
        ("POST", "/users/zoe/tokens", {}),
        ("POST", "/groups/gw/users", {"users": ["bob"]}),
        ("GET", "/services/operator", None),
        ("POST", "/shutdown", {}),
        ("GET", "/proxy", None),
    ):
        assert ask(method, path, body)[0] in (403, 404), (method, path)

    write_roster(hub, bob=[], emil=[])
    wait_in_thread_for(lambda: ask("POST", "/users/zoe/server", {})[0] == 403, 10)
    assert "zoe is not on the list" in ask("POST", "/users/zoe/server", {})[1]["message"]

    hub.stop_hub()
    change_settings(hub, services=[GATEWAY | {"may": ["stop"]}])
    change_secret(hub, "login-service-gateway", NEW_TOKEN)
    hub.start_hub()
    assert ask("GET", "/users/zoe")[0] == 403, "the former token"
    assert ask("GET", "/users/zoe", token=NEW_TOKEN)[0] == 200
    assert ask("POST", "/users/zoe/server", {}, token=NEW_TOKEN)[0] == 403
    assert ask("POST", "/users/bob", token=NEW_TOKEN)[0] == 403
    assert ask("GET", "/users/zoe", token=OTHER_TOKEN)[0] == 403
    with sqlite3.connect(hub.root / "data/hub.sqlite") as database:
        found = database.execute("select name from roles union select name from services").fetchall()
    assert ("service-gateway",) in found
    assert not {("service-portal",), ("portal",)} & set(found)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def write_roster(hub, **people) -> None:
    """Writes roster.json as the CLI does, by a rename; each name has a list of groups."""
    found = [{"name": name, "shown": name, "groups": groups, "password": None} for name, groups in people.items()]
    path = hub.root / "etc/swarmhub/roster.json"
    path.with_suffix(".new").write_text(json.dumps({"people": found}))
    path.with_suffix(".new").rename(path)
