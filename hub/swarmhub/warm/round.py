"""One warm start while it goes on: asks the hub for each server, and notes who is ready and why others are not."""

import asyncio
import time
from collections.abc import Callable, Set

from tornado.log import app_log

from ..refusal import NO_SEAT_LEFT, SEAT_NEEDED
from ..room.actions import Hub
from ..room.people import state
from ..spawning.seat_queue import SeatQueue
from ..spawning.service_spec import memory_reservation
from ..spawning.warm_starts import WarmServer, WarmStarts
from .first_visit import visit
from .record import Started

# The limiter lets some of them begin at once; the others would only take places among the hub's pending starts, which are limited.
_AT_ONCE = 32
_PLACED_SECONDS = 5
_LONGEST = 2400  # seconds for one start; the spawner's own limits are shorter
_EVERY = 0.25
_STOPPED = "The start was stopped."


class Round:
    """Starts the servers of `started`. `find_user` returns JupyterHub's user of a name, who is created if needed.

    `is_closed` tells whether the class is closed; then no further server starts. The users in `first` get their
    seats before all others, and with fewer `seats` than people all get them in their order.
    """

    def __init__(
        self,
        started: Started,
        hub: Hub,
        warm: WarmStarts,
        queue: SeatQueue,
        find_user: Callable,
        is_closed: Callable[[], bool],
        first: Set[str],
        seats: int,
    ) -> None:
        self._started, self._hub, self._warm, self._queue = started, hub, warm, queue
        self._find_user, self._is_closed, self._first, self._seats = find_user, is_closed, first, seats
        self._too_large: int | None = None  # bytes for which there was no seat
        self.is_stopped = False

    async def run(self) -> None:
        """Starts all, in their order; ends when each is ready or has failed."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(rank: int, user: str) -> None:
            async with gate:
                self._started.results[user] = await self._start(rank, user)

        missing = [(rank, user) for rank, (user, result) in enumerate(self._started.results.items()) if result is None]
        tasks = []
        for rank, user in missing:
            tasks.append(asyncio.ensure_future(one(rank, user)))
            if user in self._first or self._seats < len(missing):
                await self._until_placed(user, tasks[-1])
        await asyncio.gather(*tasks)

    async def _until_placed(self, user: str, task: asyncio.Future) -> None:
        """Waits until a start has its seat, for a few seconds: starts at the same time would get seats in any order."""
        end = time.monotonic() + _PLACED_SECONDS
        while not task.done() and time.monotonic() < end:
            server = self._warm.servers.get(user)
            if server and (server.ready_at or (server.entry and server.entry.has_seat)):
                return
            await asyncio.sleep(_EVERY / 2)

    async def _start(self, rank: int, user: str) -> str:
        """Starts one server; returns "" when it is ready, else the sentence."""
        if self.is_stopped or self._is_closed():
            return _STOPPED if self.is_stopped else "The class was closed."
        try:
            spawner = self._find_user(user).spawners[""]
            if state(spawner)["state"] == "running":
                return ""
            if self._has_no_seat(memory_reservation(spawner.chosen)):
                return NO_SEAT_LEFT.sentence
            if not spawner.pending:
                self._warm.servers[user] = WarmServer(self._started.occasion.at, rank)
            try:
                await self._hub.start(user)
            except OSError as error:
                if state(spawner)["state"] in ("away", "failed") and not spawner._failed:
                    return str(error) or "The hub did not answer."
            return await self._settle(user)
        except Exception as error:
            # One name that the hub refuses must not end the start of all others.
            app_log.exception("the warm start of one user failed")
            return f"The hub cannot start it ({type(error).__name__})."
        finally:
            server = self._warm.servers.get(user)
            if server and server.ready_at is None:
                del self._warm.servers[user]

    def _has_no_seat(self, memory: int) -> bool:
        return len(self._queue) > 0 or (self._too_large is not None and memory >= self._too_large)

    async def _settle(self, user: str) -> str:
        end = time.monotonic() + _LONGEST
        while time.monotonic() < end:
            # A user who is deleted and made again has other objects.
            spawner = self._find_user(user).spawners[""]
            found = state(spawner)
            if found["state"] == "running":
                if server := self._warm.servers.get(user):
                    server.ready_at = time.time()
                    if spawner.server and spawner.api_token:
                        await visit(spawner.server.url, spawner.api_token)
                return ""
            if found["state"] == "failed":
                return self._forget(spawner, found["say"])
            if found["state"] == "away":
                return "It was stopped."
            await asyncio.sleep(_EVERY)
        return "It did not start in time."

    def _forget(self, spawner, sentence: str) -> str:
        if sentence in (NO_SEAT_LEFT.sentence, SEAT_NEEDED.sentence):
            if sentence == NO_SEAT_LEFT.sentence:
                memory = memory_reservation(spawner.chosen)
                self._too_large = min(memory, self._too_large or memory)
            # JupyterHub would show the failure to the user, who has done nothing yet.
            spawner._spawn_future = None
        return sentence
