"""Those who wait for a seat: first come, first served."""

import time
from bisect import insort
from dataclasses import dataclass, field

from ..refusal import LINE_FULL, NO_SEAT, refuse


class Line:
    """Who waits, in the order in which their starts began."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._waiting: list[Turn] = []

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def join(self, who: "Turn") -> None:
        """Stands behind all who came before; who stands there already stays where they are."""
        if who not in self._waiting:
            insort(self._waiting, who, key=lambda each: each.begin)

    def leave(self, who: "Turn") -> None:
        """Whoever is behind moves up; who does not wait is no error."""
        if who in self._waiting:
            self._waiting.remove(who)

    def place(self, who: "Turn") -> int:
        """1 for the first; 0 for somebody who does not wait."""
        return self._waiting.index(who) + 1 if who in self._waiting else 0


@dataclass(eq=False)
class Turn:
    """The wait of one start, `patience` seconds at most, in the class's line, which holds `longest`.

    Only its first has a service that Swarm may place: of several that lack room Swarm places any, and a place in line would
    be a guess.
    """

    line: Line
    name: str
    patience: float
    longest: int
    begin: float = field(default_factory=time.monotonic)

    @property
    def has_begun(self) -> bool:
        """Stands in line."""
        return self.line.place(self) > 0

    @property
    def is_due(self) -> bool:
        """Nobody is before this one, in line or not."""
        return self.line.place(self) == 1 or len(self.line) == 0

    def wait(self) -> str:
        """Stands in line; answers words for the one who waits, and raises SpawnException when that is no use any more."""
        if not self.has_begun and len(self.line) >= self.longest:
            raise refuse(LINE_FULL, f"{self.name}: {len(self.line)} wait")
        self.line.join(self)
        place = self.line.place(self)
        if time.monotonic() - self.begin > self.patience:
            raise refuse(NO_SEAT, f"{self.name}: number {place} in line after {self.patience:.0f} s")
        where = "You are next" if place == 1 else f"You are number {place} in line"
        return f"All seats are taken. {where}; your server starts by itself as soon as a seat is free."

    def end(self) -> None:
        """Has a seat, or wants none any more."""
        self.line.leave(self)
