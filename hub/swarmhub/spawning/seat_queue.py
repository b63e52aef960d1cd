"""Those who wait for a seat: first come, first served."""

import time
from bisect import insort
from dataclasses import dataclass, field

from ..refusal import NO_SEAT, QUEUE_FULL, refuse


class SeatQueue:
    """Who waits, in the order in which their starts began."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._waiting: list[QueueEntry] = []

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def join(self, entry: "QueueEntry") -> None:
        """Stands behind all who came before; who stands there already stays where they are."""
        if entry not in self._waiting:
            insort(self._waiting, entry, key=lambda each: each.started)

    def leave(self, entry: "QueueEntry") -> None:
        """Whoever is behind moves up; who does not wait is no error."""
        if entry in self._waiting:
            self._waiting.remove(entry)

    def position(self, entry: "QueueEntry") -> int:
        """1 for the first; 0 for somebody who does not wait."""
        return self._waiting.index(entry) + 1 if entry in self._waiting else 0


@dataclass(eq=False)
class QueueEntry:
    """The wait of one start, `patience` seconds at most, in the class's line, which holds `longest`.

    Only its first has a service that Swarm may place: of several that lack room Swarm places any, and a place in line would
    be a guess.
    """

    queue: SeatQueue
    name: str
    timeout: float
    capacity: int
    started: float = field(default_factory=time.monotonic)

    @property
    def is_queued(self) -> bool:
        """Stands in line."""
        return self.queue.position(self) > 0

    @property
    def is_next(self) -> bool:
        """Nobody is before this one, in line or not."""
        return self.queue.position(self) == 1 or len(self.queue) == 0

    def wait(self) -> str:
        """Stands in line; answers words for the one who waits, and raises SpawnException when that is no use any more."""
        if not self.is_queued and len(self.queue) >= self.capacity:
            raise refuse(QUEUE_FULL, f"{self.name}: {len(self.queue)} wait")
        self.queue.join(self)
        position = self.queue.position(self)
        if time.monotonic() - self.started > self.timeout:
            raise refuse(NO_SEAT, f"{self.name}: number {position} in line after {self.timeout:.0f} s")
        where = "You are next" if position == 1 else f"You are number {position} in line"
        return f"All seats are taken. {where}; your server starts by itself as soon as a seat is free."

    def leave(self) -> None:
        """Has a seat, or wants none any more."""
        self.queue.leave(self)
