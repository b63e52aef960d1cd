"""Files that a power cut does not empty or undo."""

import os
from pathlib import Path


def write_durably(path: Path, text: str, mode: int = 0o666) -> None:
    """Writes a file anew, which is on the disk when this returns: one that is renamed before may be empty after a power cut.

    Replaces what a killed program has left, and follows no link. Raises OSError.
    """
    path.unlink(missing_ok=True)
    with open(path, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Returns when the names in the folder are on the disk, so that a power cut does not undo a file's new name. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
