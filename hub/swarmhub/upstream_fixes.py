"""Three corrections of JupyterHub: SQLite's journal, cached DNS responses, and two tabs that start one server."""

import asyncio

from aiohttp.resolver import ThreadedResolver
from jupyterhub.handlers.pages import SpawnHandler
from sqlalchemy import Engine, event
from tornado.web import HTTPError


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

    JupyterHub's HTTP client would use c-ares, which caches a response for the 600 s that Docker's DNS allows. A server that was
    stopped and started again has a new address, and the hub waited for it at the old address until the start timed out.
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
