"""The note beside a home: whose it is, and whether its first files have still to come."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from ..refusal import OWNER_UNREADABLE, refuse


@dataclass(frozen=True)
class Note:
    """What `owners/<home>` says."""

    user: str
    lacks_first_files: bool = False


def read_note(storage: Path, slug: str) -> Note | None:
    """None where there is no note; raises SpawnException for one that says nothing, and OSError."""
    path = storage / "owners" / slug
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        user = found["user"]
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError) as error:
        raise refuse(OWNER_UNREADABLE, f"{path}: {error}") from error
    if not isinstance(user, str):
        raise refuse(OWNER_UNREADABLE, f"{path}: the user is no text")
    return Note(user, found.get("firstFiles") == "missing")


def write_note(storage: Path, slug: str, note: Note) -> None:
    """Writes the note whole or not at all; one that is there is replaced only by its own owner's."""
    path = storage / "owners" / slug
    content = {"user": note.user} | ({"firstFiles": "missing"} if note.lacks_first_files else {})
    draft = storage / "owners" / f".{slug}.{os.getpid()}"
    try:
        draft.write_text(json.dumps(content) + "\n", encoding="utf-8")
        if path.exists():
            draft.replace(path)
        else:
            # A link never replaces somebody's note.
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
