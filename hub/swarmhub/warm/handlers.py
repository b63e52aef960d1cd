"""Warm starts in the hub's API, for whoever may open the page of the room. Requests have no body, so all is in the address."""

import json
import time

from tornado.web import HTTPError

from ..room.handlers import RoomHandler
from .keeper import Keeper
from .timetable import Occasion

_CAUGHT_UP = 3600  # seconds after its time in which a start that was planned by hand still begins
_LONGEST = 8 * 86400


def handlers(keeper: Keeper) -> list[tuple[str, type]]:
    """Returns the path and its handler."""
    return [("/api/warm", type("Warm", (_Warm,), {"keeper": keeper}))]


class _Warm(RoomHandler):
    keeper: Keeper

    def get(self) -> None:
        """Returns what goes on, and what comes next."""
        self.write(self.keeper.report(time.time()))

    def post(self) -> None:
        """Plans a warm start at `at` (seconds since 1970; without it now), for a `group` with its `members` (JSON)."""
        now = time.time()
        at = self._time(now)
        if at == now and self.keeper.is_closed():
            raise HTTPError(400, "The class is closed, so no server starts.")
        group = self.get_query_argument("group", None)
        occasion = Occasion(f"once {at:.3f} {group or ''}".rstrip(), at, at + _CAUGHT_UP, group, self._members())
        self.keeper.plan(occasion, now)
        self.write({"key": occasion.key} | self.keeper.report(now))

    def delete(self) -> None:
        """Forgets what was planned by hand, and ends what goes on."""
        self.write({"cancelled": self.keeper.cancel()})

    def _time(self, now: float) -> float:
        given = self.get_query_argument("at", None)
        try:
            at = now if given is None else float(given)
        except ValueError:
            at = -1.0
        if not now - 60 <= at <= now + _LONGEST:
            raise HTTPError(400, "The time must be in the next eight days, by the clock of the manager.")
        return at

    def _members(self) -> tuple[str, ...]:
        try:
            members = json.loads(self.get_query_argument("members", "[]"))
        except (ValueError, RecursionError):
            members = None
        if not isinstance(members, list) or not all(isinstance(each, str) for each in members):
            raise HTTPError(400, "The members must be a list of names.")
        return tuple(members)
