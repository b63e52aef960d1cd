"""Begins warm starts when it is time, and gives the seats of servers that nobody visits to people who wait."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from tornado.log import app_log

from ..login.access import Access
from ..room.actions import Hub
from ..room.people import state
from ..settings import Settings
from ..spawning.seat_queue import QueueEntry, SeatQueue
from ..spawning.warm_starts import WarmServer, WarmStarts
from .record import Record, Started
from .report import report
from .round import Round
from .timetable import KEPT_SECONDS, Occasion, lead
from .users import Users
from .who import is_teacher, people_for

_EVERY = 2  # seconds
# The server itself, the proxy and the hub note activity at the end of each start, by the clocks of different machines.
VISIT_AFTER = 30
_SEAT_PATIENCE = 30  # seconds from the end of one server until another one ends for the same person in the queue


class Keeper:
    """The warm starts of one class."""

    def __init__(self, settings: Settings, access: Access, path: Path, hub: Hub, warm: WarmStarts, queue: SeatQueue, users: Users) -> None:
        """Remembers what the file at `path` says."""
        self._settings, self._access, self._hub, self._warm, self._queue = settings, access, hub, warm, queue
        self._users = users
        self.record = Record(path).read()
        self._rounds: dict[str, tuple[Round, asyncio.Task]] = {}
        self._helped: dict[QueueEntry, float] = {}
        self._now = 0.0  # of the last look
        self._stops: set[asyncio.Task] = set()
        warm.servers |= {user: WarmServer(at, rank, None, since) for user, (at, rank, since) in self.record.ready.items()}

    async def watch(self) -> None:
        """Looks every two seconds, for ever; an error is logged and the next look tries again."""
        last_error = ""
        while True:
            try:
                self.look(time.time())
                last_error = ""
            except Exception as error:
                if repr(error) != last_error:
                    app_log.exception("warm starts: the hub tries again")
                last_error = repr(error)
            await asyncio.sleep(_EVERY)

    def look(self, now: float) -> None:
        """Begins what is due, forgets servers whose users have come, makes room, and writes what has changed."""
        self._now = now
        for weekly in self._settings.warm:
            self.record.known.setdefault(weekly.key, now)
        self.record.known = {each.key: self.record.known[each.key] for each in self._settings.warm}
        for occasion in self.due(now):
            self._begin(occasion)
        for user, server in list(self._warm.servers.items()):
            if server.ready_at is not None and self._has_come_or_gone(user, server.ready_at):
                del self._warm.servers[user]
        self._make_room(now)
        self._save()

    def _save(self) -> None:
        self.record.ready = {
            user: (each.at, each.rank, each.ready_at) for user, each in self._warm.servers.items() if each.ready_at is not None
        }
        self.record.write(self._now)

    def due(self, now: float) -> list[Occasion]:
        """Returns what should begin now: nothing twice, nothing while the class is closed, and nothing that was configured afterwards."""
        if self.is_closed():
            return []
        unfinished = [each.occasion for each in self.record.started.values() if not each.has_ended]
        found = {occasion.key: occasion for occasion in [*self._planned(now, days=2), *unfinished]}
        return [each for key, each in found.items() if key not in self._rounds and self._is_due(each, now)]

    def _planned(self, now: float, days: int) -> list[Occasion]:
        """Returns the occasions around `now` that the hub knew before they came, for at least so many days."""
        weekly = [(each, self.record.known.get(each.key, now)) for each in self._settings.warm]
        found = [occasion for each, known in weekly for occasion in each.occasions(now, days) if occasion.at >= known]
        return [each for each in [*found, *self.record.planned] if now < each.until]

    def _is_due(self, occasion: Occasion, now: float) -> bool:
        started = self.record.started.get(occasion.key)
        if started and started.has_ended:
            return False
        return now < occasion.until and (started is not None or now >= occasion.at - lead(len(self._people(occasion))))

    def is_closed(self) -> bool:
        """Returns whether the class is closed, so that nothing starts."""
        return self._access.closing.current() is not None

    def _people(self, occasion: Occasion) -> list[str]:
        claimed = self._users.in_groups(self._access.membership.claims_of(occasion.group)) if occasion.group else []
        return people_for(occasion, self._settings, self._access, self._users.names(), self._users.visitors(), claimed)

    def _begin(self, occasion: Occasion) -> None:
        started = self.record.started.get(occasion.key) or Started(occasion)
        # After a restart of the hub, all who have no server yet.
        were_ready = {user: "" for user, result in started.results.items() if result == ""}
        started.results = dict.fromkeys(self._people(occasion)) | were_ready
        started.problem = "" if started.results else _nobody(occasion)
        self.record.started[occasion.key] = started
        self.record.planned = [each for each in self.record.planned if each.key != occasion.key]
        self.record.write(self._now)
        app_log.info("the warm start %s begins: %d servers", occasion.key, len(started.results))
        teachers = {user for user in started.results if is_teacher(user, self._settings)}
        begun = Round(started, self._hub, self._warm, self._queue, self._users.find_or_add, self.is_closed, teachers, self._settings.seats)
        self._rounds[occasion.key] = (begun, asyncio.ensure_future(self._run(begun, started)))

    async def _run(self, begun: Round, started: Started) -> None:
        key = started.occasion.key
        try:
            await begun.run()
            # Those whom a closed class has kept out get their servers when it opens.
            started.has_ended = begun.is_stopped or not self.is_closed()
            ready = sum(result == "" for result in started.results.values())
            app_log.info("the warm start %s: %d of %d servers are ready", key, ready, len(started.results))
        finally:
            self._rounds.pop(key, None)
            self._save()

    def _has_come_or_gone(self, user: str, ready_at: float) -> bool:
        found = self._users.find(user)
        if found is None:
            return True
        spawner = found.spawners[""]
        current = state(spawner)["state"]
        if current == "checking":  # after a restart of the hub
            return False
        activity = spawner.orm_spawner.last_activity
        return current != "running" or bool(activity and activity.replace(tzinfo=UTC).timestamp() > ready_at + VISIT_AFTER)

    def _make_room(self, now: float) -> None:
        waiting = self._queue.entries()
        self._helped = {entry: at for entry, at in self._helped.items() if entry in waiting}
        for entry in waiting:
            if now - self._helped.get(entry, 0) < _SEAT_PATIENCE:
                continue
            user = self._next_to_go(now)
            if user is None:
                return
            self._helped[entry] = now
            server = self._warm.servers[user]
            if server.ready_at is None:
                server.entry.gives_way = True
                continue
            del self._warm.servers[user]
            shown = f"Nobody came, and at {datetime.now().astimezone():%H:%M %Z} somebody who waited got the seat."
            for started in self.record.started.values():
                if started.occasion.at == server.at and user in started.results:
                    started.results[user] = shown
            stop = asyncio.ensure_future(self._stop(user))
            self._stops.add(stop)
            stop.add_done_callback(self._stops.discard)

    def _next_to_go(self, now: float) -> str | None:
        """Returns whose server ends first: one that still starts, before one that is ready; of these, the last in the warm start."""
        starting = [
            (each.rank, user)
            for user, each in self._warm.servers.items()
            if each.ready_at is None and each.entry and each.entry.has_seat and not each.entry.gives_way
        ]
        unvisited = [
            (each.rank, user) for user, each in self._warm.servers.items() if each.ready_at is not None and now >= each.at + KEPT_SECONDS
        ]
        return max(starting or unvisited, default=(0, None))[1]

    async def _stop(self, user: str) -> None:
        app_log.warning("the server of %s stops: nobody has visited it, and somebody waits for a seat", user)
        try:
            await self._hub.stop(user)
        except OSError as error:
            app_log.error("cannot stop the server of %s: %s", user, error)

    def plan(self, occasion: Occasion, now: float) -> None:
        """Plans a warm start, which begins at once if it is time; raises OSError."""
        self.record.planned.append(occasion)
        self.look(now)

    def cancel(self) -> int:
        """Forgets what was planned, and lets no further server of a warm start begin; returns how many warm starts that were."""
        waiting = [each for key, each in self.record.started.items() if not each.has_ended and key not in self._rounds]
        count = len(self.record.planned) + len(self._rounds) + len(waiting)
        self.record.planned = []
        for started in waiting:  # for the class to open, or for the first look after a restart of the hub
            started.has_ended = True
        for begun, _task in self._rounds.values():
            begun.is_stopped = True
        self.record.write(self._now)
        return count

    def report(self, now: float) -> dict:
        """Returns the warm starts that matter now, and the next one; times in seconds since 1970."""
        coming = [each for each in self._planned(now, days=8) if each.key not in self.record.started]
        following = min(coming, key=lambda each: each.at, default=None)
        return report(
            self.record, set(self._rounds), following, waits=following is not None and now >= following.at and self.is_closed(), now=now
        )


def _nobody(occasion: Occasion) -> str:
    return f"Nobody is in the group {occasion.group}." if occasion.group else "Nobody is on the roster, or has been here."
