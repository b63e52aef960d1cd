"""Warm starts in a real hub with a real proxy; only Docker and the users' servers are fakes."""

import contextlib
import json
import shutil
import time
from datetime import UTC, datetime, timedelta

import pytest

from swarmhub.login.closing import Closed, Closing
from swarmhub.services.operator_api import operator_token
from swarmhub.services.room_state import room_state
from swarmhub.services.warm_start import ask
from swarmhub.settings import Paths
from swarmhub.warm.timetable import DAYS

from ..support.fake_docker import FakeDocker
from ..support.real_hub import PROXY, RunningHub
from ..support.user_server import UserServer
from ..support.wait import wait_in_thread_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]


class Hub(RunningHub):
    """A hub with a roster."""

    names: tuple[str, ...] = ()

    def start_hub(self):
        if not (self.root / "data/warm.json").exists():
            self.write_roster(*self.names)
        super().start_hub()

    def write_roster(self, *names):
        path = self.root / "etc/swarmhub/roster.json"
        draft = path.with_name("draft")
        draft.write_text(json.dumps({"people": [{"name": name, "shown": name, "groups": [], "password": None} for name in names]}))
        draft.rename(path)

    def warm(self, action="report", **wanted):
        return ask(f"http://127.0.0.1:{self.hub_port}/hub/api", operator_token(Paths(self.root)), action, wanted)

    def room(self):
        return room_state(f"http://127.0.0.1:{self.hub_port}/hub/api", operator_token(Paths(self.root)))

    def state_of(self, user):
        return next(each for each in self.room()["people"] if each["name"] == user)

    def ended(self):
        starts = self.warm()["starts"]
        return bool(starts) and not any(start["going"] for start in starts)


def minutes_away():
    """A warm start that begins at once, for a time in one to two minutes, in a time zone where it is noon, so that no day ends before.

    A hub begins nothing for a time that was over when it first read the timetable, so the time must not come while it starts.
    """
    now = datetime.now(UTC)
    offset = 12 - now.hour
    local = now + timedelta(hours=offset, minutes=2)
    zone = f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"
    until = local + timedelta(hours=1)
    return {"days": [DAYS[local.weekday()]], "at": f"{local:%H:%M}", "until": f"{until:%H:%M}", "zone": zone, "group": None, "members": []}


@pytest.fixture
def swarm():
    with contextlib.closing(FakeDocker(["running"])) as fake:
        yield fake
    assert fake.unexpected == []


@pytest.fixture
def start_hub(tmp_path, swarm, monkeypatch):
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    server = UserServer(folder)
    hubs = []

    def start(*names, **changes):
        quick = ["--SwarmHubSpawner.start_poll_interval=0.1", "--SwarmHubSpawner.queue_turn=600"]
        settings = {"storage": None, "roster": True, "teachers": ["grace"], **changes}
        monkeypatch.setattr(Hub, "names", names)
        hubs.append(Hub(tmp_path / "hub", swarm.url, *server.options, *quick, **settings))
        hubs[0].paths = server.paths
        return hubs[0]

    yield start
    for hub in hubs:
        hub.close()
    server.close()


def test_the_timetable_starts_each_server_once_with_teachers_first_and_a_login_finds_it_ready(start_hub, swarm):
    hub = start_hub("bob", "carol", warm=[minutes_away()])
    wait_in_thread_for(hub.ended)
    [start] = hub.warm()["starts"]
    assert (start["ready"], start["total"], start["missing"]) == (3, 3, [])
    assert swarm.created[0] == "geo-101-nb-grace"
    assert sorted(swarm.created[1:]) == ["geo-101-nb-bob", "geo-101-nb-carol"]
    assert {f"/user/{name}/lab?no_track_activity=1" for name in ("grace", "bob", "carol")} < set(hub.paths)
    hub.stop_hub()
    hub.start_hub()
    wait_in_thread_for(lambda: hub.state_of("bob").get("warm") is True)
    assert hub.warm()["starts"] == [start]
    hub.write_roster("bob", "carol", "dora")
    key = hub.warm("plan")["key"]
    wait_in_thread_for(hub.ended)
    by_hand = next(each for each in hub.warm()["starts"] if each["key"] == key)
    assert (by_hand["ready"], swarm.created[3:]) == (4, ["geo-101-nb-dora"])
    bob = hub.browser()
    bob.log_in("bob")
    assert bob.start_server("bob")[-1]["ready"] is True
    assert swarm.created.count("geo-101-nb-bob") == 1
    assert [bob.open("/hub/api/warm", method=method)[0] for method in ("GET", "POST", "DELETE")] == [403] * 3, "bob is a student"


def test_a_warm_start_without_seats_failed_or_in_a_closed_class_says_why(start_hub, swarm):
    hub = start_hub("bob", "carol", "dora", seats=2)
    closing = Closing(hub.root / "data/closed.json")
    closing.close(Closed(datetime.now(UTC)))
    assert hub.warm("plan") == {"why": "The class is closed, so no server starts."}
    closing.reopen()
    assert hub.warm("plan", at=5) == {"why": "The time must be in the next eight days, by the clock of the manager."}
    assert hub.warm("plan", at=time.time() + 7200)["next"]["at"] > time.time()
    assert hub.warm("cancel") == {"cancelled": 1}

    swarm.script = ["failed|shutdown|No such image: r@sha256:1"]
    hub.warm("plan")
    wait_in_thread_for(hub.ended)
    [start] = hub.warm()["starts"]
    assert [each["name"] for each in start["missing"]] == ["grace", "bob", "carol", "dora"]
    assert {each["say"] for each in start["missing"]} == {"The notebook image cannot be downloaded. Please tell your instructor."}
    assert hub.state_of("bob")["state"] == "failed"

    swarm.script, swarm.seats = ["running"], 2
    hub.warm("plan")
    wait_in_thread_for(lambda: len(hub.warm()["starts"]) == 2 and hub.ended())
    start = hub.warm()["starts"][-1]
    assert (start["ready"], start["total"]) == (2, 4)
    assert start["missing"] == [{"name": name, "say": "No seat was left for a warm start."} for name in ("carol", "dora")]
    assert (hub.room()["queue"], hub.room()["warm"]["starts"][-1]) == (0, start)
    assert hub.state_of("carol")["state"] == "away", "carol has done nothing, and reads no failure"
    swarm.seats = 3
    browser = hub.browser()
    browser.log_in("carol")
    assert browser.start_server("carol")[-1]["ready"] is True
    assert "warm" not in hub.state_of("carol")
