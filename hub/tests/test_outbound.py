"""The HTTP proxy as the hub's only way out, against a real proxy and a real TLS server on loopback."""

import asyncio
import base64
import json
import os
from dataclasses import replace

import pytest

from swarmhub.homes.git_repository import ContentError, Limits, _Git, fetch
from swarmhub.login.provider.connection import Connection
from swarmhub.login.provider.refusals import SignInRefusedError
from swarmhub.outbound import SECRET, Proxy, read_proxy
from swarmhub.server_settings import Content, ServerSettings
from swarmhub.spawning.environment import Mode, environment_for

from .support.examples import SETTINGS
from .support.git_server import GitServer
from .support.stand_in import StandIn

LOGIN = base64.b64encode(b"geo:p@ss").decode()


class ConnectProxy:
    """A forward proxy for CONNECT that wants a login; it reaches what it calls `outside`, which only it knows."""

    def __init__(self, port: int) -> None:
        self._outside, self.asked = port, []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error):
        self._server.close()

    def url(self, login="geo:p%40ss@"):
        return f"http://{login}127.0.0.1:{self.port}"

    async def _serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head.splitlines()[0])
        if f"Proxy-Authorization: Basic {LOGIN}" not in head:
            # Git asks without its login first, and answers only to this header.
            header = 'Proxy-Authenticate: Basic realm="class"\r\nConnection: close\r\nContent-Length: 0'
            writer.write(f"HTTP/1.1 407 Proxy Authentication Required\r\n{header}\r\n\r\n".encode())
            writer.close()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._outside)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

        async def pour(source, target):
            while data := await source.read(65536):
                target.write(data)
            target.close()

        await asyncio.gather(pour(reader, back), pour(there, writer), return_exceptions=True)


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    found = StandIn(tmp_path_factory.mktemp("outside"))
    yield found
    found.close()


async def test_a_provider_of_logins_is_reached_through_the_proxy_with_its_login_and_its_own_tls(provider):
    async with ConnectProxy(provider.port) as way:
        # A port where nothing listens: only the proxy leads to the provider.
        url = "https://localhost:9/.well-known/openid-configuration"
        connection = Connection("Uni X", provider.ca, Proxy(way.url(), way.url()))
        assert "token_endpoint" in await connection.read_object(url)
        assert way.asked == ["CONNECT localhost:9 HTTP/1.1"]


async def test_a_proxy_that_refuses_is_a_sentence_for_the_user(provider, caplog):
    async with ConnectProxy(provider.port) as way:
        connection = Connection("Uni X", provider.ca, Proxy(way.url(""), way.url("")))
        with pytest.raises(SignInRefusedError):
            await connection.read_object("https://localhost:9/")
        assert "status 407" in caplog.text


async def test_an_excepted_host_is_reached_without_the_proxy(provider):
    async with ConnectProxy(provider.port) as way:
        connection = Connection("Uni X", provider.ca, Proxy(way.url(), way.url(), ("localhost",)))
        assert await connection.read_object(f"{provider.url}/.well-known/openid-configuration")
        assert way.asked == []


@pytest.mark.parametrize(
    ("host", "is_for"),
    [
        ("packages.example.net", True),
        ("a.example.org", False),
        ("example.org", True),
        ("hub", False),
        ("10.1.2.3", False),
        ("192.0.2.1", True),
    ],
)
def test_names_domains_and_networks_are_excepted(host, is_for):
    assert Proxy("", "", (".example.org", "hub", "10.0.0.0/8")).is_for(host) is is_for


def test_servers_get_the_proxy_in_both_cases_but_not_what_their_image_sets():
    proxy = Proxy("http://p:1", "http://p:2", ("hub", "localhost"))
    found = environment_for(replace(SETTINGS, servers=ServerSettings(proxy=proxy)), Mode.NORMAL)
    assert found["HTTP_PROXY"] == found["http_proxy"] == "http://p:1"
    assert found["HTTPS_PROXY"] == found["https_proxy"] == "http://p:2"
    assert found["NO_PROXY"] == found["no_proxy"] == "hub,localhost"


def test_git_gets_the_proxy(tmp_path):
    git = _Git(tmp_path, Content("https://git.example/x", "x"), None, Limits(), "https", Proxy("http://p:1", "http://p:2"))
    assert git._environment["https_proxy"] == "http://p:2"


@pytest.fixture
def git_server(tmp_path):
    found = GitServer(tmp_path)
    yield found
    found.close()


async def test_git_fetches_through_the_proxy_and_an_error_has_no_login(git_server, tmp_path, monkeypatch):
    # As this account: another one could not read the folder of the test.
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    # A port where nothing listens: only the proxy leads to the repository.
    content = Content("https://localhost:9/course/.git", "course")

    async def files_by(way, login):
        proxy = Proxy(way.url(login), way.url(login))
        return await asyncio.to_thread(fetch, content, None, None, tmp_path / "got", Limits(), "https", proxy, git_server.ca)

    async with ConnectProxy(git_server.port) as way:
        _, files = await files_by(way, "geo:p%40ss@")
        assert [file.path for file in files] == ["course/lab.txt"]
        assert set(way.asked) == {"CONNECT localhost:9 HTTP/1.1"}
        with pytest.raises(ContentError, match="407") as caught:
            await files_by(way, "geo:wrong-phrase@")
        assert "wrong-phrase" not in str(caught.value)


def test_a_damaged_secret_is_named_without_its_text(tmp_path):
    assert read_proxy(tmp_path) is None
    (tmp_path / SECRET).write_text(json.dumps({"http": "http://geo:s3cret@p:1"}))
    with pytest.raises(ValueError, match="is not an object") as caught:
        read_proxy(tmp_path)
    assert "s3cret" not in str(caught.value)
