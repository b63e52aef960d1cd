"""Remembers which user came in with which ticket, also over a restart of the hub: single log-out names only the ticket."""

import hashlib
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path

from ...private_file import write_private


class CasTickets:
    """A file with the hashes of the tickets of the last 30 days, at most `size` of them."""

    def __init__(self, path: Path, days: float = 30, size: int = 10_000, now: Callable[[], float] = time.time) -> None:
        self._path, self._seconds, self._size, self._now = path, days * 86400, size, now

    def __deepcopy__(self, _memo: dict) -> "CasTickets":
        """Stays one object: traitlets copies the objects in a settings file."""
        return self

    def add(self, ticket: str, name: str) -> None:
        """Remembers a ticket. A disk that is full prevents single log-out for it, but no login."""
        since = self._now() - self._seconds
        tickets = {key: entry for key, entry in self._read().items() if entry[1] > since}
        tickets[_hash(ticket)] = [name, self._now()]
        self._write(dict(list(tickets.items())[-self._size :]))

    def take(self, ticket: str) -> str | None:
        """Returns the user of a ticket and forgets it; None for one that is not known."""
        tickets = self._read()
        entry = tickets.pop(_hash(ticket), None)
        if entry is None:
            return None
        self._write(tickets)
        return entry[0]

    def _read(self) -> dict[str, list]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(key): [str(name), float(since)] for key, (name, since) in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            logging.getLogger("tornado.application").warning("%s is damaged, no earlier ticket is known: %s", self._path, error)
            return {}

    def _write(self, tickets: dict[str, list]) -> None:
        try:
            write_private(self._path, json.dumps(tickets))
        except OSError as error:
            logging.getLogger("tornado.application").warning("single log-out will not find the last logins: %s", error)


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "replace")).hexdigest()
