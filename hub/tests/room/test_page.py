"""The page of the room, with a real hub, a real proxy and the real service."""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from swarmhub import room

from ..support.fake_docker import FakeDocker
from ..support.real_hub import ADMIN_PASSWORD, FOLDER, PASSWORD, PROXY, TEACHER_PASSWORD, Browser, RunningHub
from ..support.wait import wait_in_thread_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]

PAGE = "/services/room/"
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}
SCRIPT = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"}


class Hub(RunningHub):
    """A hub that its proxy reaches."""

    def start_hub(self) -> None:
        self.options = (*self.quick, f"--JupyterHub.hub_connect_url=http://127.0.0.1:{self.hub_port}")
        people = [{"name": name, "shown": name, "groups": [], "password": None} for name in ("bob", "carol", "mia")]
        (self.root / "etc/swarmhub/roster.json").write_text(json.dumps({"people": people}))
        super().start_hub()

    quick = ("--SwarmHubSpawner.http_timeout=2", "--SwarmHubSpawner.start_poll_interval=0.1", "--JupyterHub.last_activity_interval=1")

    def has_page(self) -> bool:
        return Browser(f"http://127.0.0.1:{self.proxy_port}").open(f"{PAGE}static/0/room.js")[0] == 200

    def at(self, user: str, password: str) -> "Visitor":
        browser = Visitor(f"http://127.0.0.1:{self.proxy_port}")
        browser.log_in(user, password)
        return browser


class Visitor(Browser):
    """A browser that says what its requests are for."""

    def ask(self, path: str, headers: dict[str, str], body: object = None) -> tuple[int, str]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers)  # noqa: S310
        try:
            with self.opener.open(request, timeout=30) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def open_page(self) -> str:
        """Opens the page, and returns the token in it."""
        status, page = self.ask(PAGE, NAVIGATION)
        assert status == 200, page
        return re.search(r'data-xsrf="([^"]+)"', page)[1]

    def act(self, token: str, body: object, **headers: str) -> tuple[int, dict]:
        status, answer = self.ask(f"{PAGE}act", SCRIPT | {"X-XSRFToken": token} | headers, body)
        return status, json.loads(answer)

    def send(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Sends a request and these bytes of its body, and returns its answer while that goes on."""
        cookies = "; ".join(f"{each.name}={each.value}" for each in self.cookies if PAGE.startswith(each.path))
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.address).netloc, timeout=20)
        connection.request(method, f"{PAGE}{path}", body, SCRIPT | {"Cookie": cookies} | headers)
        return connection, connection.getresponse()

    def events(self, token: str, count: int) -> list[tuple[str, dict]]:
        """Returns the first events of the stream."""
        connection, response = self.send("GET", f"events?_xsrf={token}")
        assert response.status == 200, response.read()
        found = []
        while len(found) < count:
            line = response.readline().decode()
            if line.startswith("event: "):
                found.append((line[7:].strip(), json.loads(response.readline()[6:])))
        connection.close()
        return found


@pytest.fixture(scope="module")
def swarm():
    fake = FakeDocker()
    yield fake
    fake.close()
    assert fake.unexpected == []


@pytest.fixture(scope="module")
def hub(tmp_path_factory, swarm):
    running = Hub(tmp_path_factory.mktemp("room"), swarm.url, storage=None, roster=True, teachers=["grace"])
    wait_in_thread_for(running.has_page)
    yield running
    running.close()


@pytest.fixture(scope="module")
def grace(hub):
    return hub.at("grace", TEACHER_PASSWORD)


@pytest.fixture(scope="module")
def bob(hub):
    return hub.at("bob", PASSWORD)


def room_of(visitor):
    return dict(visitor.events(visitor.open_page(), 3))["room"]


def state_of(visitor, user):
    return next(each for each in room_of(visitor)["people"] if each["name"] == user)


def test_a_teacher_and_an_admin_see_everybody_and_load_less_than_100_kb(hub, grace, bob):
    for teacher in (grace, hub.at("ada", ADMIN_PASSWORD)):
        found = dict(teacher.events(teacher.open_page(), 3))
        assert found["certificate"] == {"end": None}, "without HTTPS"
        assert found["room"]["class"] == "geo-101"
        roles = {each["name"]: each["role"] for each in found["room"]["people"]}
        # Two of the roster have never been here.
        assert roles == {"ada": "admin", "bob": "student", "carol": "student", "grace": "teacher", "mia": "student"}
        assert found["curves"].keys() == {"points", "starts"}
    page = grace.ask(PAGE, NAVIGATION)[1]
    found = re.findall(r'"(static/[0-9a-f]{12}/[a-z.]+)"', page)
    files = [grace.ask(f"{PAGE}{name}", NAVIGATION) for name in found]
    assert [status for status, _ in files] == [200] * 3
    folder = Path(room.__file__).parent / "page"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 100_000


def test_a_student_gets_neither_the_page_nor_the_state(hub, grace, bob):
    token = grace.open_page()
    assert bob.ask(PAGE, NAVIGATION)[0] == 403
    for path in ("events", "output?user=ada"):
        status, answer = bob.ask(f"{PAGE}{path}{'&' if '?' in path else '?'}_xsrf={token}", SCRIPT)
        assert status == 403
        assert "room" not in answer
    assert bob.act(token, {"action": "start", "users": ["bob"]})[0] == 403
    hub_token = re.search(r'xsrf_token: "([^"]+)"', bob.open("/hub/home")[1])[1]
    for path in ("", "/curves", "/output?user=ada"):
        assert bob.ask(f"/hub/api/room{path}", SCRIPT | {"X-XSRFToken": hub_token})[0] == 403
    for path in ("interrupt?user=ada", "quota?user=ada&bytes=4096", "admit?user=ada", "doors"):
        assert bob.ask(f"/hub/api/room/{path}", SCRIPT | {"X-XSRFToken": hub_token}, {})[0] == 403


def test_nobody_without_a_login_gets_anything(hub):
    visitor = Visitor(f"http://127.0.0.1:{hub.proxy_port}")
    assert "Sign in" in visitor.ask(PAGE, NAVIGATION)[1]
    for path in ("events", "output?user=ada", "act"):
        assert visitor.ask(f"{PAGE}{path}", SCRIPT)[0] in (403, 405)
    assert visitor.ask("/hub/api/room", SCRIPT)[0] == 403


@pytest.mark.parametrize(
    ("mode", "destination"),
    [("navigate", "iframe"), ("navigate", "object"), ("no-cors", "script"), ("no-cors", "empty"), ("cors", "empty")],
)
def test_the_page_is_only_for_a_tab_and_its_data_only_for_its_script(grace, mode, destination):
    token = grace.open_page()
    purpose = {"Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination, "Sec-Fetch-Site": "same-origin"}
    status, page = grace.ask(PAGE, purpose)
    assert status == 403
    assert "data-xsrf" not in page
    if mode != "cors":
        assert grace.ask(f"{PAGE}events?_xsrf={token}", purpose)[0] == 403


def test_the_page_cannot_be_framed_and_shares_no_window_with_its_opener(grace):
    request = urllib.request.Request(grace.address + PAGE, headers=NAVIGATION)  # noqa: S310
    with grace.opener.open(request) as response:
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
        assert response.headers["Cross-Origin-Opener-Policy"] == "noopener-allow-popups"


def test_a_request_without_the_token_of_the_page_is_refused_and_not_redirected(grace):
    grace.open_page()
    for headers in (SCRIPT, {}):  # with and without the headers of a browser
        for path in ("events", "events?_xsrf=x", "output?user=bob"):
            assert grace.ask(f"{PAGE}{path}", headers)[0] == 403
    assert grace.act("x", {"action": "start", "users": ["bob"]})[0] == 403
    token = grace.open_page()
    assert grace.act(token, {"action": "start", "users": ["bob"]}, **{"Sec-Fetch-Site": "same-site"})[0] == 403


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "x",
        {},
        {"action": "delete", "users": ["bob"]},
        {"action": ["start"], "users": ["bob"]},
        {"action": "start", "users": "bob"},
        {"action": "start", "users": []},
        {"action": "start", "users": [1]},
        {"action": "start", "users": ["bob"] * 1001},
        {"action": "quota", "users": ["bob"]},
        {"action": "quota", "users": ["bob"], "bytes": "1G"},
        {"action": "stop", "users": ["bob"]},
        {"action": "stop", "users": ["bob"], "confirm": "geo-102"},
        {"action": "restart", "users": ["bob"], "confirm": True},
        {"action": "safe-restart", "users": ["bob"], "confirm": ""},
    ],
)
def test_what_is_no_action_or_not_confirmed_is_refused(grace, body):
    status, answer = grace.act(grace.open_page(), body if body is not None else "[")
    assert status == 400
    assert answer["message"].endswith((".", "geo-101"))


def test_what_is_larger_than_the_names_of_a_thousand_people_is_refused_unread(grace):
    token = grace.open_page()
    sentence = {"message": "The request has no users that can be used."}
    assert grace.act(token, {"action": "start", "users": "x" * ((512 << 10) - 100)}) == (400, sentence)
    connection, response = grace.send("POST", "act", b"{", **{"X-XSRFToken": token, "Content-Length": str((512 << 10) + 1)})
    assert (response.status, response.read()) == (400, b"")
    connection.close()


def test_unknown_people_limits_that_are_none_and_servers_that_do_not_run_are_sentences(grace, bob):
    token = grace.open_page()

    def said(**body):
        return grace.act(token, body)[1]["results"][0]["say"]

    assert said(action="interrupt", users=["../../shutdown"]) == "Nobody in this class has that name."
    assert said(action="interrupt", users=["bob"]) == "This server does not run."
    for limit in (-1, 0, 4095, 10**17):
        assert said(action="quota", users=["bob"], bytes=limit) == "The limit must be a number of bytes, at least 4096."
    assert said(action="quota", users=["bob"], bytes=1 << 30) == "The homes of this class have no limit of their own."
    assert said(action="stop", users=["nobody"], confirm="geo-101")


def test_a_teacher_starts_and_stops_servers_and_reads_why_one_failed(swarm, grace, bob):
    swarm.script = ["running"]
    token = grace.open_page()
    assert grace.act(token, {"action": "start", "users": ["bob"]})[1]["results"] == [{"user": "bob", "ok": True, "say": None}]
    wait_in_thread_for(lambda: "geo-101-nb-bob" in swarm.services)
    wait_in_thread_for(lambda: state_of(grace, "bob")["state"] == "starting")
    # Nothing resolves the name of the server here, so it never answers.
    wait_in_thread_for(lambda: state_of(grace, "bob")["state"] == "failed")
    assert state_of(grace, "bob")["say"].startswith("Your server is running but does not respond.")
    lines = json.loads(grace.ask(f"{PAGE}output?user=bob", SCRIPT | {"X-XSRFToken": token})[1])["lines"]
    assert "did not start: Your server is running but does not respond." in lines[0]


def test_somebody_of_the_roster_gets_a_server_before_the_first_login(swarm, grace):
    token = grace.open_page()
    assert state_of(grace, "mia") == {"name": "mia", "role": "student", "state": "away"}
    assert grace.act(token, {"action": "start", "users": ["mia"]})[1]["results"] == [{"user": "mia", "ok": True, "say": None}]
    wait_in_thread_for(lambda: "geo-101-nb-mia" in swarm.services)


def test_a_safe_start_keeps_the_image_and_is_refused_like_any_other_start(hub, swarm, grace, bob):
    swarm.script = ["running"]
    token = grace.open_page()
    wait_in_thread_for(lambda: state_of(grace, "bob")["state"] in ("failed", "away"))
    assert grace.act(token, {"action": "safe-start", "users": ["bob"]})[1]["results"] == [{"user": "bob", "ok": True, "say": None}]
    wait_in_thread_for(lambda: "geo-101-nb-bob" in swarm.services)
    environment = swarm.services["geo-101-nb-bob"]["TaskTemplate"]["ContainerSpec"]["Env"]
    assert any("/tmp/home" in each for each in environment), environment  # no folder of the user
    wait_in_thread_for(lambda: state_of(grace, "bob")["state"] == "failed")
    assert grace.act(token, {"action": "safe-restart", "users": ["bob"]})[0] == 400, "without the name of the class"
    nobody = grace.act(token, {"action": "safe-start", "users": ["nobody"]})[1]["results"][0]
    assert (nobody["ok"], nobody["say"]) == (False, "Nobody in this class has that name.")


def test_a_teacher_closes_the_doors_with_the_name_of_the_class_and_opens_them(hub, grace, bob):
    token = grace.open_page()
    wish = {"closed": True, "until": None, "stopAfter": 600, "now": "2026-11-30T09:00:00+01:00", "zone": "Europe/Berlin"}

    def ask(**body):
        status, answer = grace.ask(f"{PAGE}doors", SCRIPT | {"X-XSRFToken": token}, wish | body)
        return status, json.loads(answer).get("message")

    assert ask() == (400, "Type the name of the class to confirm: geo-101")
    sentences = {"until": "tomorrow", "stopAfter": -1, "zone": 1}
    for key, value in sentences.items():
        status, sentence = ask(confirm="geo-101", **{key: value})
        assert status == 400
        assert sentence.endswith((".", "used."))
    assert bob.ask(f"{PAGE}doors", SCRIPT | {"X-XSRFToken": token}, wish | {"confirm": "geo-101"})[0] == 403
    assert ask(confirm="geo-101") == (200, None)
    wait_in_thread_for(lambda: room_of(grace)["closed"])  # a page may get what the service knew before
    found = room_of(grace)
    assert found["closed"].startswith("The class geo-101 is closed. Ask your instructor when it opens again. Servers that still run are")
    assert found["announcement"]["text"].startswith("The class is closed. Servers that still run are stopped on ")
    assert "(Europe/Berlin). Save your work." in found["announcement"]["text"]
    refused = grace.act(token, {"action": "start", "users": ["bob"]})[1]["results"][0]
    assert refused == {"user": "bob", "ok": False, "say": "The class geo-101 is closed. Ask your instructor when it opens again."}
    assert "is closed" in hub.at("carol", PASSWORD).log_in("carol")[1]
    assert ask(closed=False) == (200, None)
    wait_in_thread_for(lambda: (room_of(grace)["closed"], room_of(grace)["announcement"]) == (None, None))


def test_whoever_has_lost_the_right_can_do_nothing_from_that_moment(hub, bob):
    grace = hub.at("grace", TEACHER_PASSWORD)
    token = grace.open_page()
    tokens = json.loads(grace.open("/hub/api/users/grace/tokens")[1])["api_tokens"]
    for each in tokens:
        # With one token of a service, JupyterHub removes all that its user has of that service.
        if "room" in each.get("oauth_client", ""):
            assert grace.open(f"/hub/api/users/grace/tokens/{each['id']}", method="DELETE")[0] in (204, 404)
    assert grace.ask(f"{PAGE}events?_xsrf=x", SCRIPT)[0] == 403
    # The service still remembers what the token could do.
    assert grace.act(token, {"action": "start", "users": ["bob"]}) == (403, {"message": "This page is for teachers and admins."})


def test_prometheus_gets_figures_without_names_with_its_own_token_only(hub, grace, bob):
    token = (hub.root / "data/room-metrics-token").read_text()
    status, text = grace.ask(f"{PAGE}metrics", {"Authorization": f"Bearer {token}"})
    assert status == 200
    assert "\nswarmhub_seats 34\n" in text
    assert re.search(r'^swarmhub_servers\{state="away"\} [1-9]', text, re.MULTILINE)
    assert "bob" not in text
    for headers in ({}, NAVIGATION, {"Authorization": "Bearer x"}, {"Authorization": f"token {token}"}, {"Authorization": "Bearer \u00e4"}):
        assert grace.ask(f"{PAGE}metrics", headers)[0] == 403
    assert Visitor(grace.address).ask("/hub/api/room", {"Authorization": f"Bearer {token}"})[0] == 403


def test_the_command_of_the_operator_gets_the_same_state(hub, bob):
    environment = os.environ | {"SWARMHUB_ROOT": str(hub.root), "SWARMHUB_PORT": str(hub.hub_port), "PYTHONPATH": str(FOLDER)}
    command = [sys.executable, "-m", "swarmhub.services.room_state"]
    found = json.loads(subprocess.check_output(command, env=environment, timeout=30))  # noqa: S603
    assert found["class"] == "geo-101"
    assert "bob" in {each["name"] for each in found["people"]}
    wrong = subprocess.run(command, env=environment | {"SWARMHUB_PORT": "1"}, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    assert wrong.stderr.startswith("cannot reach the hub: ")
    assert "Traceback" not in wrong.stderr
