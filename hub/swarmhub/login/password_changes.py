"""Finds out at each start of the hub whether passwords or the list of admins have changed, without keeping a password."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from ..private_file import write_private


@dataclass(frozen=True)
class Changes:
    """What has changed since the last start: the password of the class, that of the admins, and who is no longer an admin."""

    shared: bool
    admin: bool
    former_admins: frozenset[str]


class PasswordChanges:
    """Compares with a file that has a salted hash of each password, and the list of admins."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def since_last_start(self, shared: str, admin: str | None, admins: set[str]) -> Changes:
        """Returns the changes; none at the first start. A password that was not used before has not changed."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            salt = bytes.fromhex(found["salt"])
            return Changes(
                shared=found["shared"] != _hash(shared, salt),
                admin=None not in (admin, found["admin"]) and found["admin"] != _hash(admin, salt),
                former_admins=frozenset(found["admins"]) - admins,
            )
        except FileNotFoundError:
            return Changes(shared=False, admin=False, former_admins=frozenset())
        except (ValueError, LookupError, TypeError):  # a damaged file: nobody knows, so everybody logs in again
            return Changes(shared=True, admin=True, former_admins=frozenset())

    def save(self, shared: str, admin: str | None, admins: set[str]) -> None:
        """Remembers the current state; the caller has acted on the changes before, and a hub killed in between does it again."""
        salt = secrets.token_bytes(16)
        hashes = {"shared": _hash(shared, salt), "admin": _hash(admin, salt) if admin else None}
        write_private(self._path, json.dumps({"salt": salt.hex(), **hashes, "admins": sorted(admins)}))


def _hash(password: str, salt: bytes) -> str:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1).hex()
