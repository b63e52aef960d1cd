"""Frees the space of deleted files that the NFS client of a worker keeps under a name like `.nfs000000000000008c00000001`.

It should keep a deleted file only as long as a program has it open. Debian's kernel 6.12.118 can keep one that did not fit into the
home open until the machine reboots, and a machine that loses its power leaves such files behind.
"""

import os
import re
import stat
import time
from contextlib import suppress
from pathlib import Path

from .open_safely import open_folder

# ".nfs", the number of the file and a counter (fs/nfs/unlink.c, nfs_sillyrename).
_NAME = re.compile(r"\.nfs[0-9a-f]{24}")


def free_removed_files(storage: Path, slug: str, seconds: float = 5) -> int:
    """Empties such files in a home whose server does not run; returns their number. Raises OSError if there is no home.

    They are not deleted: what a client still has open would keep its space without a name. The client deletes it
    once it has room again. The look at a home ends after `seconds`.
    """
    end, found = time.monotonic() + seconds, 0
    with open_folder(storage / "homes" / slug) as home:
        for _, _, names, folder in os.fwalk(".", dir_fd=home, follow_symlinks=False):
            if time.monotonic() > end:
                break
            for name in filter(_NAME.fullmatch, names):
                with suppress(OSError):  # a link, or gone meanwhile
                    found += _empty(name, folder)
    return found


def _empty(name: str, folder: int) -> bool:
    before = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISREG(before.st_mode) or before.st_blocks == 0:
        return False
    # O_NONBLOCK: its owner may put a pipe at its place meanwhile.
    file = os.open(name, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.ftruncate(file, 0)
    finally:
        os.close(file)
    return True
