"""The people of `swarmhub rehearse` in the hub: makes them, lets them in with a ticket each, and removes them without a trace.

This is the only way in for them, so it is the same for every method of login: no password and no account at an institution belongs to them.
"""

import asyncio
import logging
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyterhub import orm
from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.auth import Authenticator
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.utils import maybe_future
from tornado.ioloop import PeriodicCallback
from tornado.web import HTTPError

from ..settings import Paths
from ..slug import slug
from . import rehearsal_api
from .operator_api import operator_token
from .rehearsal_names import MOST_PEOPLE, is_rehearsal_name, rehearsal_name

LEASE_SECONDS = 600
RESERVED = "This name is reserved for rehearsals. Please choose another one."
_log = logging.getLogger("rehearsal")


def configure_rehearsal(c, paths: Paths, hub_api: str) -> None:
    """Adds the rehearsal to the hub's API and pages, and reserves its names. Needs the event loop of the hub."""
    refuse_rehearsal_names()
    rehearsal = Rehearsal(hub_api, operator_token(paths), paths.data / "failed-starts")
    for path, handler in (("/api/rehearsal", People), ("/rehearsal", Ticket)):
        # As attributes: traitlets would copy objects among a handler's arguments.
        c.JupyterHub.extra_handlers.append((path, type(handler.__name__, (handler,), {"rehearsal": rehearsal})))
    asyncio.get_running_loop().call_soon(rehearsal.watch)


def refuse_rehearsal_names() -> None:
    """Makes every method of login refuse these names: while "Rehearsal-1" exists, "rehearsal-1" would be spelled like it."""
    authenticate = Authenticator.get_authenticated_user

    async def authenticate_others(self, handler, data):
        found = await authenticate(self, handler, data)
        if found and is_rehearsal_name(found["name"]):
            raise HTTPError(403, RESERVED)
        return found

    Authenticator.get_authenticated_user = authenticate_others


class Rehearsal:
    """The rehearsal that is in progress: the tickets of those who have not come in yet, and when the operator was last heard of."""

    def __init__(self, hub_api: str, token: str, failed_starts: Path) -> None:
        """Also a hub that has just started waits for the operator of a rehearsal that was in progress."""
        self.tickets: dict[str, str] = {}
        self.heard_at = time.monotonic()
        self._hub_api, self._token, self._failed_starts = hub_api, token, failed_starts
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rehearsal")
        self._ending: asyncio.Future | None = None

    def watch(self) -> None:
        """Ends a rehearsal whose operator is gone: its servers would keep the seats of the next morning."""
        PeriodicCallback(self.end_if_abandoned, 30_000).start()

    def end_if_abandoned(self) -> None:
        """Does not wait for the end."""
        from jupyterhub.app import JupyterHub  # noqa: PLC0415 - the settings are read before the application exists

        if time.monotonic() - self.heard_at < LEASE_SECONDS or (self._ending and not self._ending.done()):
            return
        if names_in(JupyterHub.instance().db):
            _log.warning("The operator of the rehearsal is gone: its people are removed")
            self._ending = asyncio.ensure_future(self._end())

    async def _end(self) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, rehearsal_api.end, self._hub_api, self._token)
        except OSError as error:
            _log.error("The rehearsal was not ended and the hub will try again: %s", error)

    def forget(self, name: str) -> None:
        """Removes what is kept of a person outside the database."""
        self.tickets = {ticket: owner for ticket, owner in self.tickets.items() if owner != name}
        (self._failed_starts / slug(name)).unlink(missing_ok=True)


def names_in(db) -> list[str]:
    """Returns the people of rehearsals in the database."""
    found = db.query(orm.User.name).filter(orm.User.name.like("Rehearsal-%"))
    return [name for (name,) in found if is_rehearsal_name(name)]


class People(APIHandler):
    """The people of a rehearsal, for the operator's token alone."""

    rehearsal: Rehearsal

    async def prepare(self):
        """Refuses everybody else, with status 403."""
        await super().prepare()
        if not self._finished and not (isinstance(self.current_user, orm.Service) and self.current_user.name == "operator"):
            raise HTTPError(403, "Only swarmhub itself holds rehearsals.")
        self.rehearsal.heard_at = time.monotonic()

    def get(self):
        """Returns everybody with whether there is a server."""
        users = [self.find_user(name) for name in names_in(self.db)]
        self.write({"people": [{"name": user.name, "active": user.active} for user in users if user]})

    async def post(self):
        """Makes the number of people in the argument `people`, and returns each with the ticket that lets them in once."""
        given = self.get_query_argument("people")
        number = int(given) if re.fullmatch("[0-9]{1,3}", given, re.ASCII) else 0
        if not 1 <= number <= MOST_PEOPLE:
            raise HTTPError(400, f"A rehearsal has 1 to {MOST_PEOPLE} people.")
        if names_in(self.db):
            raise HTTPError(409, "There are people of another rehearsal.")
        for name in map(rehearsal_name, range(1, number + 1)):
            self.user_from_username(name)
            self.rehearsal.tickets[secrets.token_urlsafe(32)] = name
            await asyncio.sleep(0)  # each is written to the database, and others wait for their pages
        self.set_status(201)
        self.write({"people": [{"name": name, "ticket": ticket} for ticket, name in self.rehearsal.tickets.items()]})

    async def delete(self):
        """Removes everybody without a server, and returns the names of the others."""
        left = []
        for name in names_in(self.db):
            user = self.find_user(name)
            if user is None:
                continue
            if user.active:
                left.append(name)
                continue
            await maybe_future(self.authenticator.delete_user(user))
            await user.delete_spawners()
            self.users.delete(user)  # and with the user all logins and tokens
            self.rehearsal.forget(name)
            await asyncio.sleep(0)
        self.write({"left": left})


class Ticket(BaseHandler):
    """Lets a person of a rehearsal in as the form of a login page does, without a password."""

    rehearsal: Rehearsal

    def check_xsrf_cookie(self):
        """Needs none: no page of somebody else knows a ticket."""

    async def post(self):
        """Logs in, and redirects to the argument `next`."""
        name = self.rehearsal.tickets.pop(self.get_body_argument("ticket"), None)
        user = self.find_user(name) if name else None
        if user is None:
            raise HTTPError(403, "This ticket of a rehearsal is not valid.")
        self.set_login_cookie(user)
        self.redirect(self.get_next_url(user))
