"""The settings file in a real JupyterHub with a real proxy; only Docker and the quota watcher are fakes."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest

from swarmhub.homes.handouts import Store
from swarmhub.homes.provisioning import make_home
from swarmhub.homes.versions import File, Version
from swarmhub.slug import former_slug

from .support.fake_docker import RUNS, FakeDocker
from .support.real_hub import ADMIN_PASSWORD, FOLDER, PASSWORD, PROXY, RunningHub
from .support.wait import wait_in_thread_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]


@pytest.fixture(scope="module")
def swarm():
    fake = FakeDocker()
    yield fake
    fake.close()
    assert fake.unexpected == []


@pytest.fixture(scope="module")
def hub(tmp_path_factory, swarm):
    # Short timeouts for the tests. The users' servers never respond here, because nothing resolves the names geo-101-nb-….
    quick = [f"--SwarmHubSpawner.{setting}" for setting in ("placement_timeout=2", "http_timeout=2", "start_poll_interval=0.1")]
    running = RunningHub(tmp_path_factory.mktemp("hub"), swarm.url, *quick, servers={"shared": True})
    yield running
    running.close()


@pytest.fixture
def storage(hub):
    """A mounted storage with a watcher that removes pending markers."""
    folder = hub.root / "storage"
    for name in ("homes", "owners", "pending", "handouts"):
        (folder / name).mkdir(exist_ok=True)
    ended = threading.Event()

    def watch():
        while not ended.wait(0.05):
            for marker in (folder / "pending").glob("*"):
                if (folder / "homes" / marker.name).exists():
                    marker.unlink()

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield folder
    ended.set()
    watcher.join()
    for name in ("homes", "owners", "pending", "handouts"):
        shutil.rmtree(folder / name)


def messages_of(events):
    return [event["message"] for event in events]


@pytest.mark.parametrize("is_refused_by", ["note", "service"])
def test_a_refused_start_does_not_stop_the_server_of_another_user_with_the_same_name(hub, swarm, storage, is_refused_by):
    user = f"mallory-{is_refused_by}"
    service = f"geo-101-nb-{user}"
    swarm.add_service(service, {"swarmhub.class": "geo-101", "swarmhub.user": user}, "another user")
    make_home(storage, user, "another user" if is_refused_by == "note" else user)
    mallory = hub.browser()
    mallory.log_in(user)
    assert "another user" in messages_of(mallory.start_server(user))[-1].lower()
    mallory.open("/hub/home")
    assert service in swarm.services
    del swarm.services[service]


def test_a_user_keeps_a_home_with_a_former_name(hub, swarm, storage):
    user = "ken thompson"
    make_home(storage, former_slug(user), user)
    ken = hub.browser()
    ken.log_in(user)
    ken.open(f"/hub/spawn/{urllib.parse.quote(user)}")
    wait_in_thread_for(lambda: f"geo-101-nb-{former_slug(user)}" in swarm.created)
    assert {home.name for home in (storage / "homes").iterdir()} == {former_slug(user), "class--shared"}
    assert "Your home: " in ken.open("/hub/home")[1]


def test_a_hub_with_a_wrong_settings_file_reports_its_faults_without_a_stack_trace(tmp_path):
    (tmp_path / "etc/swarmhub").mkdir(parents=True)
    (tmp_path / "etc/swarmhub/hub.json").write_text("{}")
    command = [sys.executable, "-m", "jupyterhub", "-f", FOLDER / "jupyterhub_config.py"]
    environment = os.environ | {"SWARMHUB_ROOT": str(tmp_path), "PYTHONPATH": str(FOLDER)}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert ended.returncode == 1
    assert "memory: must be a whole number of bytes, is null" in ended.stderr
    assert ended.stderr.rstrip().endswith("type: swarmhub up")
    assert "Traceback" not in ended.stderr


def test_the_proxy_sends_the_page_of_the_room_to_its_service_and_all_other_requests_to_the_hub(hub):
    targets = {"/": "http://hub:8081", "/services/room": f"http://127.0.0.1:{hub.room_port}"}
    assert {path: route["target"] for path, route in hub.routes().items()} == targets


def test_the_login_page_shows_the_class_and_instructions(hub):
    _, page = hub.browser().open("/hub/login")
    assert "<h1>geo-101</h1>" in page
    assert "use the same name each time. Your files are stored under this name." in page


def test_only_root_reads_the_secrets_and_not_the_programs_that_the_hub_starts_with_other_accounts(hub):
    assert (hub.root / "run/secrets").stat().st_mode & 0o777 == 0o700


def test_the_state_of_the_hub_is_in_its_own_folder(hub):
    database = {"hub.sqlite", "hub.sqlite-shm", "hub.sqlite-wal"}
    own = {
        "cookie-secret",
        "login.json",
        "new-admins.json",
        "operator-token",
        "room-cookie-secret",
        "room-metrics-token",
        "settings.json",
        "warm.json",
    }
    later = {"failed-starts", "room.json"}  # there if a start failed before, and after the first minute
    found = {path.name for path in (hub.root / "data").iterdir()} - later
    assert found == own | database
    for name in own:
        assert (hub.root / "data" / name).stat().st_mode & 0o077 == 0


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
def test_the_class_password_is_for_users_and_the_admin_password_for_admins(hub, user, password, status):
    assert hub.browser().log_in(user, password)[0] == status


def test_only_an_admin_can_open_the_admin_page(hub):
    alice, ada = hub.browser(), hub.browser()
    alice.log_in("alice")
    ada.log_in("ada", ADMIN_PASSWORD)
    assert alice.open("/hub/admin")[0] == 403
    assert ada.open("/hub/admin")[0] == 200


def test_a_user_gets_a_message_if_the_storage_is_not_mounted(hub, swarm):
    alice = hub.browser()
    alice.log_in("alice")
    status, page = alice.open("/hub/spawn/alice")
    assert status == 503
    assert "The disk with the home folders is missing. Please tell your instructor." in page
    assert "storage/homes is missing" in hub.log()
    assert swarm.services == {}


def test_tabs_that_request_a_server_at_the_same_time_all_follow_one_start(hub, swarm, storage):
    swarm.script = ["preparing"]
    tabs = [hub.browser() for _ in range(6)]
    for tab in tabs:
        tab.log_in("tabby")
    # All requests are waiting when the hub continues.
    os.kill(hub.hub.pid, signal.SIGSTOP)
    with ThreadPoolExecutor() as pool:
        try:
            opened = [pool.submit(tab.open, "/hub/spawn") for tab in tabs]
            time.sleep(0.5)
        finally:
            os.kill(hub.hub.pid, signal.SIGCONT)
        answers = [each.result() for each in opened]
    assert [status for status, _ in answers] == [200] * 6
    assert all('id="progress-bar"' in page for _, page in answers)
    wait_in_thread_for(lambda: "geo-101-nb-tabby" in swarm.created)
    assert swarm.created.count("geo-101-nb-tabby") == 1
    swarm.script = ["failed|shutdown"]
    assert tabs[0].progress("tabby")[-1]["failed"]


def test_users_of_a_full_class_wait_in_a_queue_and_their_servers_start_automatically(hub, swarm, storage):
    swarm.script, swarm.seats = RUNS, 0
    bob, kim = hub.browser(), hub.browser()
    for name, browser in (("bob", bob), ("kim", kim)):
        browser.log_in(name)
        browser.open(f"/hub/spawn/{name}")
        wait_in_thread_for(lambda: "geo-101-nb-bob" in swarm.services)
    with ThreadPoolExecutor() as reader:
        events = reader.submit(kim.progress, "kim")
        try:
            # The request of the button "Stop server" on the progress page.
            assert bob.open("/hub/api/users/bob/server", method="DELETE")[0] in (202, 204)
            wait_in_thread_for(lambda: list(swarm.services) == ["geo-101-nb-kim"])
            assert 'id="start"' in bob.open("/hub/spawn-pending/bob")[1]
        finally:
            swarm.seats = None
        messages = messages_of(events.result())
    assert any("Your server is running" in message for message in messages)
    assert messages[-1] == "Spawn failed: Your server is running but does not respond. Please tell your instructor."
    assert [message for message in messages if "You are next" in message]
    assert "Traceback" not in hub.log().split("kim", 1)[1]
    wait_in_thread_for(lambda: not swarm.services)


def test_a_users_server_reaches_the_hub_through_the_proxy(hub, swarm, storage):
    swarm.script = RUNS
    carol = hub.browser()
    carol.log_in("Carol@Example.org")
    carol.open("/hub/spawn/carol@example.org")
    wait_in_thread_for(lambda: swarm.services)
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
    assert "jupyterhub-singleuser" in container["Args"]
    assert "--ResourceUseDisplay.track_disk_usage=True" in container["Args"]
    messages = messages_of(carol.progress("carol@example.org"))
    assert "waiting for its first response" in messages[-2]
    assert messages[-1] == "Spawn failed: Your server is running but does not respond. Please tell your instructor."
    wait_in_thread_for(lambda: not swarm.services)


def environment_of(service):
    return dict(line.split("=", 1) for line in service["TaskTemplate"]["ContainerSpec"]["Env"])


def test_after_a_failed_start_the_page_offers_a_safe_one_which_is_not_kept_for_the_next_start(hub, swarm, storage):
    swarm.script = ["failed|shutdown"]
    nora = hub.browser()
    nora.log_in("nora")
    assert nora.start_server("nora")[-1]["failed"]
    assert 'href="/hub/spawn/nora?opt-safe=1">Start safely</a>' in nora.open("/hub/spawn-pending/nora")[1]
    (storage / "homes/nora/.local/lib/python3.13/site-packages").mkdir(parents=True)
    homes = []
    swarm.script = RUNS
    for link in ("/hub/spawn/nora?opt-safe=1", "/hub/spawn/nora"):
        nora.open(link)
        wait_in_thread_for(lambda: swarm.services)
        environment = environment_of(swarm.services["geo-101-nb-nora"])
        homes.append(environment["HOME"])
        assert environment["JUPYTERHUB_ROOT_DIR"] == "/home/jovyan"
        messages = messages_of(nora.progress("nora"))
        is_safe = link.endswith("1")
        assert any("mv /home/jovyan/.local/lib /home/jovyan/local-lib-aside" in message for message in messages) is is_safe
        assert ("This is a safe start" in nora.open("/hub/home")[1]) is is_safe
        wait_in_thread_for(lambda: not swarm.services)
    assert homes == ["/tmp/home", "/home/jovyan"]  # noqa: S108
    assert (storage / "homes/nora/.jupyter/migrated").exists()


def test_the_pages_show_how_full_a_home_is_if_there_is_one(hub, storage):
    gina = hub.browser()
    gina.log_in("gina")
    assert 'id="home-usage"' not in gina.open("/hub/home")[1]
    make_home(storage, "gina", "gina")
    wait_in_thread_for(lambda: not (storage / "pending/gina").exists())
    for page in ("/hub/home", "/hub/user/gina/"):
        assert re.search(r"Your home: [\d.]+ of [\d.]+ GB", gina.open(page)[1])


def test_a_late_comer_gets_at_the_start_what_was_handed_out_before(hub, swarm, storage):
    files = (File("week2/lab1.ipynb", sha256(b"{}").hexdigest(), 2),)

    def write(folder):
        (folder / "week2").mkdir()
        (folder / "week2/lab1.ipynb").write_text("{}")

    Store(storage / "handouts").publish(Version("week2", 0, files), write)
    swarm.script = RUNS
    late = hub.browser()
    late.log_in("late")
    late.start_server("late")
    assert (storage / "homes/late/week2/lab1.ipynb").read_text() == "{}"
    wait_in_thread_for(lambda: not swarm.services)


def test_first_files_that_do_not_fit_give_a_message_and_the_server_starts(hub, swarm, storage):
    (storage / "skeleton").mkdir()
    (storage / "skeleton.json").write_text(json.dumps({"bytes": 1 << 60, "files": 1}))
    swarm.script = RUNS
    hans = hub.browser()
    hans.log_in("hans")
    messages = messages_of(hans.start_server("hans"))
    assert any("do not fit into your home folder" in message for message in messages)
    assert any("Your server is running" in message for message in messages), "the server still starts"
    assert "do not fit into your home folder" in hans.open("/hub/home")[1]
    assert "hans: The files for this class do not fit" in hub.log()
    wait_in_thread_for(lambda: not swarm.services)


def test_a_class_with_temporary_homes_and_images_shows_both_and_its_sweeper_works(tmp_path, swarm, monkeypatch):
    swarm.script = ["preparing"]
    monkeypatch.setenv("SWARMHUB_SWEEP_SECONDS", "0.5")
    # One user per page, so that the sweeper has to read several pages.
    pages = [f"--JupyterHub.api_page_{which}_limit=1" for which in ("default", "max")]
    images = [
        {"name": "Python", "description": "", "image": "python@sha256:1", "memory": 1 << 30, "cpu": 1.5},
        {"name": "R <3", "description": "for week 3", "image": "r@sha256:2", "memory": 2 << 30, "cpu": 0.5},
    ]
    hub = RunningHub(tmp_path, swarm.url, *pages, storage=None, images=images)
    try:
        aaron, ivan = hub.browser(), hub.browser()
        sentence = "Your files are kept only while your server is running. Download the files that you want to keep."
        login = ivan.open("/hub/login")[1]
        assert [text in login for text in (sentence, "Choose a name.", "stored under this name")] == [True, True, False]
        ivan.log_in("ivan")
        assert sentence in ivan.open("/hub/home")[1]
        aaron.log_in("aaron")
        for browser, name in ((aaron, "aaron"), (ivan, "ivan")):
            page = browser.open(f"/hub/spawn/{name}")[1]
            assert [text in page for text in ('value="Python" checked', 'value="R &lt;3"', "for week 3")] == [True] * 3
            assert name not in swarm.services
        assert "This class does not offer that image" in ivan.open("/hub/spawn/ivan", {"choice": "Perl"})[1]
        aaron.open("/hub/spawn/aaron", {})
        ivan.open("/hub/spawn/ivan", {"choice": "R <3"})
        wait_in_thread_for(lambda: len(swarm.services) == 2)
        containers = [service["TaskTemplate"]["ContainerSpec"] for service in swarm.services.values()]
        assert [container["Image"] for container in containers] == ["python@sha256:1", "r@sha256:2"]
        service = swarm.services["geo-101-nb-ivan"]
        assert service["TaskTemplate"]["Resources"]["Limits"] == {"MemoryBytes": 2 << 30, "NanoCPUs": 500_000_000, "Pids": 1024}
        assert [mount["Target"] for mount in service["TaskTemplate"]["ContainerSpec"]["Mounts"]] == ["/dev/shm"]  # noqa: S108
        assert list((tmp_path / "storage").iterdir()) == []
        # The sweeper removes services without an owner, and keeps the others.
        swarm.add_service("geo-101-nb-judy", {"swarmhub.class": "geo-101", "swarmhub.user": "judy"})
        wait_in_thread_for(lambda: list(swarm.services) == ["geo-101-nb-aaron", "geo-101-nb-ivan"])
        wait_in_thread_for(lambda: "removed geo-101-nb-judy, which had no owner" in hub.log())
        for browser, name in ((aaron, "aaron"), (ivan, "ivan")):
            assert browser.open(f"/hub/api/users/{name}/server", method="DELETE")[0] in (202, 204)
        wait_in_thread_for(lambda: not swarm.services)
        assert "removed geo-101-nb-aaron" not in hub.log()
        assert "removed geo-101-nb-ivan" not in hub.log()
        # The last choice is selected.
        wait_in_thread_for(lambda: 'value="R &lt;3" checked' in ivan.open("/hub/spawn/ivan")[1])
        monkeypatch.setattr(swarm, "memory", {"machine": 1 << 20})
        assert ivan.open("/hub/spawn/ivan")[1].count("Cannot start: it needs") == 2
    finally:
        hub.close()


def test_a_hub_that_was_killed_during_starts_leaves_no_service_and_offers_each_user_a_new_start(hub, swarm, storage):
    swarm.script, swarm.seats = ["preparing"], 1
    starting = {name: hub.browser() for name in ("dave", "liz", "max")}  # one with a seat, the first in the queue, and the second
    for name, browser in starting.items():
        browser.log_in(name)
        browser.open(f"/hub/spawn/{name}")
        wait_in_thread_for(lambda: "geo-101-nb-dave" in swarm.placed)
    wait_in_thread_for(lambda: len(swarm.services) == 2)
    hub.stop_hub(signal.SIGKILL)
    swarm.script, swarm.seats = ["running"], None
    hub.start_hub()
    wait_in_thread_for(lambda: not swarm.services)
    for name, browser in starting.items():
        wait_in_thread_for(lambda name=name, browser=browser: 'id="start"' in browser.open(f"/hub/spawn-pending/{name}")[1])


def test_a_login_survives_a_restart_of_the_hub_and_servers_keep_running(hub, swarm):
    erin = hub.browser()
    erin.log_in("erin")
    removed = list(swarm.removed)
    hub.stop_hub()
    assert "Leaving proxy running" in (hub.root / "hub.before.log").read_text()
    hub.start_hub()
    assert erin.open("/hub/home")[0] == 200
    assert swarm.removed == removed


def test_a_proxy_that_lost_its_routes_gets_them_again_within_seconds(hub):
    hub.stop_proxy()
    hub.start_proxy()
    started = time.monotonic()
    wait_in_thread_for(lambda: "/" in hub.routes(), 20)
    assert time.monotonic() - started < 13, "a waiting user is in a redirect loop, which ends with an error after 14 s"


def test_a_student_has_the_shared_folder_read_only_and_an_admin_may_write(hub, storage, swarm, monkeypatch):
    made, create = {}, FakeDocker._create

    def note(self, query, body):
        made[body["Name"]] = body["TaskTemplate"]["ContainerSpec"]
        return create(self, query, body)

    monkeypatch.setattr(FakeDocker, "_create", note)
    swarm.script = ["running"]
    for name, password in (("shara", PASSWORD), ("ada", ADMIN_PASSWORD)):
        browser = hub.browser()
        browser.log_in(name, password)
        browser.start_server(name)
    is_read_only = {
        name: {mount["Target"]: mount["ReadOnly"] for mount in container["Mounts"]}["/srv/shared"] for name, container in made.items()
    }
    assert is_read_only == {"geo-101-nb-shara": True, "geo-101-nb-ada": False}
    assert (storage / "homes/class--shared").is_dir()
    assert str((storage / "homes/shara/shared").readlink()) == "/srv/shared"
    assert "--LabApp.news_url=None" in made["geo-101-nb-shara"]["Args"]
