"""Corrections of JupyterHub: SQLite's journal, cached DNS responses, two tabs that start one server, answers of users' servers."""

import asyncio
import ssl

import jupyterhub.objects
from aiohttp.resolver import ThreadedResolver
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.handlers.pages import SpawnHandler
from packaging.version import InvalidVersion, Version
from sqlalchemy import Engine, event
from tornado.log import app_log
from tornado.web import HTTPError

from .bounded_request import Response, request

_VERSION_HEADER = "X-JupyterHub-Version"


def use_write_ahead_log() -> None:
    """Makes SQLite append each change to a log beside the database, without waiting for the disk.

    The hub writes to the database about twenty times for each start and answers no request meanwhile; by default SQLite waits
    for the disk two or three times for each write. A power cut may lose the last changes, but never damages the database
    (https://sqlite.org/wal.html, "Performance Considerations"). Users whose login was lost log in again.
    """

    @event.listens_for(Engine, "connect")
    def connect(connection, _record) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()


class FreshResolver(ThreadedResolver):
    """Asks the system for each address and caches no response.

    JupyterHub's HTTP client would use c-ares, which caches a response for the 600 s that Docker's DNS allows. A service that was
    stopped and started again has a new address, and the hub waited for it at the old address until its time was over.
    """

    def __init__(self) -> None:
        """Does not keep an event loop: traitlets copies the objects in a settings file, and an event loop cannot be copied."""

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()


def share_pending_start() -> None:
    """Makes a second tab follow the start that the first tab has requested.

    Upstream checks whether a server is starting, but only begins the start one iteration of the event loop later. A second tab
    that requests the server in between gets "500: Unhandled error" (jupyterhub/handlers/pages.py, SpawnHandler).
    """
    start = SpawnHandler._wrap_spawn_single_user

    async def start_or_follow(self, user, server_name, display_name, spawner, pending_url, options=None):
        try:
            return await start(self, user, server_name, display_name, spawner, pending_url, options)
        except HTTPError:
            if not spawner.pending:
                raise
            return self.redirect(pending_url)

    SpawnHandler._wrap_spawn_single_user = start_or_follow


def ask_for_a_new_login() -> None:
    """Makes the hub answer 403 "login again" where a login must be renewed; upstream fails with status 500.

    JupyterHub 6.1.1 asks each handler whether a token came with the request, but only those to which one came know (handlers/base.py,
    refresh_auth).
    """
    BaseHandler._token_authenticated = False


def bound_answers_of_servers() -> None:
    """Makes the hub's only own request to a user's server, after each start and each restart of the hub, safe and short.

    Upstream may wait 300 s for each response whatever the deadline is, shares 100 connections and the cookies among all servers and
    the proxy (jupyterhub/utils.py, wait_for_http_server), and passes the version to a parser that raises (jupyterhub/user.py, _wait_up):
    with one server that calls its version "oops", a restarted hub exited each time.
    """
    jupyterhub.objects.wait_for_http_server = _wait_for_http_server


async def _wait_for_http_server(url: str, timeout: float = 10, ssl_context: ssl.SSLContext | None = None) -> Response:  # noqa: ASYNC109
    last_reason, pause = "", 0.1
    async with asyncio.timeout(timeout):
        while True:
            try:
                # A lost connection must not use up the whole time.
                response = await request(url, 30, only_headers=True, ssl_context=ssl_context)
                if response.status < 500:
                    return _with_readable_version(response)
                reason = f"status {response.status}"
            except OSError as error:
                reason = str(error) or "no response"
            if reason != last_reason:
                app_log.warning("%s is not ready: %s", url, reason)
            last_reason = reason
            await asyncio.sleep(pause)
            pause = min(2 * pause, 2)


def _with_readable_version(response: Response) -> Response:
    version = response.headers.get(_VERSION_HEADER, "")
    try:
        if len(version) > 40:  # Python refuses to read numbers of more than 4300 digits, with another error
            raise InvalidVersion
        Version(version)
    except InvalidVersion:
        del response.headers[_VERSION_HEADER]  # as if the server had none, which JupyterHub reports
    return response
