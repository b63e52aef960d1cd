"""Two tabs of one person that ask for a server at the same moment."""

from jupyterhub.handlers.pages import SpawnHandler
from tornado.web import HTTPError


def share_a_start() -> None:
    """Has the second tab follow the start of the first.

    Upstream looks whether a server starts and begins to start it a turn of its loop later: a second tab that comes in between is
    answered with "500: Unhandled error" (jupyterhub/handlers/pages.py, SpawnHandler).
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
