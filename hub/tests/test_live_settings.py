"""New settings while the hub runs: read from a file in a test's folder, and in a real hub."""

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from swarmhub.live_settings import NEEDS_RESTART, LiveSettings
from swarmhub.services.operator_api import operator_token
from swarmhub.services.room_state import room_state
from swarmhub.services.warm_start import ask
from swarmhub.settings import Paths, SettingsError

from .support.examples import HUB
from .support.fake_docker import FakeDocker
from .support.real_hub import PROXY, RunningHub, children_of
from .support.user_server import UserServer
from .support.wait import wait_in_thread_for

FIXTURES = Path(__file__).parents[2] / "test/fixtures/contracts"
NEEDS = json.loads((FIXTURES / "hub-reload.json").read_text())


def replace_file(path: Path, content: bytes) -> None:
    """Replaces the file as a whole, as `swarmhub up` does."""
    draft = path.with_name("hub.json.swarmhub-new")
    draft.write_bytes(content)
    draft.replace(path)


def content_of(**changes: object) -> bytes:
    return json.dumps(HUB | changes).encode()


@pytest.fixture
def paths(tmp_path):
    found = Paths(tmp_path)
    for folder in (found.settings.parent, found.secrets, found.data):
        folder.mkdir(parents=True)
    replace_file(found.settings, content_of(fixedHash="a"))
    return found


def status(paths: Paths) -> dict:
    return json.loads(paths.settings_status.read_text())


def test_a_new_file_is_taken_as_a_whole_and_its_followers_are_called(paths):
    live, seen = LiveSettings(paths), []
    live.follow(seen.append)
    before = live.current()
    new = content_of(fixedHash="a", memory=2 << 30, servers={"start": "/tree"})
    replace_file(paths.settings, new)
    live.look()
    assert (live.memory, live.servers.start) == (2 << 30, "/tree")
    assert (before.memory, before.servers.start) == (1 << 30, "/lab"), "a start that has begun keeps what it has"
    assert seen == [live.current()]
    assert status(paths) == {"read": sha256(new).hexdigest(), "problem": None, "needsRestart": False}
    assert status(paths).keys() == json.loads((FIXTURES / "hub-settings-status.json").read_text()).keys()
    live.look()
    assert len(seen) == 1, "nothing has changed"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (content_of(fixedHash="a", memory="2G"), 'memory: must be a whole number of bytes, is "2G"'),
        (content_of(fixedHash="a", seats=5)[:-9], "Unterminated string"),
        (b"[]", "must be an object"),
        (b"", "Expecting value"),
        (b"\xff", "invalid start byte"),
        (b"[" * 200_000, "recursion"),
        (content_of(fixedHash="a", idleTimeoutSeconds=5, cpu=-1), "cpu: must be a number of cores above 0, or null, is -1; idleTimeoutSec"),
        (content_of(fixedHash="b", memory=2 << 30), NEEDS_RESTART),
    ],
)
def test_a_file_that_is_wrong_or_needs_a_restart_changes_nothing_and_the_status_says_why(paths, content, fault):
    live, seen = LiveSettings(paths), []
    live.follow(seen.append)
    before = live.current()
    replace_file(paths.settings, content)
    live.look()
    assert live.current() is before
    assert seen == []
    assert status(paths)["read"] == sha256(content).hexdigest()
    assert fault in status(paths)["problem"]
    assert status(paths)["needsRestart"] == (fault == NEEDS_RESTART)
    replace_file(paths.settings, content_of(fixedHash="a", memory=2 << 30))
    live.look()
    assert (live.memory, status(paths)["problem"]) == (2 << 30, None)


def test_a_missing_file_changes_nothing(paths):
    live = LiveSettings(paths)
    paths.settings.unlink()
    live.look()
    assert live.memory == 1 << 30
    assert (status(paths)["read"], "No such file" in status(paths)["problem"]) == ("", True)


def test_an_equal_file_is_read_again_so_that_the_status_is_written_again(paths):
    live = LiveSettings(paths)
    paths.settings_status.write_text("damaged")
    replace_file(paths.settings, content_of(fixedHash="a"))
    live.look()
    assert status(paths)["problem"] is None


def test_what_cannot_follow_is_in_the_status_and_holds_up_nothing_else(paths):
    live, seen = LiveSettings(paths), []
    live.follow(lambda _found: 1 / 0)
    live.follow(seen.append)
    replace_file(paths.settings, content_of(fixedHash="a", memory=2 << 30))
    live.look()
    assert len(seen) == 1
    assert "ZeroDivisionError" in status(paths)["problem"]


def test_secret_variables_stay_and_a_secret_is_in_no_message(paths):
    (paths.secrets / "server-environment").write_text('{"KEY": "s3cret"}')
    live = LiveSettings(paths)
    replace_file(paths.settings, content_of(fixedHash="a", memory=2 << 30))
    live.look()
    assert ("KEY", "s3cret") in live.servers.environment
    (paths.secrets / "server-environment").write_text('["s3cret"]')
    replace_file(paths.settings, content_of(fixedHash="a"))
    live.look()
    assert "s3cret" not in paths.settings_status.read_text()
    assert live.memory == 2 << 30


def test_a_hub_does_not_start_with_a_wrong_file(paths):
    replace_file(paths.settings, b"{}")
    with pytest.raises(SettingsError, match="To write it again, type: swarmhub up$"):
        LiveSettings(paths)


# --- a real hub -----------------------------------------------------------------------------------------------------------

IMAGE = "r@sha256:2"
# What the class becomes while bob's server runs. The second change is what would hide the first one's effects.
FIRST = {
    "image": IMAGE,
    "memory": 3 << 30,
    "guarantee": 512 << 20,
    "cpu": 0.5,
    "processes": 77,
    "strategy": "pack",
    "seats": 20,
    "idleTimeoutSeconds": 1234,
    "warm": [{"days": ["mon"], "at": "08:50", "until": "12:00", "zone": "Europe/Berlin", "group": None, "members": []}],
    "servers": {
        "looks": [{"image": IMAGE, "home": "/home/rstudio", "variables": [], "replacesEntrypoint": False}],
        "environment": [{"name": "COURSE", "value": "geo-102"}],
        "start": "/lab/tree/intro.ipynb",
        "files": [{"id": "config1", "name": "geo-101-file-1", "path": "/opt/course/data.json"}],
        "content": {"repository": "https://127.0.0.1:1/course.git", "branch": None, "folder": "course"},
        "shared": True,
        "gpus": 0,
        "groups": [],
        "proxy": {"http": "http://127.0.0.1:1", "https": "http://127.0.0.1:2", "except": []},
    },
}
SECOND = FIRST | {
    "strategy": "spread",
    "idleTimeoutSeconds": None,
    "images": [{"name": name, "description": "", "image": IMAGE, "memory": 1 << 30, "cpu": 1} for name in ("Python", "R")],
    "servers": FIRST["servers"]
    | {"gpus": 2, "groups": [{"name": "staff", "members": ["dora"], "claims": [], "memory": 5 << 30, "cpu": None, "images": []}]},
}


class Class:
    """A running hub, its fake Swarm, bob whose server runs since before the change, and what carol's and dora's starts became."""

    def __init__(self, hub: RunningHub, swarm: FakeDocker) -> None:
        self.hub, self.swarm = hub, swarm
        self.bob = hub.browser()
        self.bob.log_in("bob")
        assert self.bob.start_server("bob")[-1]["ready"] is True
        self.before = json.dumps(swarm.services["geo-101-nb-bob"])
        self.change(FIRST)
        wait_in_thread_for(self.cullers, 30)
        self.first_cullers = self.cullers()
        self.api = f"http://127.0.0.1:{hub.hub_port}/hub/api"
        self.seats = room_state(self.api, operator_token(Paths(hub.root)))["seats"]
        self.warm = ask(self.api, operator_token(Paths(hub.root)), "report", {})
        self.first = self.start("carol")
        self.change(SECOND)
        wait_in_thread_for(lambda: not self.cullers(), 30)
        self.dora = hub.browser()
        self.dora.log_in("dora")
        self.form = self.dora.open("/hub/spawn")[1]
        self.second = self.start("dora")

    def change(self, changes: dict) -> None:
        content = content_of(**changes)
        replace_file(self.hub.root / "etc/swarmhub/hub.json", content)
        path = self.hub.root / "data/settings.json"
        wait_in_thread_for(
            lambda: json.loads(path.read_text()) == {"read": sha256(content).hexdigest(), "problem": None, "needsRestart": False}, 30
        )

    def start(self, user: str) -> dict:
        """Returns the service of the user's new server: its container, resources, and the names of its mounts."""
        browser = self.hub.browser()
        browser.log_in(user)
        browser.open(f"/hub/spawn/{user}", {})
        assert browser.start_server(user)[-1]["ready"] is True, self.hub.log()
        return self.swarm.services[f"geo-101-nb-{user}"]["TaskTemplate"]

    def cullers(self) -> list[str]:
        """Returns the timeouts of the idle cullers that run as children of the hub."""
        lines = children_of(self.hub.hub.pid).values()
        return [word for line in lines if "jupyterhub_idle_culler" in line for word in line if word.startswith("--timeout=")]


def _environment(template: dict) -> list[str]:
    return template["ContainerSpec"]["Env"]


def _targets(template: dict) -> set[str]:
    return {mount["Target"] for mount in template["ContainerSpec"]["Mounts"]}


# One for each value that a running hub takes: what shows that it has.
SHOWN: dict[str, Callable[[Class], object]] = {
    "image": lambda c: c.first["ContainerSpec"]["Image"] == IMAGE and f"JUPYTER_IMAGE_SPEC={IMAGE}" in _environment(c.first),
    "memory": lambda c: c.first["Resources"]["Limits"]["MemoryBytes"] == 3 << 30,
    "guarantee": lambda c: c.first["Resources"]["Reservations"]["MemoryBytes"] == 512 << 20,
    "cpu": lambda c: c.first["Resources"]["Limits"]["NanoCPUs"] == 500_000_000,
    "processes": lambda c: c.first["Resources"]["Limits"]["Pids"] == 77,
    "images": lambda c: 'value="Python"' in c.form and c.second["Resources"]["Limits"]["NanoCPUs"] == 1_000_000_000,
    "strategy": lambda c: "geo-101-nb-carol" in c.swarm.updated and "geo-101-nb-dora" not in c.swarm.updated,
    "servers.looks": lambda c: "/home/rstudio" in _targets(c.first),
    "servers.environment": lambda c: "COURSE=geo-102" in _environment(c.first),
    "servers.start": lambda c: "JUPYTERHUB_DEFAULT_URL=/lab/tree/intro.ipynb" in _environment(c.first),
    "servers.files": lambda c: c.first["ContainerSpec"]["Configs"][0]["ConfigID"] == "config1",
    "servers.content": lambda c: "no new content from https://127.0.0.1:1/course.git" in c.hub.log(),
    "servers.shared": lambda c: "/srv/shared" in _targets(c.first),
    "servers.gpus": lambda c: c.second["Resources"]["Reservations"]["GenericResources"][0]["DiscreteResourceSpec"]["Value"] == 2,
    "servers.proxy": lambda c: {"HTTPS_PROXY=http://127.0.0.1:2", "https_proxy=http://127.0.0.1:2"} <= set(_environment(c.first)),
    "servers.groups": lambda c: c.second["Resources"]["Limits"]["MemoryBytes"] == 5 << 30,
    "idleTimeoutSeconds": lambda c: c.first_cullers == ["--timeout=1234"] and c.cullers() == [],
    "warm": lambda c: c.warm["next"]["at"] > 0,
    "seats": lambda c: c.seats == 20,
}


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    if not (PROXY.exists() and shutil.which("node")):
        pytest.skip("the real proxy is not installed, type: npm ci")
    root, modules = tmp_path_factory.mktemp("live") / "hub", tmp_path_factory.mktemp("modules")
    with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.fspath(modules))
        server = stack.enter_context(contextlib.closing(UserServer(modules)))
        swarm = stack.enter_context(contextlib.closing(FakeDocker(["running"])))
        hub = RunningHub(root, swarm.url, *server.options, "--SwarmHubSpawner.start_poll_interval=0.1")
        stack.callback(hub.close)
        stack.enter_context(a_watcher(root / "storage"))
        yield Class(hub, swarm)
        assert swarm.unexpected == []


@contextlib.contextmanager
def a_watcher(storage: Path):
    """Gives each home its limit at once."""
    for name in ("homes", "owners", "pending", "handouts", "groups"):
        (storage / name).mkdir()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            for marker in (storage / "pending").glob("*"):
                if (storage / "homes" / marker.name).exists():
                    marker.unlink()

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key, need in NEEDS.items() if need == "reload"])
def test_a_running_hub_takes_a_new_value(changed, key):
    assert key in SHOWN, "a value that a running hub takes needs something here that shows it"
    assert SHOWN[key](changed)


@pytest.mark.slow
def test_logins_and_servers_go_on_while_the_hub_takes_new_settings(changed):
    assert 'id="logout"' in changed.bob.open("/hub/home")[1]
    assert json.dumps(changed.swarm.services["geo-101-nb-bob"]) == changed.before
    assert changed.swarm.created.count("geo-101-nb-bob") == 1
    assert changed.swarm.removed == []
    assert changed.hub.log().count("JupyterHub is now running") == 1


@pytest.mark.slow
def test_a_running_hub_keeps_its_settings_if_the_file_is_wrong(changed):
    content = content_of(**SECOND | {"cpu": "two"})
    replace_file(changed.hub.root / "etc/swarmhub/hub.json", content)
    path = changed.hub.root / "data/settings.json"
    wait_in_thread_for(lambda: json.loads(path.read_text())["read"] == sha256(content).hexdigest(), 30)
    assert json.loads(path.read_text())["problem"] == 'cpu: must be a number of cores above 0, or null, is "two"'
    assert path.stat().st_mode & 0o077 == 0
