"""How long the last starts of servers took, for the curves of the room."""

import time
from collections import deque

_KEPT = 500


class StartTimes:
    """The moments at which servers were ready, and the seconds that each start took, also in the queue."""

    def __init__(self, found: list[tuple[float, float]] | None = None) -> None:
        """Continues with the starts that a previous hub has seen."""
        self._found = deque(found or [], maxlen=_KEPT)

    def add(self, began: float) -> None:
        """Notes a start that is complete now; `began` is in seconds since 1970, and 0 if nobody has noted it."""
        if began:
            self._found.append((time.time(), max(0.0, time.time() - began)))

    def since(self, moment: float) -> list[tuple[float, float]]:
        """Returns the starts that were complete after a moment."""
        return [each for each in self._found if each[0] > moment]

    def restore(self, found: list[tuple[float, float]]) -> None:
        """Puts the starts of a previous hub before those of this one."""
        self._found = deque([*found, *self._found], maxlen=_KEPT)
