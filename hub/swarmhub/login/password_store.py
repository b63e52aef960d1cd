"""The password of each person: the one on the slip, unless the person or a teacher has changed it since."""

import json
from pathlib import Path

from ..private_file import version_of, write_private
from .access import Access
from .names import spell


class PasswordStore:
    """Keeps the hashes of changed passwords beside the hub's database; those of the slips are in the roster.

    A changed password counts as long as the roster has the hash that it replaced. So a new slip beats it.
    """

    def __init__(self, path: Path, access: Access) -> None:
        self._path, self._access = path, access
        self._seen: tuple | None = None
        self._found: dict[str, dict] = {}

    def __deepcopy__(self, _memo: dict) -> "PasswordStore":
        """Stays one object: traitlets copies the objects in a settings file."""
        return self

    def hash_of(self, name: str) -> str | None:
        """Returns the hash of a person's password; None without one, or for a name that is not on the roster.

        Raises OSError or ValueError if the file is damaged: the slip may be the one that a person replaced because somebody else read it.
        """
        person = self._access.person(name)
        if person is None:
            return None
        changed = self._read().get(person.name, {})
        return changed.get("hash") if changed.get("first", "") == person.password else person.password

    def is_changed(self, name: str) -> bool:
        """Returns whether the password is another one than on the slip."""
        person = self._access.person(name)
        return person is not None and self.hash_of(name) != person.password

    def change(self, name: str, new_hash: str) -> None:
        """Replaces the password of a person on the roster; raises OSError, and LookupError for anybody else."""
        person = self._access.person(name)
        if person is None:
            raise LookupError(f"{spell(name)} is not on the roster")
        changed = self._read() | {person.name: {"first": person.password, "hash": new_hash}}
        write_private(self._path, json.dumps(changed))

    def _read(self) -> dict[str, dict]:
        seen = version_of(self._path)
        if seen is None:
            return {}
        if seen != self._seen:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
                raise ValueError(f"{self._path} is not a list of hashes by name")
            self._seen, self._found = seen, found
        return self._found
