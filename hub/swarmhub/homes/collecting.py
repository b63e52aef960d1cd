"""Reads one file or folder of a home for its teacher, as a copy that nothing in the home can harm.

Only regular files are taken, of limited size, number and depth, with names that every machine can have. Everything else is counted.
"""

import errno
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO

from .notebooks import IN_MEMORY, read_notebook
from .open_safely import NotAFile, TooLarge, Unstable, kind_of, open_folder, open_parent, parts_of, read_file

MAX_FILES = 500
_MAX_ENTRIES = 5000
_MAX_DEPTH = 8
# Control characters, those that change the direction of text, separators of lines, and what Windows and macOS cannot have in a name.
_UNUSABLE = re.compile(r'[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff<>:"/\\|?*]|[. ]\Z')
_LONGEST_NAME = 200
# A notebook that is being saved, or a file that changes, is read several times: with thousands of them nobody else's work would come.
_SECONDS = 60


class _TooSlow(Exception):
    pass


@dataclass
class Part:
    """A collected file: its path below the assignment, and where its content is in the copy."""

    path: str
    start: int
    size: int
    hash: str


@dataclass
class Collected:
    """What was found: "missing", "unreadable" (for the reason `why`), "too large", "untouched" or "changed".

    `changed_at` is the last change by the storage's clock, in seconds since 1970; `left_out` counts what is no usable file; `copy` has the
    content of all parts.
    """

    what: str
    why: str = ""
    changed_at: float = 0
    parts: list[Part] = field(default_factory=list)
    left_out: int = 0
    too_large: int = 0
    copy: BinaryIO | None = None

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    @property
    def state(self) -> str:
        """A hash that differs for every other content."""
        return sha256(repr([(part.path, part.hash) for part in sorted(self.parts, key=lambda part: part.path)]).encode()).hexdigest()


def collect(home: int, path: str, limit: int, is_untouched: Callable[[str, str], bool], seconds: float = _SECONDS) -> Collected:
    """Reads a file or folder at a path of the home, `limit` bytes at most. `is_untouched` tells whether a path has a hash as handed out.

    After `seconds` it begins no further file, and gives up.

    Never raises for what is in the home; raises OSError if the storage or the hub's own disk fails.
    """
    found = Collected("changed", copy=tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115
    reader = _Reader(found, limit, time.monotonic() + seconds)
    try:
        with open_parent(home, path) as (folder, name):
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                with open_folder(name, folder) as inner:
                    reader.read_folder(inner, "", 1)
            elif stat.S_ISREG(mode):
                if not is_usable(name):
                    return Collected("unreadable", "not every machine can have a file of this name")
                reader.read(folder, os.fsencode(name), name)
            else:
                raise NotAFile(kind_of(mode))
    except FileNotFoundError:
        return Collected("missing")
    except NotAFile as error:
        return Collected("unreadable", f"it is {error}")
    except TooLarge:
        return Collected("too large", left_out=found.left_out)
    except Unstable:
        return Collected("unreadable", "it changes all the time")
    except _TooSlow:
        return Collected("unreadable", "it takes too long to read")
    except OSError as error:
        return Collected("unreadable", _reason(error))
    if not found.parts:
        return _nothing(found)
    below = "/".join(parts_of(path))
    is_folder = stat.S_ISDIR(mode)
    if all(is_untouched(f"{below}/{part.path}" if is_folder else below, part.hash) for part in found.parts):
        found.what = "untouched"
    return found


def _reason(error: OSError) -> str:
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return "a part of its path is a link or a file"
    return error.strerror or str(error)


def _nothing(found: Collected) -> Collected:
    if found.too_large:
        return Collected("too large", left_out=found.left_out, too_large=found.too_large)
    return Collected("missing", "the folder has no file", left_out=found.left_out)


class _Reader:
    def __init__(self, found: Collected, limit: int, end: float) -> None:
        self._found = found
        self._limit = limit
        self._end = end
        self._entries = 0
        self._names: set[str] = set()

    def read_folder(self, folder: int, below: str, depth: int) -> None:
        with os.scandir(folder) as entries:
            names = []
            for entry in entries:
                self._entries += 1
                if self._entries > _MAX_ENTRIES:
                    raise TooLarge
                names.append(entry.name)
        # Sorted, so that the same content gives the same result; a hidden file is none of the work (.ipynb_checkpoints, .git).
        for name in sorted(name for name in names if not name.startswith(".")):
            self._read_entry(folder, name, below, depth)

    def _read_entry(self, folder: int, name: str, below: str, depth: int) -> None:
        path = below + name
        try:
            # A disk that does not tell letters of both cases apart would mix two files up.
            if not is_usable(name) or path.lower() in self._names or depth > _MAX_DEPTH:
                raise NotAFile(name)
            self._names.add(path.lower())
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                with open_folder(name, folder) as inner:
                    self.read_folder(inner, f"{path}/", depth + 1)
            # The CLI writes the moment of the last change into this file, which decides whether the work is late.
            elif stat.S_ISREG(mode) and path != "timestamp.txt":
                self.read(folder, os.fsencode(name), path, is_alone=False)
            else:
                raise NotAFile(name)
        except (NotAFile, Unstable, OSError):
            self._found.left_out += 1

    def read(self, folder: int, name: bytes, path: str, is_alone: bool = True) -> None:
        if time.monotonic() > self._end:
            raise _TooSlow
        found = self._found
        start = found.copy.tell()
        try:
            status, content = (
                read_notebook(folder, name, self._limit, found.copy)
                if path.endswith(".ipynb")
                else read_file(folder, name, self._limit, found.copy)
            )
        except TooLarge:
            # The notebook beside a data set is still wanted.
            if is_alone:
                raise
            found.too_large += 1
            return
        found.parts.append(Part(path, start, status.st_size, content))
        # Its owner can set the time of the last write to any moment, but not that of the last change.
        found.changed_at = max(found.changed_at, status.st_ctime)
        if found.size > self._limit or len(found.parts) > MAX_FILES:
            raise TooLarge


def is_usable(name: str) -> bool:
    """Returns whether every machine of a teacher can have a file with this name, and every terminal can show it."""
    try:
        return len(name.encode()) <= _LONGEST_NAME and not _UNUSABLE.search(name)
    except UnicodeEncodeError:
        return False
