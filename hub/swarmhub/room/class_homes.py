"""The homes of the class, and whose they are."""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from jupyterhub.spawner import SpawnException

from ..homes.owner_note import read_note
from ..homes.shared_folder import HOME
from ..slug import former_slug, slug
from .people import Person

_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9@._-]{0,98}[a-z0-9])?")


def find_homes(storage: Path) -> dict[str, str]:
    """Returns the owner of each home by the name of the home, without the shared folder; raises OSError."""
    with os.scandir(storage / "homes") as entries:
        names = sorted(each.name for each in entries if each.is_dir(follow_symlinks=False))
    return {name: _owner(storage, name) for name in names if name != HOME and not name.startswith(".")}


def _owner(storage: Path, home: str) -> str:
    try:
        note = read_note(storage, home)
    except SpawnException:  # an unreadable note: the home has a name at least
        note = None
    return note.user if note else home


@dataclass(frozen=True)
class Students:
    """The owners of the students' homes by the homes' names, and the students who have no home."""

    homes: dict[str, str]
    missing: list[str]

    def folders(self) -> dict[str, str]:
        """Returns the name of each student's folder in what is collected, as studentOf in src/commands/collect/folder.ts."""
        found: dict[str, str] = {}
        for home, owner in self.homes.items():
            name = owner if _PLAIN.fullmatch(owner) else home
            found[home] = home if name in found.values() else name
        return found


def students_of(homes: dict[str, str], people: Collection[Person]) -> Students:
    """Leaves out the homes of teachers and admins, as `swarmhub collect` does."""
    staff = {home for person in people if person.role != "student" for home in _homes_of(person.name)}
    missing = [person.name for person in people if person.role == "student" and _homes_of(person.name).isdisjoint(homes)]
    return Students({home: owner for home, owner in homes.items() if home not in staff}, missing)


def _homes_of(user: str) -> set[str]:
    return {slug(user), former_slug(user)}
