"""The folder that all servers share: a home without an owner, so the watcher gives it a project id and a limit as to every home."""

import contextlib
import os
from pathlib import Path

from .open_safely import open_folder
from .provisioning import prepare_home

HOME = "class--shared"  # contracts/storage-folders.ts
PLACE = "/srv/shared"
_LINK = "shared"


async def prepare_shared_folder(storage: Path) -> None:
    """Creates the folder if it is missing, and waits until it has its limit; raises SpawnException."""
    await prepare_home(storage, HOME, HOME)


def link_shared_folder(storage: Path, slug: str) -> None:
    """Makes the link in a home if there is nothing of this name; raises OSError.

    A mount below the home would need a folder there, and a full home could not start.
    """
    with open_folder(storage / "homes" / slug) as home, contextlib.suppress(FileExistsError):
        os.symlink(PLACE, _LINK, dir_fd=home)
