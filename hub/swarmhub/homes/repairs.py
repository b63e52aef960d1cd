"""Finds in a home what can prevent a start, and the commands that put it aside."""

import contextlib
import fnmatch
import os
from pathlib import Path

from .open_safely import open_folder

_MAX_ENTRIES = 1000
_STARTUP = ".ipython/profile_default/startup"
_KERNELS = ".local/share/jupyter/kernels"
# In words; the folder to move and the pattern of what is in the way there; the name to move it to.
_CAUSES = (
    ("packages that you installed yourself", ".local/lib", "python*", "local-lib-aside"),
    ("kernels of your own", _KERNELS, "*", "kernels-aside"),
    ("files that run at the start of each kernel", _STARTUP, "*.*py", "startup-aside"),
    ("settings of your own for Jupyter", ".jupyter", "jupyter*_config.*", "jupyter-aside"),
)


def find_repairs(storage: Path, slug: str, mounted_at: str) -> list[str]:
    """Returns a line for each, with a command for a terminal in the server, where the home is at `mounted_at`. Raises OSError."""
    with open_folder(storage / "homes" / slug) as home:
        return [
            f"You have {words}. To put them aside: mv {mounted_at}/{folder} {mounted_at}/{target}"
            for words, folder, pattern, target in _CAUSES
            if _has(home, folder, pattern)
        ]


def _has(home: int, path: str, pattern: str) -> bool:
    with contextlib.ExitStack() as stack:
        folder = home
        for name in path.split("/"):
            try:
                folder = stack.enter_context(open_folder(name, folder))
            except OSError:
                return False
        entries = stack.enter_context(os.scandir(folder))
        return any(fnmatch.fnmatch(entry.name, pattern) for entry, _ in zip(entries, range(_MAX_ENTRIES), strict=False))
