"""The note of the groups in which a provider puts the owner of a home: `contracts/limits.ts` (GroupNote) says what they are for."""

import json
import os
from collections.abc import Collection
from pathlib import Path

from ..durable_file import write_durably

# As in contracts/limits.ts.
MOST_GROUPS = 64


def write_group_note(storage: Path, home: str, groups: Collection[str]) -> None:
    """Replaces `groups/<home>` if it says something else, as a whole or not at all; no group is no file. Raises OSError.

    The watcher reads it before it limits a new home, so it is written before the home is made.
    """
    path = storage / "groups" / home
    wanted = json.dumps({"groups": sorted(groups)[:MOST_GROUPS]}) + "\n" if groups else None
    if _text(path) == wanted:
        return
    if wanted is None:
        path.unlink(missing_ok=True)
        return
    draft = path.with_name(f".{home}.{os.getpid()}")
    try:
        write_durably(draft, wanted)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except ValueError:
        return ""
