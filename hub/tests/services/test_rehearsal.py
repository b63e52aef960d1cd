"""The people of a rehearsal in a real JupyterHub with a real proxy; Docker and the users' servers are fakes."""

import contextlib
import json
import shutil
import urllib.parse
from pathlib import Path

import pytest
from jupyterhub.auth import Authenticator
from tornado.web import HTTPError

from swarmhub.services import rehearsal_api
from swarmhub.services.operator_api import operator_token
from swarmhub.services.rehearsal import refuse_rehearsal_names
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
