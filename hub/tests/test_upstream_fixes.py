import contextlib
import copy
import time

import pytest
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.httpclient import JupyterHubHTTPClient
from jupyterhub.objects import Server
from sqlalchemy import create_engine, text

from swarmhub.upstream_fixes import FreshResolver, ask_for_a_new_login, bound_answers_of_servers, use_write_ahead_log

from .support.hostile_server import HONEST, HOSTILE, HostileServer, once, response


def test_sqlite_appends_to_a_log_without_waiting_for_the_disk(tmp_path):
    use_write_ahead_log()
    with create_engine(f"sqlite:///{tmp_path}/hub.sqlite").connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 1


def test_a_handler_without_a_token_knows_that_it_has_none():
    ask_for_a_new_login()
    assert BaseHandler._token_authenticated is False


async def test_the_hub_resolves_each_name_again_and_caches_no_response():
    options = copy.deepcopy({"resolver": FreshResolver(), "use_dns_cache": False})
    connector = JupyterHubHTTPClient(connector_options=options)._new_connector()
    try:
        assert isinstance(connector._resolver, FreshResolver)
        assert [found["host"] for found in await connector._resolve_host("localhost", 80)] != []
        assert not connector.use_dns_cache
    finally:
        await connector.close()


@pytest.fixture
def wait_up(monkeypatch):
    """Waits for a server as the hub does after a start and after its own restart."""
    monkeypatch.setattr("jupyterhub.objects.wait_for_http_server", None)
    bound_answers_of_servers()
    return lambda server, seconds: Server(connect_url=server.url).wait_up(timeout=seconds, http=True, extra_path="api")


async def test_the_hub_waits_until_a_server_answers_and_reads_its_version(wait_up):
    answers = [HOSTILE["status 500"], HOSTILE["an end of the connection"], HONEST]
    with contextlib.closing(HostileServer(lambda: answers.pop(0)())) as server:
        assert (await wait_up(server, 10)).headers["X-JupyterHub-Version"] == "6.1.1"
        assert [request.split()[1] for request in server.requests] == [b"/user/x/api"] * 3


@pytest.mark.parametrize("title", ["nothing", "one byte each 0.1 s", "100 Continue without end", "status 500"])
async def test_the_hubs_wait_for_a_server_ends_at_its_deadline(wait_up, title):
    started = time.monotonic()
    with contextlib.closing(HostileServer(HOSTILE[title])) as server, pytest.raises(TimeoutError):
        await wait_up(server, 0.5)
    assert time.monotonic() - started < 20, "the server gives up after 60 s"


@pytest.mark.parametrize("version", ["oops", "9" * 5000, "", "1.0+" + "x" * 100])
async def test_an_unreadable_version_counts_as_no_version(wait_up, version):
    with contextlib.closing(HostileServer(once(response(f"X-JupyterHub-Version: {version}")))) as server:
        assert "X-JupyterHub-Version" not in (await wait_up(server, 5)).headers
