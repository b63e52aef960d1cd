"""The roster: the people who may come in, in a file that `swarmhub up` replaces while the hub runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tornado.log import app_log

from ..private_file import version_of
from .names import spell


@dataclass(frozen=True)
class Person:
    """A line of the roster. `password` is the hash of the password on the slip; None with other methods of login."""

    name: str
    shown: str
    groups: frozenset[str]
    password: str | None = field(repr=False)


class Roster:
    """Reads the file again whenever it has changed.

    A file that is damaged or gone leaves the people of before: nobody is thrown out by a mistake. Before a first good one, nobody is in.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple | None = ()
        self._people: dict[str, Person] = {}

    def people(self) -> Mapping[str, Person]:
        """Returns the people by the spelling of their names (`names.spell`)."""
        seen = version_of(self._path)
        if seen != self._seen:
            self._seen = seen
            try:
                found = json.loads(self._path.read_text(encoding="utf-8"))
                self._people = {person.name: person for person in map(_person, found["people"])}
            except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
                app_log.error("cannot read %s, so the roster stays as it was; to write it again, type: swarmhub up (%r)", self._path, error)
        return self._people


def _person(found: dict) -> Person:
    password = found.get("password")
    if not isinstance(found["name"], str) or not (password is None or isinstance(password, str)):
        raise TypeError(f"no name or no hash: {found['name']!r}")
    return Person(spell(found["name"]), str(found.get("shown") or found["name"]), frozenset(map(str, found.get("groups") or [])), password)
