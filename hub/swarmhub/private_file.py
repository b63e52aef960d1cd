"""Files of the hub that only root may read, replaced as a whole."""

import os
from pathlib import Path

from .durable_file import sync_folder, write_durably


def write_private(path: Path, text: str) -> None:
    """Writes the file as a whole or not at all, so that also a power cut does not undo it; raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    write_durably(draft, text, 0o600)
    draft.replace(path)
    sync_folder(path.parent)


def version_of(path: Path) -> tuple[int, int, int] | None:
    """Returns another value after the file was replaced, also within one tick of the clock; None without a file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
