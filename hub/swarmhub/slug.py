"""Turns user names into names for folders, services and volumes."""

import hashlib
import re

LONGEST = 28
_HASH, _FORMER_HASH = 16, 8
_PLAIN = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")


def slug(name: str) -> str:
    """Returns a DNS-safe name of at most 28 characters, a different one for each user name.

    The scheme is frozen: the home of a user is the folder with this name, so with another scheme users would lose their homes.
    Plain names stay unchanged; all others get `---` and 64 bits of a hash of the name. A plain name has no two hyphens in a row,
    so no user can choose a name that is the slug of another user.
    """
    return _slug(name, _HASH)


def former_slug(name: str) -> str:
    """Returns the name of a home that was made when the hash had 32 bits: one core found a second user name for it in 65 minutes."""
    return _slug(name, _FORMER_HASH)


def _slug(name: str, digits: int) -> str:
    if len(name) <= LONGEST and _PLAIN.match(name):
        return name
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not readable[:1].isalpha():
        readable = f"x-{readable}"
    readable = readable[: LONGEST - digits - len("---")].rstrip("-")
    return f"{readable}---{hashlib.sha256(name.encode()).hexdigest()[:digits]}"
