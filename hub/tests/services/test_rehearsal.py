"""The people of a rehearsal in a real JupyterHub with a real proxy; Docker and the users' servers are fakes."""

import contextlib
import json
import shutil
import time
import urllib.parse
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from tornado.web import HTTPError

from swarmhub.login.access import Access
from swarmhub.login.closing import Closed, Closing
from swarmhub.login.roster import Roster
from swarmhub.services import rehearsal, rehearsal_api
from swarmhub.services.operator_api import operator_token
from swarmhub.services.rehearsal import Rehearsal, refuse_rehearsal_names
from swarmhub.services.rehearsal_names import MOST_PEOPLE, is_rehearsal_name, rehearsal_name
from swarmhub.settings import Paths
from swarmhub.slug import slug

from ..support.fake_docker import FakeDocker
from ..support.real_hub import PROXY, RunningHub
from ..support.user_server import UserServer

real = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]


def test_the_names_of_rehearsals_are_those_of_the_contract():
    path = Path(__file__).parents[3] / "test/fixtures/contracts/rehearsal.json"
    fixture = json.loads(path.read_text())
    assert fixture["most"] == MOST_PEOPLE
    for name, home in fixture["homes"].items():
        assert is_rehearsal_name(name)
        assert slug(name) == home
    for name in fixture["others"]:
        assert not is_rehearsal_name(name)
    assert rehearsal_name(1) in fixture["homes"]


async def test_a_method_of_login_that_keeps_capital_letters_is_refused_such_a_name(monkeypatch):
    class Institution(Authenticator):
        allow_all = True

        def normalize_username(self, username):
            return username

        async def authenticate(self, _handler, data):
            return data["username"]

    monkeypatch.setattr(Authenticator, "get_authenticated_user", Authenticator.get_authenticated_user)
    refuse_rehearsal_names()
    assert (await Institution().get_authenticated_user(None, {"username": "Ada"}))["name"] == "Ada"
    with pytest.raises(HTTPError, match="reserved for rehearsals"):
        await Institution().get_authenticated_user(None, {"username": "Rehearsal-1"})


def test_a_closed_class_and_its_roster_let_the_people_of_a_rehearsal_in(tmp_path):
    closing = Closing(tmp_path / "closed.json")
    closing.close(Closed(datetime.now(UTC)))
    access = Access("geo-101", closing, Roster(tmp_path / "roster.json"))
    assert access.refusal_for("Rehearsal-1") is None
    assert "closed" in access.refusal_for("rehearsal-1")


@pytest.mark.parametrize(("silent", "people", "ends"), [(601, ["Rehearsal-1"], 1), (599, ["Rehearsal-1"], 0), (601, [], 0)])
async def test_a_rehearsal_whose_operator_is_gone_is_ended_by_the_hub(monkeypatch, tmp_path, silent, people, ends):
    ended = []
    monkeypatch.setattr(rehearsal_api, "end", lambda api, token: ended.append((api, token)))
    monkeypatch.setattr(rehearsal, "names_in", lambda _db: people)
    monkeypatch.setattr(JupyterHub, "instance", lambda: SimpleNamespace(db=None))
    found = Rehearsal("http://hub/api", "token", tmp_path)
    found.heard_at = time.monotonic() - silent
    found.end_if_abandoned()
    found.end_if_abandoned()  # the end takes minutes
    if found._ending:
        await found._ending
    assert ended == [("http://hub/api", "token")] * ends


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rehearsal")
    with contextlib.closing(FakeDocker()) as swarm, contextlib.closing(UserServer(folder)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        quick = ["--SwarmHubSpawner.start_poll_interval=0.1", *server.options]
        running = RunningHub(folder / "hub", swarm.url, *quick, storage=None)
        running.swarm = swarm
        yield running
        running.close()


@pytest.fixture
def api(hub):
    found = f"http://127.0.0.1:{hub.hub_port}/hub/api", operator_token(Paths(hub.root))
    yield found
    assert rehearsal_api.end(*found) == {"left": []}


def come_in(hub, ticket):
    """Uses a ticket; returns the browser, the status and the page."""
    browser = hub.browser()
    browser.open("/hub/login")
    return browser, *browser.open("/hub/rehearsal?next=%2Fhub%2Fhome", {"ticket": ticket})


class TestRehearsal:
    pytestmark = real

    def test_a_person_comes_in_once_with_a_ticket_and_starts_a_server(self, hub, api):
        person, other = rehearsal_api.begin(*api, 2)["people"]
        browser, status, page = come_in(hub, person["ticket"])
        assert (status, person["name"]) == (200, "Rehearsal-1")
        assert "Rehearsal-1" in page
        assert come_in(hub, person["ticket"])[1] == 403
        assert browser.start_server("Rehearsal-1")[-1]["ready"]
        assert rehearsal_api.hear(*api)["people"] == [{"name": "Rehearsal-1", "active": True}, {"name": other["name"], "active": False}]

    def test_nothing_is_left_after_the_end(self, hub, api):
        (person,) = rehearsal_api.begin(*api, 1)["people"]
        browser, _, _ = come_in(hub, person["ticket"])
        browser.start_server("Rehearsal-1")
        service = f"geo-101-nb-{slug('Rehearsal-1')}"
        assert service in hub.swarm.services
        reports = hub.root / "data/failed-starts"
        reports.mkdir(exist_ok=True)
        (reports / slug("Rehearsal-1")).write_text("x")
        assert rehearsal_api.end(*api) == {"left": []}
        assert rehearsal_api.hear(*api)["people"] == []
        assert service not in hub.swarm.services
        assert not (reports / slug("Rehearsal-1")).exists()
        assert come_in(hub, person["ticket"])[1] == 403
        assert "Sign in" in browser.open("/hub/home")[1]

    def test_a_start_that_waits_for_a_seat_is_ended_too(self, hub, api):
        hub.swarm.seats = 0
        try:
            (person,) = rehearsal_api.begin(*api, 1)["people"]
            browser, _, _ = come_in(hub, person["ticket"])
            browser.open("/hub/spawn/Rehearsal-1")
            assert rehearsal_api.hear(*api)["people"][0]["active"]
            assert rehearsal_api.end(*api) == {"left": []}
        finally:
            hub.swarm.seats = None

    @pytest.mark.parametrize("name", ["Rehearsal-1", "REHEARSAL-1"])
    def test_a_student_who_types_such_a_name_is_somebody_else(self, hub, api, name):
        rehearsal_api.begin(*api, 1)
        student = hub.browser()
        assert "rehearsal-1" in student.log_in(name)[1]
        assert rehearsal_api.hear(*api)["people"] == [{"name": "Rehearsal-1", "active": False}]
        assert slug("rehearsal-1") != slug("Rehearsal-1")
        assert student.open("/hub/rehearsal", {"ticket": ""})[0] == 403

    def test_only_the_operator_may_ask(self, hub, api):
        student = hub.browser()
        student.log_in("mallory")
        for method, query in (("GET", ""), ("POST", "?people=1"), ("DELETE", "")):
            assert student.open(f"/hub/api/rehearsal{query}", {} if method == "POST" else None, method)[0] == 403
        student.open("/hub/logout")

    @pytest.mark.parametrize("number", ["0", "301", "-1", "x", "1e2"])
    def test_a_rehearsal_has_a_sensible_number_of_people(self, api, number):
        with pytest.raises(OSError, match="1 to 300 people"):
            rehearsal_api._call("POST", f"{api[0]}/rehearsal?people={urllib.parse.quote(number)}", api[1])
        assert rehearsal_api.hear(*api)["people"] == []
