"""The room in the hub's API. Whoever may open the page of the room may ask, and use its buttons: admins, teachers and its service."""

import re

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.spawner import SpawnException
from tornado.web import HTTPError

from ..login.roles import ROOM
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
    # As attributes: traitlets would copy objects among a handler's arguments.
    return [(f"/api/room{path}", type(handler.__name__, (handler,), shared)) for path, handler in found.items()]


class _RoomHandler(APIHandler):
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


class State(_RoomHandler):
    """Everybody, the machines and the warnings."""

    def get(self):
        """Returns them as JSON."""
        self.write(self.room.state())

    def _log(self):
        # One line every four seconds while a page is open would hide all others.
        if self.get_status() >= 300:
            super()._log()


class CurvesSinceMorning(_RoomHandler):
    """The curves."""

    def get(self):
        """Returns them as JSON."""
        self.write(self.room.curves.shown())


class Output(_RoomHandler):
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


class Interrupt(_RoomHandler):
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


class Quota(_RoomHandler):
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
