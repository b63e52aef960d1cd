import io
import json
import tarfile
import threading
import tracemalloc
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import docker
import pytest

from swarmhub.homes import open_notebooks as module
from swarmhub.homes.handouts import Store
from swarmhub.homes.open_notebooks import open_notebooks
from swarmhub.homes.provisioning import make_home
from swarmhub.homes.sent_archive import Refused
from swarmhub.homes.teacher_command import run

from ..support.fake_docker import FakeDocker

LAB = "week2/lab1.ipynb"


@pytest.fixture
def storage(tmp_path):
    for name in ("homes", "owners", "pending", "handouts"):
        (tmp_path / name).mkdir()
    for home in ("ada", "bob"):
        make_home(tmp_path, home, home)
        (tmp_path / "pending" / home).unlink()
    return tmp_path


def request_of(text: str = "1", **changes) -> dict:
    file = {"path": LAB, "hash": sha256(text.encode()).hexdigest(), "size": len(text), "executable": False}
    return {"name": "week2", "files": [file], "to": None, "homes": ["ada", "bob"], "dryRun": False} | changes


def archive_of(name: str = LAB, text: str = "1", kind: bytes = tarfile.REGTYPE) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size, entry.type, entry.linkname = (len(text) if kind == tarfile.REGTYPE else 0), kind, "/etc/passwd"
        archive.addfile(entry, io.BytesIO(text.encode()))
    return output.getvalue()


def ask(storage: Path, action: str, request: dict, archive: bytes = b"", is_open=None) -> dict:
    output = io.BytesIO()
    source = io.BytesIO(json.dumps(request).encode() + b"\n" + archive)
    run(action, storage, storage / "locks", lambda _homes: is_open or {}, source, output)
    return json.loads(output.getvalue())


def test_a_check_changes_nothing_and_tells_what_the_hand_out_then_does(storage):
    make_home(storage, "late", "late")
    request = request_of(homes=["ada", "bob", "late", "gone"])
    checked = ask(storage, "check", request)
    assert list((storage / "handouts").iterdir()) == []
    assert checked == ask(storage, "hand-out", request, archive_of())
    assert [row.get("problem") for row in checked["rows"]] == [None, None, "no limit", "no home"]
    assert (storage / "homes/bob" / LAB).read_text() == "1"
    (storage / "homes/bob" / LAB).write_text("mine")
    rows = ask(storage, "take-back", request_of(homes=["ada", "bob"], dryRun=True))["rows"]
    assert [row["counts"] for row in rows] == [{"take": 1}, {"kept": 1}]
    assert (storage / "homes/ada" / LAB).exists()
    assert rows == ask(storage, "take-back", request_of(homes=["ada", "bob"]))["rows"]
    assert not (storage / "homes/ada/week2").exists()


def test_a_hand_out_to_groups_notes_them_for_late_comers_and_a_take_back_ends_that(storage):
    request = request_of(to=["ada"], groups=["geo"], homes=["ada"])
    ask(storage, "hand-out", request, archive_of())
    store = Store(storage / "handouts")
    assert [store.versions("week2")[0].is_for(name, groups) for name, groups in (("late", {"geo"}), ("bob", ()))] == [True, False]
    ask(storage, "take-back", request)
    assert [store.versions("week2")[0].is_for(name, {"geo"}) for name in ("ada", "late")] == [False, False]


def test_a_notebook_that_is_open_gets_the_new_version_beside_it(storage):
    ask(storage, "hand-out", request_of(), archive_of())
    result = ask(storage, "hand-out", request_of("22"), archive_of(text="22"), is_open={"ada": {LAB}, "bob": None})
    assert [row["counts"] for row in result["rows"]] == [{"beside": 1}, {"beside": 1}]
    assert (storage / "homes/ada" / LAB).read_text() == "1"


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (archive_of(text="other"), "arrived damaged"),
        (archive_of("../../owners/ada"), "did not arrive"),
        (archive_of(kind=tarfile.SYMTYPE), "did not arrive"),
        (archive_of()[:40], None),
        (b"", None),
    ],
    # pytest would name the third after its bytes, which contain the time.
    ids=["other text", "other folder", "link", "cut off", "empty"],
)
def test_an_archive_that_is_not_as_announced_changes_nothing(storage, archive, message):
    with pytest.raises(Refused, match=message):
        ask(storage, "hand-out", request_of(), archive)
    assert list((storage / "homes/ada").iterdir()) == []
    assert list((storage / "handouts/drafts").iterdir()) == []
    assert not (storage / "handouts/sent").exists()


def test_a_file_larger_than_the_memory_is_handed_out(storage):
    text = "x" * (64 << 20)
    request, archive = request_of(text), archive_of(text=text)
    tracemalloc.start()
    rows = ask(storage, "hand-out", request, archive)["rows"]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row["counts"] for row in rows] == [{"place": 1}, {"place": 1}]
    assert most < len(text)


@pytest.mark.parametrize("changes", [{"name": ".x"}, {"name": "a/b"}, {"name": ".."}, {"name": "x" * 201}])
def test_a_name_that_leaves_its_folder_is_refused(storage, changes):
    for action in ("check", "take-back"):
        with pytest.raises(Refused):
            ask(storage, action, request_of(**changes))
    file = request_of()["files"][0] | {"path": "../ada"}
    with pytest.raises(Refused):
        ask(storage, "check", request_of(files=[file]))


def test_a_storage_without_the_folder_is_named(storage):
    (storage / "handouts").rmdir()
    with pytest.raises(Refused, match="`handouts` is missing"):
        ask(storage, "check", request_of())


class Sessions(BaseHTTPRequestHandler):
    """The users' servers: bob's is broken, carl's lies."""

    def do_GET(self):
        answers = {
            "ada": [{"path": LAB, "kernel": {}}, {"path": 7}, "?", {}],
            "bob": {"message": "broken"},
            "carl": [{"path": "../../etc/passwd"}],
        }
        user = self.path.split("/")[2]
        self.server.seen.append((self.path, self.headers["Authorization"]))
        body = json.dumps(answers[user]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


def test_users_servers_are_asked_for_their_open_notebooks_with_their_own_tokens(monkeypatch):
    swarm, server = FakeDocker(), ThreadingHTTPServer(("127.0.0.1", 0), Sessions)
    server.seen = []
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    for user in ("ada", "bob", "carl", "dora"):
        swarm.add_service(f"geo-101-nb-{user}", {"swarmhub.user": user}, user)
        variables = swarm.services[f"geo-101-nb-{user}"]["TaskTemplate"]["ContainerSpec"]["Env"]
        variables += [f"JUPYTERHUB_API_TOKEN=token-of-{user}", f"JUPYTERHUB_SERVICE_PREFIX=/user/{user}/"]
    client = docker.APIClient(base_url=swarm.url, version="1.41")
    monkeypatch.setattr(module, "SERVER", f"http://127.0.0.1:{server.server_port}")
    found = open_notebooks(client, "geo-101-nb-", ["ada", "bob", "carl", "late"])
    assert found == {"ada": {LAB}, "bob": None, "carl": {"../../etc/passwd"}}
    assert ("/user/ada/api/sessions?no_track_activity=1", "token token-of-ada") in server.seen
    server.shutdown()
    server.server_close()
    monkeypatch.setattr(module, "SERVER", "http://127.0.0.1:1")
    assert open_notebooks(client, "geo-101-nb-", ["ada"]) == {"ada": None}, "a server that is not there is like one that does not tell"
    client.close()
    swarm.close()
