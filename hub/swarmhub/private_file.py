"""Files of the hub that only root may read, replaced as a whole."""

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Writes the file as a whole or not at all; raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(draft, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)
    draft.replace(path)


def version_of(path: Path) -> tuple[int, int, int] | None:
    """Returns another value after the file was replaced, also within one tick of the clock; None without a file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
