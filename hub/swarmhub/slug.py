"""Turns user names into names for folders, services and volumes."""

import hashlib
import re

LONGEST = 28
_HASH = 8
_PLAIN = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")


def slug(name: str) -> str:
    """Returns a DNS-safe name of at most 28 characters, a different one for each user name.

    The scheme is frozen: the home of a user is the folder with this name, so with another scheme users would lose their homes.
    Plain names stay unchanged; all others get `---` and a hash of the name, as kubespawner 7 does. A plain name has no
    two hyphens in a row, so no user can choose a name that is the slug of another user.
    """
    if len(name) <= LONGEST and _PLAIN.match(name):
        return name
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not readable[:1].isalpha():
        readable = f"x-{readable}"
    readable = readable[: LONGEST - _HASH - len("---")].rstrip("-")
    return f"{readable}---{hashlib.sha256(name.encode()).hexdigest()[:_HASH]}"
