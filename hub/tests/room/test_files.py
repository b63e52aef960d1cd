"""Teachers without the operator's machine hand out and collect on the page: a real hub, proxy and service, and homes on the disk."""

import io
import json
import os
import re
import shutil
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from contextlib import suppress

import pytest

from swarmhub.homes.provisioning import make_home

from ..support.fake_docker import FakeDocker
from ..support.real_hub import PASSWORD, PROXY, TEACHER_PASSWORD
from ..support.wait import wait_in_thread_for
from .test_page import PAGE, SCRIPT, Hub

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
    running = Hub(tmp_path_factory.mktemp("files"), swarm.url, roster=True, teachers=["grace"])
    for name in ("homes", "owners", "pending", "limits", "handouts"):
        (running.root / "storage" / name).mkdir(exist_ok=True)
    for user in ("bob", "carol", "grace"):
        make_home(running.root / "storage", user, user)
        (running.root / "storage/pending" / user).unlink()
    wait_in_thread_for(running.has_page)
    yield running
    running.close()


@pytest.fixture(scope="module")
def grace(hub):
    teacher = hub.at("grace", TEACHER_PASSWORD)
    teacher.token = teacher.open_page()
    return teacher


@pytest.fixture(scope="module")
def homes(hub):
    return hub.root / "storage/homes"


def body_of(files: dict[str, bytes], listed: object = None) -> bytes:
    found = listed if listed is not None else {"files": [{"path": path, "size": len(content)} for path, content in files.items()]}
    return json.dumps(found).encode() + b"\n" + b"".join(files.values())


def send(visitor, body: bytes, token: str | None = None, path: str = f"{PAGE}files") -> tuple[int, dict]:
    headers = SCRIPT | {"X-XSRFToken": visitor.token if token is None else token, "Content-Type": "application/octet-stream"}
    request = urllib.request.Request(visitor.address + path, body, headers)  # noqa: S310
    try:
        with visitor.opener.open(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


def ask(visitor, what: str, body: object) -> tuple[int, dict]:
    status, text = visitor.ask(f"{PAGE}{what}", SCRIPT | {"X-XSRFToken": visitor.token}, body)
    return status, json.loads(text)


def download(visitor, archive: str) -> zipfile.ZipFile:
    request = urllib.request.Request(  # noqa: S310
        f"{visitor.address}{PAGE}collected?archive={archive}", headers=SCRIPT | {"X-XSRFToken": visitor.token}
    )
    with visitor.opener.open(request, timeout=60) as response:
        return zipfile.ZipFile(io.BytesIO(response.read()))


def rows_of(answer: dict) -> dict[str, dict]:
    return {row.pop("user"): row for row in answer["rows"]}


def test_a_teacher_hands_out_a_folder_after_a_look_and_collects_it(grace, homes):
    large = os.urandom(3 << 20)
    files = {"week2/hw1.ipynb": b"one", "week2/data/größe.csv": large, "week2/empty.txt": b""}
    status, checked = send(grace, body_of(files))
    assert status == 200, checked
    assert (checked["files"], checked["bytes"], checked["versions"]) == (3, len(large) + 3, {"week2": 1})
    rows = rows_of(checked)
    assert list(rows) == ["bob", "carol", "grace"]
    assert rows["bob"] == {"counts": {"place": 3}, "files": [], "more": 0, "beside": []}
    assert not (homes / "bob/week2").exists(), "a look changes nothing"
    status, done = ask(grace, "handout", {"sent": checked["sent"]})
    assert (status, done["versions"]) == (200, {"week2": 1})
    assert (homes / "bob/week2/data/größe.csv").read_bytes() == large
    assert (homes / "carol/week2/empty.txt").read_bytes() == b""
    assert ask(grace, "handout", {"sent": checked["sent"]})[0] == 400, "only once"

    (homes / "bob/week2/hw1.ipynb").write_text("bob's")
    (homes / "bob/week2/..evil\n.txt").write_text("x")
    (homes / "bob/week2/link").symlink_to("/etc/passwd")
    (homes / "carol/week2/empty.txt").unlink()
    status, found = ask(grace, "collect", {"path": "week2"})
    assert status == 200, found
    rows = rows_of(found)
    assert {user: row["what"] for user, row in rows.items()} == {"bob": "changed", "carol": "untouched", "mia": "missing"}
    assert rows["bob"]["leftOut"] == 1, "a link; the hidden one is none of the work"
    archive = download(grace, found["archive"])
    names = ["data/größe.csv", "empty.txt", "hw1.ipynb", "timestamp.txt"]
    assert sorted(archive.namelist()) == [f"submitted/bob/week2/{name}" for name in names]
    assert archive.read("submitted/bob/week2/hw1.ipynb") == b"bob's"
    assert re.fullmatch(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC\n", archive.read("submitted/bob/week2/timestamp.txt"))
    assert found["name"] == "week2.zip"


def test_single_files_are_handed_out_each_under_its_own_name(grace, homes):
    (homes.parent / "pending/carol").touch()
    (homes.parent / "homes/bob/b.csv").write_text("mine")
    status, checked = send(grace, body_of({"a.ipynb": b"a", "b.csv": b"b"}))
    assert status == 200, checked
    assert checked["versions"] == {"a.ipynb": 1, "b.csv": 1}
    done = rows_of(ask(grace, "handout", {"sent": checked["sent"]})[1])
    (homes.parent / "pending/carol").unlink()
    assert done["carol"]["problem"] == "no limit"
    assert done["bob"]["counts"] == {"place": 1, "beside": 1}
    assert done["bob"]["beside"] == ["b (new 1).csv"]


@pytest.mark.parametrize(
    ("files", "listed", "sentence"),
    [
        ({}, {"files": []}, "There is no file to hand out."),
        ({}, [], "The list of the files cannot be read."),
        ({}, {"files": [{"path": "a", "size": True}]}, "The list of the files cannot be read."),
        ({}, {"files": [{"path": 1, "size": 1}]}, "The list of the files cannot be read."),
        ({}, {"files": [{"path": "a", "size": 101 << 20}]}, "The files are larger than 100 MB together."),
        ({}, {"files": [{"path": f"w/{each}", "size": 0} for each in range(2001)]}, "At most 2000 files"),
        ({}, {"files": [{"path": str(each), "size": 0} for each in range(21)]}, "At most 20 single files"),
        ({"a": b"1"}, {"files": [{"path": "a", "size": 2}]}, "The files did not arrive completely."),
        ({"a": b"123"}, {"files": [{"path": "a", "size": 2}]}, "The files did not arrive completely."),
        ({"../a": b""}, None, '"../a" is not a path inside a folder.'),
        ({"/etc/passwd": b""}, None, '"/etc/passwd" is not a path inside a folder.'),
        ({"w/../../a": b""}, None, '"w/../../a" is not a path inside a folder.'),
        ({"w/a\nb": b""}, None, '"w/a\\nb" has a name that not every machine can have.'),
        ({"w/\u202egnp.exe": b""}, None, '"w/\\u202egnp.exe" has a name'),
        ({"w/\ud800": b""}, None, '"w/\\ud800" has a name'),
        ({"w/a\0b": b""}, None, '"w/a\\u0000b" is not a path inside a folder.'),
        ({".bashrc": b""}, None, '".bashrc" is hidden'),
        ({"w/.ssh/authorized_keys": b""}, None, '"w/.ssh/authorized_keys" is hidden'),
        ({"w/" + "a" * 201: b""}, None, '"w/aaa'),
        ({}, {"files": [{"path": "w/a", "size": 0}] * 2}, "Two of the files have the same name."),
        ({"w/a": b"", "w/a/b": b""}, None, "Two of the files have the same name."),
        ({"w/a": b"", "v/a": b""}, None, "Choose files, or one folder."),
        ({"w/a": b"", "v": b""}, None, "Choose files, or one folder."),
    ],
)
def test_what_cannot_be_handed_out_is_a_sentence(grace, homes, files, listed, sentence):
    status, answer = send(grace, body_of(files, listed))
    assert (status, answer["message"][: len(sentence)]) == (400, sentence)


def test_a_list_that_never_ends_and_a_body_above_the_limit_are_refused(hub, grace):
    assert send(grace, b"x" * (2 << 20))[1]["message"].startswith("The list of the files cannot be read.")
    # The edge refuses this before; its proxy would wait for the rest.
    with socket.create_connection(("127.0.0.1", hub.room_port), 20) as connection:
        connection.sendall(_head(grace, 102 << 20))
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


def _head(visitor, length: int) -> bytes:
    cookies = "; ".join(f"{each.name}={each.value}" for each in visitor.cookies if PAGE.startswith(each.path))
    headers = SCRIPT | {"Host": "localhost", "Cookie": cookies, "X-XSRFToken": visitor.token, "Content-Length": str(length)}
    return "\r\n".join([f"POST {PAGE}files HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


def test_one_upload_at_a_time_and_one_that_ends_in_the_middle_frees_the_place(grace):
    begun: list[socket.socket] = []

    def status() -> str:
        return send(grace, body_of({}))[1]["message"]

    def is_busy() -> bool:
        # Refused itself if it comes while the files of an earlier look are taken, so it is begun again.
        begun.append(socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(grace.address).port), 20))
        begun[-1].sendall(_head(grace, 5_000_000) + b'{"files"')
        time.sleep(0.5)
        return status() == "Files are being sent to this class just now. Please try again in a minute."

    wait_in_thread_for(is_busy)
    for connection in begun:
        connection.close()
    wait_in_thread_for(lambda: status() == "There is no file to hand out.")


@pytest.mark.parametrize("path", ["", ".", "../bob", "/etc", "week2/../../a", ".ssh", "a\nb", "a//b"])
def test_only_a_visible_path_inside_the_home_is_collected(grace, path):
    status, answer = ask(grace, "collect", {"path": path})
    assert status == 400
    assert answer["message"].startswith("Name a visible file or folder as students see it")


@pytest.mark.parametrize("body", [None, [], {"sent": 1}, {"sent": "x"}, {"path": ["a"]}])
def test_requests_that_are_none_are_refused(grace, body):
    for what in ("handout", "collect"):
        status, answer = ask(grace, what, body if body is not None else "[")
        assert status == 400
        assert answer["message"].endswith((".", "used."))
    assert grace.ask(f"{PAGE}collected?archive=x", SCRIPT | {"X-XSRFToken": grace.token})[0] == 410


def test_a_student_and_a_visitor_can_do_none_of_it_and_their_files_are_not_taken(hub, grace):
    bob = hub.at("bob", PASSWORD)
    bob.open("/hub/home")
    body = body_of({"w/a": b"1"})
    begin = time.monotonic()
    for token in (grace.token, "x", ""):
        assert send(bob, body, token)[0] == 403
        # Its answer comes before the body, so the connection ends, or the proxy answers with a page.
        with suppress(ConnectionError, urllib.error.URLError, ValueError):
            assert send(bob, body + b"x" * (20 << 20), token)[0] in (400, 403, 503)
    assert time.monotonic() - begin < 10
    headers = SCRIPT | {"X-XSRFToken": grace.token}
    for path in ("handout", "collect"):
        assert bob.ask(f"{PAGE}{path}", headers, {"path": "a", "sent": "x"})[0] == 403
    assert bob.ask(f"{PAGE}collected?archive=x", headers)[0] == 403
    own = re.search(r'xsrf_token: "([^"]+)"', bob.open("/hub/home")[1])[1]
    for path in ("files", "handout", "collect"):
        assert bob.ask(f"/hub/api/room/{path}", SCRIPT | {"X-XSRFToken": own, "Content-Type": "application/json"}, {})[0] == 403
    assert bob.ask("/hub/api/room/collected?archive=x", SCRIPT | {"X-XSRFToken": own})[0] == 403
    # A page of a student's server, in the teacher's browser, does not know the token of the page.
    assert send(grace, body, "x")[0] == 403
