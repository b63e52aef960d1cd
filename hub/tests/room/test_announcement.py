"""What a teacher says to everybody, and what a student asks: with files, and with a real hub, a real proxy and the real service."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from swarmhub.room.announcement import EMPTY, PASSED, TOO_LONG, Announcements, Unusable, time_in
from swarmhub.room.help_calls import HelpCalls

from ..support.fake_docker import FakeDocker
from ..support.real_hub import FOLDER, PASSWORD, TEACHER_PASSWORD
from ..support.user_server import UserServer
from ..support.wait import wait_in_thread_for
from . import test_page
from .test_page import NAVIGATION, PAGE, SCRIPT, Hub, Visitor


def test_an_announcement_is_there_until_its_time_or_until_it_is_withdrawn(tmp_path):
    found = Announcements(tmp_path / "announcement.json")
    assert found.current() is None
    first = found.announce("Break until 11:30", datetime.now(UTC) + timedelta(seconds=0.2))
    assert found.current() == first
    wait_in_thread_for(lambda: found.current() is None)
    found.announce("a")
    second = found.announce("b")
    assert (found.current(), second.until) == (second, None)
    assert found.withdraw()
    assert not found.withdraw()
    (tmp_path / "announcement.json").write_text('{"text": 1')
    assert found.current() is None


def test_hostile_texts_are_text_or_refused(tmp_path):
    found = Announcements(tmp_path / "announcement.json")
    found.announce('<img src=x onerror=alert(1)>\r\n\x1b[31m\x00\u202e\ud800 "quoted"\t🙂\u200d')
    assert found.html() == "&lt;img src=x onerror=alert(1)&gt;<br>[31m &quot;quoted&quot; 🙂\u200d"
    for text, sentence in ((" \n\x00", EMPTY), ("x" * 10_240, TOO_LONG), ("\x00" * 10_240 + "y" * 2001, TOO_LONG)):
        with pytest.raises(Unusable, match=sentence[:20]):
            found.announce(text)
    with pytest.raises(Unusable, match=PASSED[:20]):
        found.announce("x", datetime.now(UTC) - timedelta(seconds=1))
    for until in ("11:30", 5, "2126-01-01T00:00", []):
        with pytest.raises(Unusable):
            time_in(until)
    assert "img" in found.current().text


def test_calls_for_help_survive_a_restart_and_end_with_the_server(tmp_path):
    calls = HelpCalls(tmp_path / "help.json")
    calls.call("bob", 100.7)
    calls.call("bob", 200)
    again = HelpCalls(tmp_path / "help.json")
    assert (again.since("bob", 0), again.since("bob", 100.9), again.since("bob", 150), again.since("eve", 0)) == (100, 100, None, None)
    again.end("bob")
    assert not HelpCalls(tmp_path / "help.json")
    (tmp_path / "help.json").write_text('["bob"]')
    assert not HelpCalls(tmp_path / "help.json")


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("announcement")
    swarm, servers = FakeDocker(), UserServer(folder)
    swarm.script = ["running"]
    os.environ["PYTHONPATH"] = str(folder)
    Hub.quick = (*test_page.Hub.quick, *servers.options, "--SwarmHubSpawner.poll_interval=1")
    running = Hub(folder / "class", swarm.url, storage=None, teachers=["grace"])
    wait_in_thread_for(running.has_page)
    running.swarm = swarm
    yield running
    running.close()
    servers.close()
    swarm.close()
    del os.environ["PYTHONPATH"]


class Lab:
    """The extension in the JupyterLab of somebody, on another origin and without cookies."""

    def __init__(self, hub, token):
        self.address, self.token = f"http://127.0.0.1:{hub.proxy_port}{PAGE}", token

    def ask(self, path, method="GET", **headers):
        headers = {"Authorization": f"token {self.token}", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-site"} | headers
        request = urllib.request.Request(f"{self.address}{path}", headers=headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, b""

    def said(self):
        status, headers, body = self.ask("announcement", Authorization="")
        assert (status, headers["Access-Control-Allow-Origin"], headers["Access-Control-Allow-Credentials"]) == (200, "*", None)
        return json.loads(body).get("text")


@pytest.fixture(scope="module")
def grace(hub):
    return hub.at("grace", TEACHER_PASSWORD)


@pytest.fixture(scope="module")
def bob(hub):
    return hub.at("bob", PASSWORD)


def announce(grace, body, **headers):
    status, answer = grace.ask(f"{PAGE}announce", SCRIPT | {"X-XSRFToken": grace.open_page()} | headers, body)
    return status, json.loads(answer).get("message")


def state(grace):
    """Returns the state of the room, at first perhaps the one that the service knew before."""
    return dict(grace.events(grace.open_page(), 3))["room"]


def test_a_word_is_on_the_pages_of_the_hub_at_once_and_soon_in_every_jupyterlab_and_so_is_its_withdrawal(hub, grace, bob):
    text = "<b>Break</b>\nuntil 11:30"
    assert announce(grace, {"text": text, "until": None}) == (200, None)
    for page in (bob.open("/hub/home")[1], Visitor(bob.address).open("/hub/login")[1]):
        assert "&lt;b&gt;Break&lt;/b&gt;<br>until 11:30<br>Your files are kept only while" in page
    assert Lab(hub, "").said() == text
    wait_in_thread_for(lambda: (state(grace)["announcement"] or {}).get("text") == text)
    assert announce(grace, {"text": None}) == (200, None)
    assert "Break" not in bob.open("/hub/home")[1]
    wait_in_thread_for(lambda: Lab(hub, "").said() is None, 5)


def test_only_teachers_announce_from_the_page_and_hostile_bodies_are_sentences(grace, bob):
    body = {"text": "x"}
    assert grace.ask(f"{PAGE}announce", SCRIPT | {"X-XSRFToken": "x"}, body)[0] == 403
    assert announce(grace, body, **{"Sec-Fetch-Site": "same-site"})[0] == 403
    assert bob.ask(f"{PAGE}announce", SCRIPT | {"X-XSRFToken": grace.open_page()}, body)[0] == 403
    for wrong in ([], {}, "x", {"text": 1}, {"text": "x", "until": 5}):
        assert announce(grace, wrong)[0] == 400
    assert announce(grace, {"text": "x" * 10_240}) == (400, TOO_LONG)
    assert announce(grace, {"text": "x", "until": "2026-01-01T00:00:00Z"}) == (400, PASSED)
    wait_in_thread_for(lambda: state(grace)["announcement"] is None)


def test_the_operator_announces_with_a_command(hub, bob):
    environment = os.environ | {"SWARMHUB_ROOT": str(hub.root), "PYTHONPATH": str(FOLDER)}

    def command(**arguments):
        run = [sys.executable, "-m", "swarmhub.services.announce"]
        return json.loads(subprocess.check_output(run, input=json.dumps(arguments).encode(), env=environment, timeout=30))  # noqa: S603

    said = command(text="Hello", until="2126-12-01T09:00:00+01:00")
    assert (said["ok"], said["was"], said["announcement"]["text"]) == (True, False, "Hello")
    assert "Hello" in bob.open("/hub/home")[1]
    assert command()["announcement"]["text"] == "Hello"
    assert command(text="x" * 10_240) == {"ok": False, "why": TOO_LONG}
    assert command(withdraw=True) == {"ok": True, "was": True, "announcement": None}


def token_of(visitor, name):
    """Returns a token with the scopes of the one in the user's JupyterLab."""
    hub_token = visitor.open("/hub/home")[1].split('xsrf_token: "')[1].split('"')[0]
    headers = SCRIPT | {"X-XSRFToken": hub_token, "Content-Type": "application/json"}
    made = visitor.ask(f"/hub/api/users/{name}/tokens", headers, {"scopes": [f"access:servers!user={name}"], "expires_in": 600})
    assert made[0] == 201, made
    return json.loads(made[1])["token"]


def test_a_student_asks_for_help_with_the_token_of_jupyterlab_and_both_can_take_it_off(hub, grace, bob):
    lab = Lab(hub, token_of(bob, "bob"))

    def mark():
        return next(each for each in state(grace)["people"] if each["name"] == "bob").get("help")

    assert lab.ask("help", "POST")[0] == 503, "without a server"
    assert any(event.get("ready") for event in bob.start_server("bob"))
    # The second of two calls within a second is refused; a busy machine may need longer than that for two.
    wait_in_thread_for(lambda: [lab.ask("help", "POST")[0] for _ in range(2)] == [200, 429])
    wait_in_thread_for(lambda: abs((mark() or 0) - time.time()) < 10)
    wait_in_thread_for(lambda: json.loads(lab.ask("help")[2]) == {"help": True}, 5)
    assert grace.act(grace.open_page(), {"action": "helped", "users": ["bob"]})[1]["results"][0]["ok"]
    wait_in_thread_for(lambda: mark() is None)
    wait_in_thread_for(lambda: json.loads(lab.ask("help")[2]) == {"help": False}, 5)
    wait_in_thread_for(lambda: lab.ask("help", "POST")[0] == 200)
    wait_in_thread_for(lambda: lab.ask("help", "DELETE")[0] == 200)
    wait_in_thread_for(lambda: mark() is None)


def test_who_was_not_helped_before_the_server_stopped_can_ask_again_in_the_next_one(hub, grace, bob):
    lab = Lab(hub, token_of(bob, "bob"))
    calls = hub.root / "data/help.json"
    assert any(event.get("ready") for event in bob.start_server("bob"))
    wait_in_thread_for(lambda: lab.ask("help", "POST")[0] == 200)
    stop = {"action": "stop", "users": ["bob"], "confirm": "geo-101"}
    assert grace.act(grace.open_page(), stop)[1]["results"][0]["ok"]
    wait_in_thread_for(lambda: next(each for each in state(grace)["people"] if each["name"] == "bob")["state"] == "away")
    assert json.loads(calls.read_text()).keys() == {"bob"}
    assert any(event.get("ready") for event in bob.start_server("bob"))
    # Not only hidden: a hub that is restarted does not know when a server began.
    assert json.loads(calls.read_text()) == {}
    wait_in_thread_for(lambda: lab.ask("help", "POST")[0] == 200)
    wait_in_thread_for(lambda: json.loads(lab.ask("help")[2]) == {"help": True}, 10)


def test_nobody_asks_in_the_name_of_others(hub, grace, bob):
    for token in ("", "x", "x" * 10_000, hub.root.joinpath("data/operator-token").read_text()):
        assert Lab(hub, token).ask("help", "POST")[0] == 403
        assert Lab(hub, token).ask("help")[0] == 403
    for path in ("help?user=bob&wanted=yes", "announce", "news"):
        assert bob.ask(f"/hub/api/room/{path}", SCRIPT, None if path == "news" else {})[0] == 403
    status, headers, _ = Lab(hub, "").ask("help", "OPTIONS", Origin="https://bob.geo.example.org")
    assert (status, headers["Access-Control-Allow-Headers"]) == (204, "Authorization")
    status, page = grace.ask(PAGE, NAVIGATION)
    assert (status, 'id="announcing-text"' in page) == (200, True)


def test_the_jupyterlab_of_its_user_and_no_other_says_that_a_server_ran_out_of_memory(hub, bob, grace):
    lab, other = Lab(hub, token_of(bob, "bob")), Lab(hub, token_of(grace, "grace"))
    assert any(event.get("ready") for event in bob.start_server("bob"))
    assert json.loads(lab.ask("announcement")[2]) == {}
    hub.swarm.exit_code = 137
    hub.swarm.script = ["running", "failed|shutdown|task: non-zero exit (137) > running"]
    wait_in_thread_for(lambda: json.loads(lab.ask("announcement")[2]), 20)
    assert "used more memory than its limit (1 GB)" in json.loads(lab.ask("announcement")[2])["notice"]["text"]
    for each in (other, Lab(hub, ""), Lab(hub, "x"), Lab(hub, "x" * 10_000)):
        status, _, body = each.ask("announcement")
        assert (status, json.loads(body)) == (200, {})
