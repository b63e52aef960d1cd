"""Opens files in a folder whose owner changes it at the same time, and may want to harm the reader.

No link is followed in any part of a path, a pipe or a device is not waited for, and no file is read beyond a limit.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

# O_NOFOLLOW: the user may replace a folder with a link, because a server of theirs may still run somewhere.
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# O_NONBLOCK: a pipe without a writer would block the open for ever. The storage's mount (nodev) opens no device.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_CHUNK = 1 << 20
ATTEMPTS = 3


class NotAFile(Exception):
    """It is a link, a pipe, a device or a socket; the message says which."""


class TooLarge(Exception):
    """The file is larger than the limit."""


class Unstable(Exception):
    """The file changed during each of the attempts to read it."""


@contextmanager
def opened(path: str | Path, flags: int, folder: int | None = None, mode: int = 0) -> Iterator[int]:
    """Opens below `folder`, a descriptor, and closes it at the end; raises OSError."""
    descriptor = os.open(path, flags | os.O_CLOEXEC, mode, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_folder(path: str | Path, folder: int | None = None):
    """Opens a folder that is no link; raises OSError."""
    return opened(path, FOLDER, folder)


@contextmanager
def open_parent(home: int, path: str, create: bool = False) -> Iterator[tuple[int, str]]:
    """Opens the folder that a relative path is in, one part after the other; yields it with the last part.

    With `create`, missing folders are made. Raises OSError, for example ENOENT, ENOTDIR or ELOOP.
    """
    *folders, name = parts_of(path)
    with ExitStack() as stack:
        folder = home
        for part in folders:
            if create:
                make_folder(part, folder)
            folder = stack.enter_context(open_folder(part, folder))
        yield folder, name


def make_folder(name: str, folder: int) -> None:
    """Makes a folder, if there is nothing with this name."""
    with suppress(FileExistsError):
        os.mkdir(name, 0o755, dir_fd=folder)


def exists(folder: int, name: str) -> bool:
    """Returns whether there is anything with this name, also a link to nothing; raises OSError."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def parts_of(path: str) -> list[str]:
    """Splits a relative path; raises ValueError for one that leaves its folder."""
    parts = path.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise ValueError(f"{path!r} is not a path inside a folder")
    return parts


def kind_of(mode: int) -> str:
    """Returns the kind of a thing in words, from the mode of its status."""
    kinds = {stat.S_IFREG: "a file", stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


@contextmanager
def open_file(folder: int, name: str | bytes) -> Iterator[tuple[int, os.stat_result]]:
    """Opens a regular file; raises NotAFile for anything else, and OSError."""
    # Before it is opened: to open a device can already have an effect.
    before = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISREG(before.st_mode):
        raise NotAFile(kind_of(before.st_mode))
    try:
        descriptor = os.open(name, _FILE | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        # It was replaced since: a link is ELOOP, a socket or a pipe ENXIO.
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotAFile("a link or a pipe") from error
        raise
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotAFile(kind_of(status.st_mode))
        yield descriptor, status
    finally:
        os.close(descriptor)


def hash_of(folder: int, name: str, limit: int) -> str | None:
    """Returns the SHA-256 of a regular file; None if it is larger than `limit` or changes while it is read. Raises NotAFile and OSError."""
    try:
        return read_file(folder, name, limit)[1]
    except (TooLarge, Unstable):
        return None


def read_file(folder: int, name: str | bytes, limit: int, into: BinaryIO | None = None) -> tuple[os.stat_result, str]:
    """Reads a whole file as it was at one moment, into a file at its current position; returns its status and its SHA-256.

    Raises NotAFile, TooLarge, Unstable and OSError. At most `limit` bytes are read: a sparse file of 10 TB costs its owner nothing.
    """
    start = into.tell() if into else 0
    for _ in range(ATTEMPTS):
        with open_file(folder, name) as (descriptor, before):
            if before.st_size > limit:
                raise TooLarge
            digest, count = hashlib.sha256(), 0
            while count <= limit and (chunk := os.read(descriptor, min(_CHUNK, limit + 1 - count))):
                count += len(chunk)
                digest.update(chunk)
                if into:
                    into.write(chunk)
            after = os.fstat(descriptor)
        if count == before.st_size == after.st_size and before.st_mtime_ns == after.st_mtime_ns:
            return after, digest.hexdigest()
        if into:
            into.seek(start)
            into.truncate()
    raise Unstable
