"""Checks the options of a server, in whatever way they reach the hub."""

from collections.abc import Callable

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.orm import Spawner
from sqlalchemy import event


def check_user_options(check: Callable[[object], None]) -> None:
    """Calls `check` with the options of each start, and with those that are only stored; it raises an HTTPError for wrong ones.

    The options of a form pass through options_from_form, but those in the JSON of `POST /users/NAME/server` do not, and JupyterHub
    stores any (jupyterhub/apihandlers/users.py).
    """
    start = BaseHandler.spawn_single_user

    async def check_and_start(self, user, server_name="", display_name="", options=None):
        if options is not None:
            check(options)  # here, because a start that fails later leaves a token and a row of the server behind
        return await start(self, user, server_name, display_name, options=options)

    BaseHandler.spawn_single_user = check_and_start

    @event.listens_for(Spawner.user_options, "set")
    def check_stored(_spawner, options, _previous, _initiator) -> None:
        if options is not None:
            check(options)
