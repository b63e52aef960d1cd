"""Files of the hub that only root may read."""

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Writes the file as a whole or not at all; raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(draft, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)
    draft.replace(path)
