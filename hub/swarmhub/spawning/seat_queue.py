"""The queue for a seat: first come, first served, among starts that need the same memory."""

import time
from bisect import insort
from dataclasses import dataclass, field

from ..refusal import NO_SEAT, NO_SEAT_LEFT, QUEUE_CLEARED, QUEUE_FULL, SEAT_NEEDED, refuse


class SeatQueue:
    """The waiting starts, in the order in which they began."""

    def __init__(self) -> None:
        """Creates an empty queue."""
        self._waiting: list[QueueEntry] = []

    def __len__(self) -> int:
        """The number of waiting starts."""
        return len(self._waiting)

    def join(self, entry: "QueueEntry") -> None:
        """Adds an entry behind those that began earlier; an entry that is already in the queue keeps its position."""
        if entry not in self._waiting:
            insort(self._waiting, entry, key=lambda each: each.started)

    def leave(self, entry: "QueueEntry") -> None:
        """Removes an entry; does nothing if it is not in the queue."""
        if entry in self._waiting:
            self._waiting.remove(entry)

    def entries(self) -> list["QueueEntry"]:
        """Returns the waiting starts in their order."""
        return list(self._waiting)

    def clear(self) -> list[str]:
        """Ends all starts that wait; returns the names of their services."""
        cleared, self._waiting = self._waiting, []
        for entry in cleared:
            entry.is_cleared = True
        return [entry.name for entry in cleared]

    def before(self, entry: "QueueEntry") -> list["QueueEntry"]:
        """Returns the entries that began before this one, which need not be in the queue."""
        return [each for each in self._waiting if each is not entry and each.started <= entry.started]

    def position(self, entry: "QueueEntry") -> int:
        """Returns 1 for the first entry, 0 for an entry that is not in the queue."""
        return self._waiting.index(entry) + 1 if entry in self._waiting else 0


@dataclass(eq=False)
class QueueEntry:
    """One start that may have to wait in the queue, for `timeout` seconds at most; the queue holds `capacity` entries.

    A start overtakes those that need more `memory` (bytes), so that one that fits is not held by one that does not. Otherwise it
    waits: what has no room for less has none for more. So that those who need much also get a server, nobody overtakes the first
    entry in every second `turn` (seconds), and what becomes free then is for that entry.

    Of each size, only the first entry has a service that Swarm can place: if several services lack resources, Swarm places any of
    them, and the position in the queue would be a guess.

    Nobody waits for a warm start, so it never enters the queue, and gives its seat to those who are in it.
    """

    queue: SeatQueue
    name: str
    timeout: float
    capacity: int
    memory: int = 0
    turn: float = 300
    started: float = field(default_factory=time.monotonic)
    is_cleared: bool = False
    is_warm: bool = False
    has_seat: bool = False
    gives_way: bool = False

    @property
    def is_queued(self) -> bool:
        """Whether this start is in the queue."""
        return self.queue.position(self) > 0

    @property
    def is_next(self) -> bool:
        """Whether this start may take a seat now."""
        if self.is_warm:
            return len(self.queue) == 0
        before = self.queue.before(self)
        return not before or (not before[0].goes_first and all(each.memory > self.memory for each in before))

    @property
    def goes_first(self) -> bool:
        """Whether nobody may overtake this entry now, if it is the first in the queue."""
        return (time.monotonic() - self.started) // self.turn % 2 == 1

    def wait(self) -> str:
        """Joins the queue and returns the message for the user; raises SpawnException if that is not possible any more."""
        if self.is_warm:
            raise refuse(NO_SEAT_LEFT, f"{self.name}: a warm start does not wait for a seat")
        if self.is_cleared:
            raise refuse(QUEUE_CLEARED, f"{self.name}: an admin cleared the queue")
        if not self.is_queued and len(self.queue) >= self.capacity:
            raise refuse(QUEUE_FULL, f"{self.name}: {len(self.queue)} starts are in the queue")
        self.queue.join(self)
        position = self.queue.position(self)
        if time.monotonic() - self.started > self.timeout:
            raise refuse(NO_SEAT, f"{self.name}: number {position} in the queue after {self.timeout:.0f} s")
        place = "You are next" if position == 1 else f"You are number {position}"
        return f"All seats are taken. {place} in the queue. Your server starts automatically as soon as a seat is free."

    def claim(self) -> None:
        """Makes a warm start that of a user who waits, from now on."""
        if self.is_warm:
            self.is_warm, self.gives_way, self.started = False, False, time.monotonic()

    def refuse_if_needed_elsewhere(self) -> None:
        """Raises SpawnException if this warm start gives its seat to somebody who waits."""
        if self.is_warm and self.gives_way:
            raise refuse(SEAT_NEEDED, f"{self.name}: somebody in the queue gets the seat")

    def leave(self) -> None:
        """Leaves the queue, because the start has a seat or has ended."""
        self.queue.leave(self)
