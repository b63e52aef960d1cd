"""Reads a notebook that JupyterLab may be saving."""

import os
import tempfile
import time
from typing import BinaryIO

from .open_safely import NotAFile, TooLarge, Unstable, read_file

IN_MEMORY = 1 << 18


def read_notebook(
    folder: int, name: bytes, limit: int, into: BinaryIO, attempts: int = 4, pause: float = 0.25
) -> tuple[os.stat_result, str]:
    """Reads a notebook, if possible a whole one.

    JupyterLab saves in place: it keeps the former content as `.~NAME`, empties the file and writes it anew (jupyter_server, fileio.py).
    """
    start = into.tell()
    for attempt in range(attempts):
        result = read_file(folder, name, limit, into)
        if _is_whole(into, start):
            return result
        if attempt < attempts - 1:
            time.sleep(pause)
            into.seek(start)
            into.truncate()
    try:
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as former:
            found = read_file(folder, b".~" + name, limit, former)
            if _is_whole(former, 0):
                into.seek(start)
                into.truncate()
                former.seek(0)
                while chunk := former.read(1 << 20):
                    into.write(chunk)
                return found
    except (OSError, NotAFile, TooLarge, Unstable):
        pass
    into.seek(0, os.SEEK_END)
    return result


def _is_whole(file: BinaryIO, start: int) -> bool:
    # Not parsed: a few megabytes of brackets would take gigabytes of memory, which the hub shares.
    end = file.seek(0, os.SEEK_END)
    file.seek(start)
    begins = file.read(64).lstrip()[:1]
    file.seek(max(start, end - 64))
    ends = file.read(64).rstrip()[-1:]
    file.seek(end)
    return begins == b"{" and ends == b"}"
