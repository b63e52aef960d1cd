"""Who may have a server now, and the doors of the class, which teachers close and open on the page."""

from datetime import UTC, datetime

from tornado.web import HTTPError

from ..login.access import Access
from ..login.closing import Unusable, closed_by
from ..spawning.image_choice import FIELD
from ..warm.users import Users
from .handlers import RoomHandler
from .room import Room


def door_handlers(room: Room, access: Access) -> list[tuple[str, type]]:
    """Returns the paths and their handlers."""
    # As attributes: traitlets would copy objects among a handler's arguments.
    shared = {"room": room, "access": access, "users": Users()}
    return [(f"/api/room/{name.lower()}", type(name, (handler,), shared)) for name, handler in (("Admit", _Admit), ("Doors", _Doors))]


class _Admit(RoomHandler):
    access: Access
    users: Users

    def post(self) -> None:
        """Refuses a user who may not come in now, and makes the hub know one of the roster; returns the options of the last start."""
        person = self.person()
        if person.role != "admin" and (sentence := self.access.refusal_for(person.name)):
            raise HTTPError(403, sentence)
        spawner = self.users.find_or_add(person.name).orm_spawners.get("")
        last = (spawner and spawner.user_options) or {}
        self.write({"options": {key: value for key, value in last.items() if key == FIELD}})


class _Doors(RoomHandler):
    access: Access

    def post(self) -> None:
        """Needs `closed`, and for a class that closes what `closed_by` reads.

        With some time left before servers are stopped, every open JupyterLab says so, in the place of another announcement.
        """
        body = self.get_json_body()
        try:
            if isinstance(body, dict) and body.get("closed") is True:
                self._close(body)
            else:
                self._reopen()
        except Unusable as error:
            raise HTTPError(400, str(error)) from error
        except OSError as error:
            raise HTTPError(503, "The hub cannot note this: the disk of the manager may be full.") from error
        self.write({})

    def _close(self, body: dict) -> None:
        closed = closed_by(body)
        self.access.closing.close(closed)
        if closed.stop_at and closed.stop_at > datetime.now(UTC):
            self.room.announcements.announce(closed.warning(), closed.stop_at)

    def _reopen(self) -> None:
        closed, said = self.access.closing.current(), self.room.announcements.current()
        if closed and said and said.text == closed.warning():
            self.room.announcements.withdraw()
        self.access.closing.reopen()
