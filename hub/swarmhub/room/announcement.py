"""A word of the teacher to everybody: on the hub's pages and in every open JupyterLab, until it is withdrawn or its time has come."""

import html
import json
import time
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..private_file import write_private

FILE = "announcement.json"  # below the hub's data
LONGEST = 2000  # characters
TOO_LONG = f"The announcement is too long: it may have {LONGEST} characters."
EMPTY = "Type the text of the announcement."
PASSED = "The time has passed. Type a later one."
# They would turn the text around them on the page (Unicode Technical Report 36, 2.5).
_TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


class Unusable(ValueError):
    """The announcement cannot be made; the message is a sentence."""


@dataclass(frozen=True)
class Announcement:
    """The text, when it was made (seconds since 1970), and when it ends by itself (None: when it is withdrawn)."""

    text: str
    since: float
    until: float | None = None

    def shown(self) -> dict:
        """Returns it as JSON for pages; `id` differs for each announcement."""
        return {"id": f"{self.since:.3f}", "text": self.text, "since": int(self.since), "until": self.until and int(self.until)}


class Announcements:
    """Keeps the announcement in a file, which the hub and the operator's command write."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def current(self) -> Announcement | None:
        """Returns the announcement; None without one, or if the file is damaged."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            until = None if found["until"] is None else float(found["until"])
            said = Announcement(str(found["text"]), float(found["since"]), until)
        except (OSError, ValueError, LookupError, TypeError):
            return None
        return None if said.until is not None and said.until <= time.time() else said

    def announce(self, text: str, until: datetime | None = None) -> Announcement:
        """Replaces the announcement; raises Unusable, and OSError if it cannot be written."""
        cleaned = _clean(text)
        if not cleaned:
            raise Unusable(EMPTY)
        if len(cleaned) > LONGEST:
            raise Unusable(TOO_LONG)
        if until and until <= datetime.now(UTC):
            raise Unusable(PASSED)
        said = Announcement(cleaned, time.time(), until and until.timestamp())
        write_private(self._path, json.dumps({"text": said.text, "since": said.since, "until": said.until}))
        return said

    def withdraw(self) -> bool:
        """Takes it back, and returns whether there was one."""
        was_there = self.current() is not None
        self._path.unlink(missing_ok=True)
        return was_there

    def html(self) -> str | None:
        """Returns the text for a page that does not escape it (JupyterHub's page.html); None without one."""
        said = self.current()
        return said and html.escape(said.text).replace("\n", "<br>")


def time_in(text: object) -> datetime | None:
    """Reads a time with its offset; None for none. Raises Unusable."""
    if text is None or text == "":
        return None
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Unusable("Type a time such as 11:30.") from error
    if found.tzinfo is None:
        raise Unusable("The time needs an offset from UTC.")
    return found


def _clean(text: str) -> str:
    """Returns the text with lines, but without any other control characters."""
    lines = text[: 10 * LONGEST].replace("\r\n", "\n").replace("\t", " ")
    kept = [each for each in lines if each == "\n" or (unicodedata.category(each) not in ("Cc", "Cs") and each not in _TURNING)]
    return "".join(kept).strip()
