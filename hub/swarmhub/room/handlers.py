"""The room in the hub's API. Whoever may open the page of the room may ask, and use its buttons: admins, teachers and its service."""

import re
import time

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.spawner import SpawnException
from tornado.web import HTTPError

from ..login.roles import ROOM
from . import people
from .announcement import Unusable, time_in
from .homes import LEAST_BYTES, MOST_BYTES, set_limit
from .kernels import interrupt
from .room import Room

SERVICE = "room"
_ALLOWED = {"access:services", ROOM}
_MOST_OUTPUT = 1 << 15


def handlers(room: Room, storage, failed_starts) -> list[tuple[str, type]]:
    """Returns the paths and their handlers; the folders are those of the homes (None: they do not stay) and of failed starts."""
    shared = {"room": room, "storage": storage, "failed_starts": failed_starts}
    found = {"": State, "/curves": CurvesSinceMorning, "/output": Output, "/interrupt": Interrupt, "/quota": Quota}
    found |= {"/news": News, "/announce": Announce, "/help": Help}
    # As attributes: traitlets would copy objects among a handler's arguments.
    return [(f"/api/room{path}", type(handler.__name__, (handler,), shared)) for path, handler in found.items()]


class RoomHandler(APIHandler):
    """A handler for whoever may open the page of the room."""

    room: Room
    storage = failed_starts = None

    async def prepare(self):
        """Refuses everybody else, with status 403."""
        await super().prepare()
        if not self._finished and not _ALLOWED & set(self.expanded_scopes):
            raise HTTPError(403, "The room is for teachers and admins.")

    def person(self):
        """Returns the person in the argument `user`; refuses unknown names with status 404."""
        person = self.room.find(self.get_query_argument("user", strip=False))
        if person is None:
            raise HTTPError(404, "Nobody in this class has that name.")
        return person


class State(RoomHandler):
    """Everybody, the machines and the warnings."""

    def get(self):
        """Returns them as JSON."""
        self.write(self.room.state())

    def _log(self):
        # One line every four seconds while a page is open would hide all others.
        if self.get_status() >= 300:
            super()._log()


class News(State):
    """What open JupyterLabs are told."""

    def get(self):
        """Returns it as JSON."""
        self.write(self.room.news())


class Announce(RoomHandler):
    """Says something to everybody, or takes it back."""

    def post(self):
        """Needs `text` (null: takes it back) and `until` (a time with its offset; null: until it is withdrawn)."""
        body = self.get_json_body()
        text, until = (body.get(key) if isinstance(body, dict) else None for key in ("text", "until"))
        try:
            if text is None:
                self.room.announcements.withdraw()
            else:
                self.room.announcements.announce(str(text), time_in(until))
        except Unusable as error:
            raise HTTPError(400, str(error)) from error
        except OSError as error:
            raise HTTPError(503, "The announcement cannot be written: the disk of the manager may be full.") from error
        self.write({})


class Help(RoomHandler):
    """Marks somebody who has asked for help, or takes the mark off."""

    def post(self):
        """Needs the arguments `user` and `wanted` (yes or no)."""
        person = self.person()
        try:
            if self.get_query_argument("wanted") == "yes":
                if people.state(person.spawner)["state"] != "running":
                    raise HTTPError(409, "This server does not run.")
                self.room.help_calls.call(person.name, time.time())
            else:
                self.room.help_calls.end(person.name)
        except OSError as error:
            raise HTTPError(503, "The hub cannot note this: the disk of the manager may be full.") from error
        self.write({})

    def _log(self):
        # Any student may cause such lines.
        if self.get_status() >= 300:
            super()._log()


class CurvesSinceMorning(RoomHandler):
    """The curves."""

    def get(self):
        """Returns them as JSON."""
        self.write(self.room.curves.shown())


class Output(RoomHandler):
    """Why the last start of somebody failed, with the end of the container's output."""

    def get(self):
        """Returns its lines; none if there is no report."""
        spawner = self.person().spawner
        lines: list[str] = []
        if spawner is not None and spawner._failed:
            try:
                path = self.failed_starts / spawner.escaped_name
                # A start that fails before it has a container leaves the report of an earlier one.
                if path.stat().st_mtime >= spawner.began:
                    lines = path.read_bytes()[:_MOST_OUTPUT].decode(errors="replace").splitlines()
            except OSError:
                lines = []
        self.write({"lines": lines})


class Interrupt(RoomHandler):
    """Interrupts the busy kernels of one server."""

    async def post(self):
        """Returns how many there were."""
        spawner = self.person().spawner
        if spawner is None or not spawner.ready:
            raise HTTPError(409, "This server does not run.")
        try:
            self.write({"interrupted": await interrupt(spawner)})
        except OSError as error:
            raise HTTPError(502, f"The kernel cannot be interrupted: {error}.") from error


class Quota(RoomHandler):
    """Sets the limit of one home."""

    async def post(self):
        """Waits until the limit is in force; the answer has a `note` if that lasts."""
        person, given = self.person(), self.get_query_argument("bytes")
        limit = int(given) if re.fullmatch(r"[0-9]{1,16}", given, re.ASCII) else 0
        if not LEAST_BYTES <= limit <= MOST_BYTES:
            raise HTTPError(400, "The limit must be a number of bytes, at least 4096.")
        if self.storage is None:
            raise HTTPError(409, "The homes of this class have no limit of their own.")
        try:
            note = await set_limit(self.storage, person.name, limit)
            await self.room.look_at_home(person.name)
        except SpawnException as error:
            raise HTTPError(503, f"The limit cannot be set: {error.message}") from error
        self.write({"note": note})
