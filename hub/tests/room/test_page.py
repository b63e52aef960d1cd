"""The page of the room, with a real hub, a real proxy and the real service."""

import http.client
import json
import re
import shutil
import urllib.parse
import urllib.request

import pytest

from ..support.fake_docker import FakeDocker
from ..support.real_hub import ADMIN_PASSWORD, PASSWORD, PROXY, Browser, RunningHub, wait_for

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
        super().start_hub()

    quick = ("--SwarmHubSpawner.http_timeout=2", "--SwarmHubSpawner.start_poll_interval=0.1", "--JupyterHub.last_activity_interval=1")

    def has_page(self) -> bool:
        return Browser(f"http://127.0.0.1:{self.proxy_port}").open(f"{PAGE}static/room.js")[0] == 200

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

    def events(self, token: str, count: int) -> list[tuple[str, dict]]:
        """Returns the first events of the stream."""
        cookies = "; ".join(f"{each.name}={each.value}" for each in self.cookies if PAGE.startswith(each.path))
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.address).netloc, timeout=20)
        connection.request("GET", f"{PAGE}events?_xsrf={token}", headers=SCRIPT | {"Cookie": cookies})
        response = connection.getresponse()
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
    running = Hub(tmp_path_factory.mktemp("room"), swarm.url, storage=None)
    wait_for(lambda: any("/services/room" in path for path in running.routes()) and running.has_page())
    yield running
    running.close()


@pytest.fixture(scope="module")
def ada(hub):
    return hub.at("ada", ADMIN_PASSWORD)


def test_an_admin_sees_everybody(hub, ada):
    hub.at("bob", PASSWORD)
    found = dict(ada.events(ada.open_page(), 2))
    assert found["room"]["class"] == "geo-101"
    people = {each["name"]: each for each in found["room"]["people"]}
    assert people["ada"]["role"] == "admin"
    assert people["bob"] == {"name": "bob", "role": "student", "state": "away"} | {key: people["bob"][key] for key in ("activity",)}
    assert found["curves"] == {"points": found["curves"]["points"], "starts": []}
