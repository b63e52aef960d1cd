"""What the hub remembers of warm starts over its own restarts, so that each begins once."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from tornado.log import app_log

from ..private_file import write_private
from .timetable import Occasion

_KEPT = 2 * 86400  # seconds; the next day nobody asks who was ready
_MOST_BYTES = 1 << 22


@dataclass
class Started:
    """A warm start that has begun: for each user None (not ready yet), "" (was ready), or why there is no server."""

    occasion: Occasion
    results: dict[str, str | None] = field(default_factory=dict)
    has_ended: bool = False
    problem: str = ""


@dataclass
class Record:
    """The file `path`: what was started, what an operator has planned, and since when each line of the timetable is known.

    `ready` has the servers that nobody has visited: when they should be ready, their rank, and since when they are.
    """

    path: Path
    started: dict[str, Started] = field(default_factory=dict)
    planned: list[Occasion] = field(default_factory=list)
    known: dict[str, float] = field(default_factory=dict)
    ready: dict[str, tuple[float, int, float]] = field(default_factory=dict)
    _written: str = ""

    def read(self) -> "Record":
        """Reads the file; a damaged one is as good as none, and is logged."""
        try:
            with self.path.open("rb") as file:
                found = json.loads(file.read(_MOST_BYTES))
            started = {
                each["occasion"]["key"]: Started(_occasion(each["occasion"]), dict(each["results"]), each["has_ended"], each["problem"])
                for each in found["started"]
            }
            planned = [_occasion(each) for each in found["planned"]]
            known = {key: float(at) for key, at in found["known"].items()}
            ready = {user: (float(at), int(rank), float(since)) for user, (at, rank, since) in found["ready"].items()}
            return replace(self, started=started, planned=planned, known=known, ready=ready)
        except FileNotFoundError:
            return self
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            app_log.error("cannot read %s, so what was planned for a warm start is forgotten: %r", self.path, error)
            return self

    def write(self, now: float) -> None:
        """Writes what has changed, and forgets what is old; raises OSError."""
        self.started = {key: each for key, each in self.started.items() if each.occasion.until > now - _KEPT}
        self.planned = [each for each in self.planned if each.until > now]
        shown = {"started": [asdict(each) for each in self.started.values()], "planned": [asdict(each) for each in self.planned]}
        text = json.dumps(shown | {"known": self.known, "ready": self.ready})
        if text != self._written:
            write_private(self.path, text)
            self._written = text


def _occasion(found: dict) -> Occasion:
    group = found["group"]
    members = tuple(map(str, found["members"]))
    return Occasion(str(found["key"]), float(found["at"]), float(found["until"]), None if group is None else str(group), members)
