"""The settings file in a real JupyterHub beside a real proxy; only Docker and the quota watcher are stand-ins."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from swarmhub.homes.provisioning import make_home

from .support.fake_docker import RUNS, FakeDocker
from .support.real_hub import ADMIN_PASSWORD, FOLDER, PASSWORD, PROXY, RunningHub, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not here, type: npm ci"),
]


@pytest.fixture(scope="module")
def swarm():
    fake = FakeDocker()
    yield fake
    fake.close()
    assert fake.unexpected == []


@pytest.fixture(scope="module")
def hub(tmp_path_factory, swarm):
    # No test waits as long as a class would; a user's server never answers here, since nothing resolves nb-….
    quick = [f"--SwarmHubSpawner.{setting}" for setting in ("placement_timeout=2", "http_timeout=2", "start_poll_interval=0.1")]
    running = RunningHub(tmp_path_factory.mktemp("hub"), swarm.url, *quick)
    yield running
    running.close()


@pytest.fixture
def storage(hub):
    """A mounted storage with a watcher that takes marks away."""
    folder = hub.root / "storage"
    for name in ("homes", "owners", "pending"):
        (folder / name).mkdir(exist_ok=True)
    ended = threading.Event()

    def watch():
        while not ended.wait(0.05):
            for mark in (folder / "pending").glob("*"):
                if (folder / "homes" / mark.name).exists():
                    mark.unlink()

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield folder
    ended.set()
    watcher.join()
    for name in ("homes", "owners", "pending"):
        shutil.rmtree(folder / name)


def messages_of(events):
    return [event["message"] for event in events]


def test_a_hub_with_a_wrong_settings_file_ends_with_its_faults_and_no_stack_trace(tmp_path):
    (tmp_path / "etc/swarmhub").mkdir(parents=True)
    (tmp_path / "etc/swarmhub/hub.json").write_text("{}")
    command = [sys.executable, "-m", "jupyterhub", "-f", FOLDER / "jupyterhub_config.py"]
    environment = os.environ | {"SWARMHUB_ROOT": str(tmp_path), "PYTHONPATH": str(FOLDER)}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert ended.returncode == 1
    assert "memory: must be a whole number of bytes, is null" in ended.stderr
    assert ended.stderr.rstrip().endswith("type: swarmhub up")
    assert "Traceback" not in ended.stderr


def test_the_proxy_is_told_to_send_everything_else_to_the_hub(hub):
    assert {path: route["target"] for path, route in hub.routes().items()} == {"/": "http://hub:8081"}


def test_who_logs_in_reads_which_class_it_is_and_what_to_type(hub):
    _, page = hub.browser().open("/hub/login")
    assert "<h1>geo-101</h1>" in page
    assert "type the same one each time: your files are kept under it." in page


def test_the_hub_s_state_is_in_its_own_folder(hub):
    database = {"hub.sqlite", "hub.sqlite-shm", "hub.sqlite-wal"}
    assert {path.name for path in (hub.root / "data").iterdir()} == {"cookie-secret", "operator-token"} | database
    assert (hub.root / "data/operator-token").stat().st_mode & 0o077 == 0
    assert (hub.root / "data/cookie-secret").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("user", "password", "status"),
    [
        ("alice", PASSWORD, 200),
        ("alice", "Größe-102", 403),
        ("alice", ADMIN_PASSWORD, 403),
        ("ada", PASSWORD, 403),
        ("ada", ADMIN_PASSWORD, 200),
        ("x" * 255, PASSWORD, 403),
        ("é@example.org", PASSWORD, 200),
    ],
)
def test_the_room_s_password_lets_users_in_and_the_admins_password_admins(hub, user, password, status):
    assert hub.browser().log_in(user, password)[0] == status


def test_only_an_admin_sees_the_admin_page(hub):
    alice, ada = hub.browser(), hub.browser()
    alice.log_in("alice")
    ada.log_in("ada", ADMIN_PASSWORD)
    assert alice.open("/hub/admin")[0] == 403
    assert ada.open("/hub/admin")[0] == 200


def test_a_user_reads_that_the_storage_is_not_mounted(hub, swarm):
    alice = hub.browser()
    alice.log_in("alice")
    status, page = alice.open("/hub/spawn/alice")
    assert status == 503
    assert "The disk with the homes is not there. Please tell your instructor." in page
    assert "storage/homes is missing" in hub.log()
    assert swarm.services == {}


def test_tabs_that_ask_for_a_server_at_the_same_moment_all_follow_one_start(hub, swarm, storage):
    swarm.script = ["preparing"]
    tabs = [hub.browser() for _ in range(6)]
    for tab in tabs:
        tab.log_in("tabby")
    # All of them wait at the door when the hub looks again.
    os.kill(hub.hub.pid, signal.SIGSTOP)
    with ThreadPoolExecutor() as pool:
        opened = [pool.submit(tab.open, "/hub/spawn") for tab in tabs]
        time.sleep(0.5)
        os.kill(hub.hub.pid, signal.SIGCONT)
        answers = [each.result() for each in opened]
    assert [status for status, _ in answers] == [200] * 6
    assert all('id="progress-bar"' in page for _, page in answers)
    assert swarm.created.count("nb-tabby") == 1
    swarm.script = ["failed|shutdown"]
    assert tabs[0].progress("tabby")[-1]["failed"]


def test_a_full_class_lets_people_wait_in_line_and_their_servers_start_by_themselves(hub, swarm, storage):
    swarm.script, swarm.seats = RUNS, 0
    bob, kim = hub.browser(), hub.browser()
    for name, browser in (("bob", bob), ("kim", kim)):
        browser.log_in(name)
        browser.open(f"/hub/spawn/{name}")
        wait_for(lambda: "nb-bob" in swarm.services)
    with ThreadPoolExecutor() as reader:
        events = reader.submit(kim.progress, "kim")
        try:
            # The button "Stop server" of the page of a start.
            assert bob.open("/hub/api/users/bob/server", method="DELETE")[0] in (202, 204)
            wait_for(lambda: list(swarm.services) == ["nb-kim"])
            assert 'id="start"' in bob.open("/hub/spawn-pending/bob")[1]
        finally:
            swarm.seats = None
        messages = messages_of(events.result())
    assert any("Your server runs" in message for message in messages)
    assert messages[-1] == "Spawn failed: Your server runs but does not answer. Please tell your instructor."
    assert [message for message in messages if "You are next" in message]
    assert "Traceback" not in hub.log().split("kim", 1)[1]
    wait_for(lambda: not swarm.services)


def test_a_user_gets_a_server_that_asks_the_hub_through_the_proxy(hub, swarm, storage):
    swarm.script = RUNS
    carol = hub.browser()
    carol.log_in("Carol@Example.org")
    carol.open("/hub/spawn/carol@example.org")
    wait_for(lambda: swarm.services)
    (service,) = swarm.services.values()
    slug = service["Labels"]["swarmhub.user"]
    assert (storage / "homes" / slug).is_dir()
    container = service["TaskTemplate"]["ContainerSpec"]
    environment = dict(line.split("=", 1) for line in container["Env"])
    assert environment["JUPYTERHUB_API_URL"] == "http://proxy:8000/hub/api"
    assert environment["JUPYTERHUB_ACTIVITY_URL"].startswith("http://proxy:8000/hub/api/users/")
    assert environment["JUPYTERHUB_SERVICE_URL"].startswith("http://0.0.0.0:8888/user/")
    assert environment["JUPYTERHUB_ROOT_DIR"] == environment["HOME"] == "/home/jovyan"
    assert environment["JUPYTERHUB_DEFAULT_URL"] == "/lab"
    assert environment["JUPYTER_RUNTIME_DIR"].startswith("/tmp/")
    assert container["Args"][0] == "jupyterhub-singleuser"
    assert "--ResourceUseDisplay.track_disk_usage=True" in container["Args"]
    messages = messages_of(carol.progress("carol@example.org"))
    assert "waiting for its first answer" in messages[-2]
    assert messages[-1] == "Spawn failed: Your server runs but does not answer. Please tell your instructor."
    wait_for(lambda: not swarm.services)


def test_the_page_of_a_home_tells_how_full_it_is_and_nothing_where_there_is_none(hub, storage):
    gina = hub.browser()
    gina.log_in("gina")
    assert 'id="home-usage"' not in gina.open("/hub/home")[1]
    make_home(storage, "gina", "gina")
    wait_for(lambda: not (storage / "pending/gina").exists())
    for page in ("/hub/home", "/hub/user/gina/"):
        assert re.search(r"Your home: [\d.]+ of [\d.]+ GB", gina.open(page)[1])


def test_first_files_that_do_not_fit_are_told_and_the_server_starts(hub, swarm, storage):
    (storage / "skeleton").mkdir()
    (storage / "skeleton.json").write_text(json.dumps({"bytes": 1 << 60, "files": 1}))
    swarm.script = RUNS
    hans = hub.browser()
    hans.log_in("hans")
    messages = messages_of(hans.start_server("hans"))
    assert any("do not fit into your home" in message for message in messages)
    assert any("Your server runs" in message for message in messages), "it starts all the same"
    assert "do not fit into your home" in hans.open("/hub/home")[1]
    assert "hans: The files for this class do not fit" in hub.log()
    wait_for(lambda: not swarm.services)


def test_where_homes_are_not_kept_and_images_are_offered_the_pages_say_so_and_the_sweeper_sweeps(tmp_path, swarm):
    swarm.script = ["preparing"]
    # One user a page, so that the sweeper has to turn them.
    pages = [f"--JupyterHub.api_page_{which}_limit=1" for which in ("default", "max")]
    images = [
        {"name": "Python", "description": "", "image": "python@sha256:1", "memory": 1 << 30, "cpu": 1.5},
        {"name": "R <3", "description": "for week 3", "image": "r@sha256:2", "memory": 2 << 30, "cpu": 0.5},
    ]
    hub = RunningHub(tmp_path, swarm.url, *pages, storage=None, sweep=0.5, images=images)
    try:
        aaron, ivan = hub.browser(), hub.browser()
        sentence = "Files here are kept only while your server runs; download what you want to keep."
        login = ivan.open("/hub/login")[1]
        assert [text in login for text in (sentence, "Choose a name of your own", "kept under it")] == [True, True, False]
        ivan.log_in("ivan")
        assert sentence in ivan.open("/hub/home")[1]
        aaron.log_in("aaron")
        for browser, name in ((aaron, "aaron"), (ivan, "ivan")):
            page = browser.open(f"/hub/spawn/{name}")[1]
            assert [text in page for text in ('value="Python" checked', 'value="R &lt;3"', "for week 3")] == [True] * 3
            assert name not in swarm.services
        assert "This class offers no such image" in ivan.open("/hub/spawn/ivan", {"choice": "Perl"})[1]
        aaron.open("/hub/spawn/aaron", {})
        ivan.open("/hub/spawn/ivan", {"choice": "R <3"})
        wait_for(lambda: len(swarm.services) == 2)
        containers = [service["TaskTemplate"]["ContainerSpec"] for service in swarm.services.values()]
        assert [container["Image"] for container in containers] == ["python@sha256:1", "r@sha256:2"]
        service = swarm.services["nb-ivan"]
        assert service["TaskTemplate"]["Resources"]["Limits"] == {"MemoryBytes": 2 << 30, "NanoCPUs": 500_000_000}
        assert not service["TaskTemplate"]["ContainerSpec"].get("Mounts")
        assert list((tmp_path / "storage").iterdir()) == []
        # The sweeper removes what nobody owns, and leaves them theirs.
        swarm.add_service("nb-judy", {"swarmhub.class": "geo-101", "swarmhub.user": "judy"})
        wait_for(lambda: list(swarm.services) == ["nb-aaron", "nb-ivan"])
        wait_for(lambda: "nb-judy belonged to nobody and is removed" in hub.log())
        for browser, name in ((aaron, "aaron"), (ivan, "ivan")):
            assert browser.open(f"/hub/api/users/{name}/server", method="DELETE")[0] in (202, 204)
        wait_for(lambda: not swarm.services)
        assert "nb-aaron belonged" not in hub.log()
        assert "nb-ivan belonged" not in hub.log()
        # What was chosen last is chosen already.
        wait_for(lambda: 'value="R &lt;3" checked' in ivan.open("/hub/spawn/ivan")[1])
    finally:
        hub.close()


def test_a_hub_that_is_killed_during_starts_and_comes_back_leaves_no_service_and_offers_each_a_new_start(hub, swarm, storage):
    swarm.script, swarm.seats = ["preparing"], 1
    starting = {name: hub.browser() for name in ("dave", "liz", "max")}  # one with a seat, one next, one behind
    for name, browser in starting.items():
        browser.log_in(name)
        browser.open(f"/hub/spawn/{name}")
        wait_for(lambda: "nb-dave" in swarm.placed)
    wait_for(lambda: len(swarm.services) == 2)
    hub.stop_hub(signal.SIGKILL)
    swarm.script, swarm.seats = ["running"], None
    hub.start_hub()
    wait_for(lambda: not swarm.services)
    for name, browser in starting.items():
        wait_for(lambda name=name, browser=browser: 'id="start"' in browser.open(f"/hub/spawn-pending/{name}")[1])


def test_a_login_outlives_a_restart_of_the_hub_and_servers_are_left_alone(hub, swarm):
    erin = hub.browser()
    erin.log_in("erin")
    removed = list(swarm.removed)
    hub.stop_hub()
    assert "Leaving proxy running" in (hub.root / "hub.before.log").read_text()
    hub.start_hub()
    assert erin.open("/hub/home")[0] == 200
    assert swarm.removed == removed


def test_a_proxy_that_forgot_its_routes_is_told_them_again_within_seconds(hub):
    hub.stop_proxy()
    hub.start_proxy()
    started = time.monotonic()
    wait_for(lambda: "/" in hub.routes(), 20)
    assert time.monotonic() - started < 8, "a waiting user is redirected in circles, and told of an error after 14 s"
