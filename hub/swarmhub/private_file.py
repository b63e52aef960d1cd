"""Files of the hub that only root may read, replaced as a whole."""

import os
import secrets
from pathlib import Path

from .durable_file import sync_folder, write_durably


def write_private(path: Path, text: str) -> None:
    """Writes the file as a whole or not at all, so that also a power cut does not undo it; raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    write_durably(draft, text, 0o600)
    draft.replace(path)
    sync_folder(path.parent)


def secret_at(path: Path) -> str:
    """Returns the secret in a file, which is made once, also if two programs ask for it at the same time; raises OSError."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        write_durably(draft, secrets.token_hex(32), 0o600)
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # the other one was first
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
    return path.read_text(encoding="utf-8")


def version_of(path: Path) -> tuple[int, int, int] | None:
    """Returns another value after the file was replaced, also within one tick of the clock; None without a file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
