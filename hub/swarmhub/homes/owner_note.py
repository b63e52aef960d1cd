"""The note about a home: its owner, and whether it still lacks its first files."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from ..durable_file import write_durably
from ..refusal import OWNER_UNREADABLE, refuse
from ..slug import former_slug, slug


@dataclass(frozen=True)
class Note:
    """The content of `owners/<home>`."""

    user: str
    lacks_first_files: bool = False


def read_note(storage: Path, slug: str) -> Note | None:
    """Returns None if there is no note; raises SpawnException for an unreadable note, and OSError."""
    path = storage / "owners" / slug
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        user = found["user"]
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError) as error:
        raise refuse(OWNER_UNREADABLE, f"{path}: {error}") from error
    if not isinstance(user, str):
        raise refuse(OWNER_UNREADABLE, f"{path}: the user is not a string")
    return Note(user, found.get("firstFiles") == "missing")


def find_home(storage: Path, user: str) -> str:
    """Returns the name of a user's home, which may not exist yet; raises SpawnException for an unreadable note, and OSError.

    A home with a former name stays where it is, if its note says that it belongs to this very user.
    """
    former = former_slug(user)
    note = read_note(storage, former) if former != slug(user) else None
    return former if note and note.user == user and (storage / "homes" / former).is_dir() else slug(user)


def write_note(storage: Path, slug: str, note: Note) -> None:
    """Writes the note as a whole or not at all; the caller has checked that an existing note is of the same owner."""
    path = storage / "owners" / slug
    content = {"user": note.user} | ({"firstFiles": "missing"} if note.lacks_first_files else {})
    draft = storage / "owners" / f".{slug}.{os.getpid()}"
    try:
        write_durably(draft, json.dumps(content) + "\n")
        if path.exists():
            draft.replace(path)
        else:
            # A link never replaces the note of another user.
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
