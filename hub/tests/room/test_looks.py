"""The homes, kernels and curves that the room looks at, and the feed of its pages."""

import asyncio
import json
import os
import ssl
import subprocess
import time
from types import SimpleNamespace

import pytest

from swarmhub.homes.provisioning import make_home
from swarmhub.room.actions import HubError, for_each
from swarmhub.room.certificate import certificate_end
from swarmhub.room.curves import Curves
from swarmhub.room.feed import SILENT, Feed
from swarmhub.room.homes import read_homes, set_limit, write_limit
from swarmhub.room.kernels import Kernel, interrupt, kernels, kernels_of_all
from swarmhub.spawning.start_times import StartTimes

from ..spawning.test_activity import server  # noqa: F401 - a fixture

ID = "0f3c9d2e-4a6b-4c1d-8e2f-123456789abc"


@pytest.fixture
def storage(tmp_path):
    for name in ("homes", "owners", "pending", "limits"):
        (tmp_path / name).mkdir()
    make_home(tmp_path, "bob", "bob")
    (tmp_path / "pending/bob").unlink()
    return tmp_path


@pytest.fixture
def bob(server):  # noqa: F811
    return SimpleNamespace(server=SimpleNamespace(url=server.url), api_token="token-of-bob", object_id="")


def test_a_home_has_what_its_file_system_says_and_others_are_missing(storage):
    make_home(storage, "new", "new")  # without a limit yet
    room = os.statvfs(storage)
    used = (room.f_blocks - room.f_bavail) * room.f_frsize
    assert read_homes(storage, ["bob", "nobody", "new"]) == {"bob": (pytest.approx(used, rel=0.1), room.f_blocks * room.f_frsize)}


def test_a_limit_is_written_as_a_whole_and_keeps_the_limit_of_files(storage):
    write_limit(storage, "bob", 7 << 30)
    assert (storage / "limits/bob").read_text() == f'{{"bytes": {7 << 30}}}\n'
    (storage / "limits/bob").write_text('{"bytes": 5, "files": 9, "x": 1}')
    write_limit(storage, "bob", 8 << 30)
    assert json.loads((storage / "limits/bob").read_text()) == {"bytes": 8 << 30, "files": 9}
    assert [path.name for path in (storage / "limits").iterdir()] == ["bob"]


@pytest.mark.parametrize("content", ["", "null", "[]", '{"files": -1}', '{"files": true}', "{" * 3000])
def test_an_unreadable_limit_is_replaced(storage, content):
    (storage / "limits/bob").write_text(content)
    write_limit(storage, "bob", 4096)
    assert json.loads((storage / "limits/bob").read_text()) == {"bytes": 4096}


async def test_a_limit_that_the_watcher_does_not_apply_is_a_sentence(storage, monkeypatch):
    monkeypatch.setattr("swarmhub.room.homes._IN_FORCE_SECONDS", 0.1)
    assert "has not applied it yet" in await set_limit(storage, "bob", 1 << 20)


async def test_a_limit_in_force_is_none(storage):
    room = os.statvfs(storage)
    assert await set_limit(storage, "bob", room.f_blocks * room.f_frsize) is None


async def test_only_kernels_that_can_be_part_of_an_address_count(server, bob):  # noqa: F811
    bad = [{"id": "../../shutdown", "execution_state": "busy"}, {"id": 1, "execution_state": "busy"}, {}, None, "x", {"id": "A"}]
    server.response = json.dumps([{"id": ID, "execution_state": "busy"}, *bad, {"id": "1", "execution_state": ["busy"]}])
    assert await kernels(bob) == [Kernel(ID, True), Kernel("1", False)]


async def test_at_most_50_kernels_of_one_server_count(server, bob):  # noqa: F811
    server.response = json.dumps([{"id": "1", "execution_state": "busy"}] * 300)
    assert len(await kernels(bob)) == 50


@pytest.mark.parametrize("response", ["", "{}", "[" * 1000, "null", "x" * 70_000])
async def test_a_server_that_answers_otherwise_has_no_known_kernels(server, bob, response):  # noqa: F811
    server.response = response
    assert await kernels_of_all({"bob": bob, "off": SimpleNamespace(server=None, api_token="x")}) == {"bob": None, "off": None}


async def test_busy_kernels_are_interrupted_with_the_servers_own_token(server, bob):  # noqa: F811
    from aiohttp import web

    async def answer(request):
        if request.method == "POST":
            return web.Response(status=204)
        return web.json_response([{"id": ID, "execution_state": "busy"}, {"id": "2", "execution_state": "idle"}])

    server.response = answer
    assert await interrupt(bob) == 1
    last = server.requests[-1]
    assert (last.method, last.path) == ("POST", f"/user/alice/api/kernels/{ID}/interrupt")
    assert last.headers["Authorization"] == "token token-of-bob"
    server.response = json.dumps([{"id": ID, "execution_state": "busy"}])  # 200 for the POST, too
    with pytest.raises(OSError, match="status 200"):
        await interrupt(bob)


def test_curves_and_starts_survive_a_restart_and_have_at_most_160_points(tmp_path, monkeypatch):
    now = time.time()
    starts = StartTimes()
    starts.add(now - 12)
    curves = Curves(tmp_path / "room.json", starts)
    for minute in range(400):
        monkeypatch.setattr(time, "time", lambda minute=minute: now + 60 * minute)
        curves.add(minute, 1, 50.4)
    restored = StartTimes()
    shown = Curves(tmp_path / "room.json", restored).shown()
    assert len(shown["points"]) <= 160
    assert shown["points"][-1] == [int(now + 60 * 399), 399, 1, 50]
    assert [seconds for _, seconds in shown["starts"]] == [12]
    assert (tmp_path / "room.json").stat().st_mode & 0o777 == 0o600


def test_points_of_yesterday_are_forgotten(tmp_path, monkeypatch):
    now = time.time()
    curves = Curves(tmp_path / "room.json", StartTimes())
    curves.add(1, 0, None)
    monkeypatch.setattr(time, "time", lambda: now + 17 * 3600)
    curves.add(2, 0, None)
    assert [taken for _, taken, _, _ in curves.shown()["points"]] == [2]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"points": [1], "starts": []}', b'{"points": [], "starts": [["x", 1]]}', b"\xff", b"[" * 5000]
)
def test_an_unreadable_file_of_curves_is_no_error(tmp_path, content):
    (tmp_path / "room.json").write_bytes(content)
    assert Curves(tmp_path / "room.json", StartTimes()).shown() == {"points": [], "starts": []}


async def no_certificate():
    return None


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 30 days, and its key."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=x"]
    subprocess.run([*command, "-keyout", tmp_path / "key", "-out", tmp_path / "cert"], check=True, capture_output=True)  # noqa: S603
    return tmp_path / "cert", tmp_path / "key"


async def test_the_end_of_the_certificate_is_the_one_that_the_edge_shows_for_the_name(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    asked = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    edge = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    address = edge.sockets[0].getsockname()
    assert await certificate_end("geo.example.org", address) == pytest.approx(time.time() + 30 * 86400, abs=100)
    assert asked == ["geo.example.org"]
    edge.close()
    await edge.wait_closed()
    assert await certificate_end("geo.example.org", address) is None


async def test_an_edge_without_tls_or_a_name_that_cannot_be_one_shows_no_certificate():
    edge = await asyncio.start_server(lambda _reader, writer: writer.write(b"SSH-2.0\r\n"), "127.0.0.1", 0)
    for name in ("geo.example.org", "", "." * 300, "x" * 300):
        assert await certificate_end(name, edge.sockets[0].getsockname()) is None
    edge.close()


async def test_pages_share_one_request_and_get_only_what_has_changed(monkeypatch):
    monkeypatch.setattr("swarmhub.room.feed._EVERY", 0.01)
    monkeypatch.setattr("swarmhub.room.feed._ALIVE_EVERY", 0.2)
    asked, state = [], {"people": 1, "now": 0}

    async def ask(path):
        asked.append(path)
        state["now"] += 1
        return dict(state)

    feed = Feed(ask, no_certificate)
    one, other = feed.events(), feed.events()
    assert [await anext(one), await anext(other)] == ["retry: 2000\n\n"] * 2
    first = await anext(one)
    assert first.count("event: ") == 3
    assert await anext(other) == first
    assert await anext(one) == "event: alive\ndata: {}\n\n", "the page hears that its connection is there"
    state["people"] = 2
    assert '"people":2' in await anext(one)
    await one.aclose()
    await other.aclose()
    assert feed.readers == 0
    await asyncio.sleep(0.05)
    count = len(asked)
    await asyncio.sleep(0.05)
    assert len(asked) == count, "nobody watches"


async def test_a_hub_that_does_not_answer_is_said_and_asked_again(monkeypatch):
    monkeypatch.setattr("swarmhub.room.feed._EVERY", 0.01)
    answers = [OSError(), {"people": 1, "now": 1}]

    async def ask(path):
        if path.endswith("curves"):
            return {}
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, OSError):
            raise answer
        return answer

    events = Feed(ask, no_certificate).events()
    texts = [await anext(events) for _ in range(3)]
    assert json.dumps(SILENT["problem"]) in texts[1]
    assert '"people":1' in texts[2]
    await events.aclose()


async def test_what_fails_for_one_is_done_for_the_others():
    async def act(user):
        if user == "b":
            raise HubError("bob is already running")
        if user == "c":
            raise TimeoutError
        if user == "d":
            raise OSError
        return

    assert [(each["ok"], each["say"]) for each in await for_each(["a", "b", "c", "d"], act)] == [
        (True, None),
        (False, "bob is already running"),
        (False, "The server did not stop in time."),
        (False, "The hub does not answer."),
    ]
