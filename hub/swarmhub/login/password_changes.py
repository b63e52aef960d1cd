"""Finds out at each start of the hub whether passwords or the lists of admins and teachers have changed, without keeping a password."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from ..private_file import write_private


@dataclass(frozen=True)
class Changes:
    """What has changed since the last start: each password, the users who are no longer admins, and those who became teachers."""

    shared: bool
    admin: bool
    teacher: bool
    former_admins: frozenset[str]
    new_teachers: frozenset[str]


@dataclass(frozen=True)
class LoginState:
    """The passwords, None where one is not in use, and the users with the longer ones."""

    shared: str
    admin: str | None
    teacher: str | None
    admins: frozenset[str]
    teachers: frozenset[str]

    def passwords(self) -> dict[str, str | None]:
        return {"shared": self.shared, "admin": self.admin, "teacher": self.teacher}


class PasswordChanges:
    """Compares with a file that has a salted hash of each password, and the lists of admins and teachers."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def since_last_start(self, now: LoginState) -> Changes:
        """Returns the changes; none at the first start. A password that was not used before has not changed."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            salt = bytes.fromhex(found["salt"])
            changed = {
                name: None not in (password, found.get(name)) and found[name] != _hash(password, salt)
                for name, password in now.passwords().items()
            }
            teachers = now.teachers - frozenset(found.get("teachers", []))
            return Changes(**changed, former_admins=frozenset(found["admins"]) - now.admins, new_teachers=teachers)
        except FileNotFoundError:
            return Changes(shared=False, admin=False, teacher=False, former_admins=frozenset(), new_teachers=now.teachers)
        except (ValueError, LookupError, TypeError):  # a damaged file: nobody knows, so everybody logs in again
            return Changes(shared=True, admin=True, teacher=True, former_admins=frozenset(), new_teachers=now.teachers)

    def save(self, now: LoginState) -> None:
        """Remembers the current state; the caller has acted on the changes before, and a hub killed in between does it again."""
        salt = secrets.token_bytes(16)
        hashes = {name: _hash(password, salt) if password else None for name, password in now.passwords().items()}
        lists = {"admins": sorted(now.admins), "teachers": sorted(now.teachers)}
        write_private(self._path, json.dumps({"salt": salt.hex(), **hashes, **lists}))


def _hash(password: str, salt: bytes) -> str:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1).hex()
