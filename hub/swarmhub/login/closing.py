"""A class that is closed: only teachers and admins log in, until it is opened again or the time has come."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..private_file import write_private

_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")
_LONGEST_STOP = 7 * 86400  # seconds


class Unusable(ValueError):
    """The class cannot be closed in this way; the message is a sentence."""


@dataclass(frozen=True)
class Closed:
    """When the class opens by itself (None: never), and when the servers that still run are stopped (None: never).

    `zone` is the name of the time zone in which `until` was typed, for people; the times have their own offset.
    """

    since: datetime
    until: datetime | None = None
    stop_at: datetime | None = None
    zone: str = ""

    def sentence(self, class_name: str) -> str:
        """Returns what a person reads who may not log in."""
        if self.until is None:
            return f"The class {class_name} is closed. Ask your instructor when it opens again."
        return f"The class {class_name} is closed. It opens again on {self._shown(self.until)}."

    def stop_sentence(self) -> str | None:
        """Returns what becomes of the servers that still run; None if they are left alone."""
        if self.stop_at is None:
            return None
        if self.stop_at <= datetime.now(UTC):
            return "All servers are being stopped."
        return f"Servers that still run are stopped on {self._shown(self.stop_at)}. Save your work."

    def warning(self) -> str:
        """Returns what people read in JupyterLab before their servers are stopped."""
        return " ".join(filter(None, ["The class is closed.", self.stop_sentence()]))

    def _shown(self, time: datetime) -> str:
        # A page shows it without escaping.
        zone = self.zone if _ZONE.fullmatch(self.zone) else f"UTC{time:%z}"
        return f"{time.day} {time:%B %Y} at {time:%H:%M} ({zone})"


class Closing:
    """Keeps this state in a file, which the hub and the operator's commands write."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def current(self) -> Closed | None:
        """Returns the state; None if the class is open. A damaged file closes the class, which a person notices."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            closed = Closed(_time(found["since"]), _time(found.get("until")), _time(found.get("stopAt")), str(found.get("zone") or ""))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            closed = Closed(datetime.fromtimestamp(0, UTC))
        return None if closed.until and closed.until <= datetime.now(UTC) else closed

    def close(self, closed: Closed) -> None:
        """Closes the class; raises OSError."""
        times = {"since": closed.since, "until": closed.until, "stopAt": closed.stop_at}
        written = {name: time and time.isoformat(timespec="seconds") for name, time in times.items()}
        write_private(self._path, json.dumps(written | {"zone": closed.zone}))

    def reopen(self) -> bool:
        """Opens the class, and returns whether it was closed."""
        was_closed = self.current() is not None
        self._path.unlink(missing_ok=True)
        return was_closed


def closed_by(arguments: dict) -> Closed:
    """Returns the state that begins now: `until` is a time with an offset or None, `stopAfter` seconds or None; raises Unusable.

    `now` is the time of whoever asks: its offset and the name `zone` are for people.
    """
    now, stop_after = datetime.now(UTC), arguments.get("stopAfter")
    try:
        until, asked_at = _time(arguments.get("until")), _time(arguments.get("now"))
    except (TypeError, ValueError) as error:
        raise Unusable("Type a time with its date.") from error
    if until and until <= now:
        raise Unusable(f"The clock of the manager shows {now:%Y-%m-%d %H:%M} UTC, which is later than the time to open again.")
    if stop_after is not None and not (isinstance(stop_after, int) and 0 <= stop_after <= _LONGEST_STOP):
        raise Unusable("Servers can be stopped at once, or within a week.")
    stop_at = None
    if stop_after is not None:
        stop_at = (now + timedelta(seconds=stop_after)).astimezone(asked_at.tzinfo if asked_at else UTC)
    return Closed(now, until, stop_at, str(arguments.get("zone") or ""))


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return time
