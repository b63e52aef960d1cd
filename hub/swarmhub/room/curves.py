"""The curves since the morning: seats, queue and memory each minute, and how long the starts took."""

import json
import time
from pathlib import Path

from ..private_file import write_private
from ..spawning.start_times import StartTimes

HOURS = 16
_POINTS = 160  # that a page gets of each curve
_MOST_BYTES = 1 << 18


class Curves:
    """A point each minute: time, taken seats, people in the queue, and memory in use of all machines in percent (None: unknown).

    A file keeps them over restarts of the hub.
    """

    def __init__(self, path: Path, starts: StartTimes) -> None:
        """Reads the file; without a readable one, the curves begin now."""
        self._path, self._starts = path, starts
        self._points: list[list] = []
        try:
            with path.open("rb") as file:
                found = json.loads(file.read(_MOST_BYTES))
            self._points = [list(each) for each in found["points"] if len(each) == 4]
            starts.restore([(float(at), float(seconds)) for at, seconds in found["starts"]])
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            self._points = []

    def add(self, taken: int, queued: int, memory: float | None) -> None:
        """Adds the point of this minute, and writes the file; raises OSError."""
        since = time.time() - HOURS * 3600
        self._points = [each for each in self._points if each[0] > since]
        self._points.append([int(time.time()), taken, queued, memory if memory is None else round(memory)])
        starts = [[round(at), round(seconds, 1)] for at, seconds in self._starts.since(since)]
        write_private(self._path, json.dumps({"points": self._points, "starts": starts}))

    def shown(self) -> dict:
        """Returns what a page draws: of each span of time the highest values."""
        step = -(-len(self._points) // _POINTS) or 1
        spans = [self._points[at : at + step] for at in range(0, len(self._points), step)]
        starts = self._starts.since(time.time() - HOURS * 3600)[-_POINTS:]
        return {
            "points": [[span[-1][0], *(max((each[at] or 0) for each in span) for at in (1, 2, 3))] for span in spans],
            "starts": [[round(at), round(seconds)] for at, seconds in starts],
        }
