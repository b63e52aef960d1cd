"""Lets an admin end all starts that wait for a seat, with a button on the admin page."""

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.scopes import needs_scope
from tornado.web import authenticated

from ..spawning.spawner import SwarmHubSpawner

PATH = "/queue/clear"


def queue_length(_user: object) -> int:
    """Returns how many starts wait, for the admin page."""
    return len(SwarmHubSpawner.seat_queue)


class ClearQueue(BaseHandler):
    """The button's handler. JupyterHub's own "Stop All" stops the servers that run too, and shows no button for one that waits."""

    @authenticated
    @needs_scope("admin-ui")
    @needs_scope("delete:servers")
    async def post(self):
        """Ends the starts, whose users read why, and shows the admin page again."""
        names = SwarmHubSpawner.seat_queue.clear()
        self.log.warning("%s cleared the queue of %d: %s", self.current_user.name, len(names), ", ".join(names))
        self.redirect(f"{self.hub.base_url}admin")
