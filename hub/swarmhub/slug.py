"""Names of users as names of folders, services and volumes."""

import hashlib
import re

LONGEST = 28
_HASH = 8
_PLAIN = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")


def slug(name: str) -> str:
    """Answers a DNS-safe name of at most 28 characters, another one for every other user name.

    Frozen: the home of a user is the folder of this name, so changing the scheme would move homes away from their owners.
    Plain names stay as they are; all others get `---` and a hash of the name, as kubespawner 7 does. A plain name has no
    two hyphens in a row, so nobody can choose a name that is the slug of somebody else.
    """
    if len(name) <= LONGEST and _PLAIN.match(name):
        return name
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not readable[:1].isalpha():
        readable = f"x-{readable}"
    readable = readable[: LONGEST - _HASH - len("---")].rstrip("-")
    return f"{readable}---{hashlib.sha256(name.encode()).hexdigest()[:_HASH]}"
