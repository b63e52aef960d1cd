"""Copies the first files into a new home: the folder `skeleton` of the storage, as a whole or not at all."""

import asyncio
import errno
import json
import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from .open_safely import open_folder, opened
from .owner_note import read_note, write_note

PART = ".first-files.part"
NO_ROOM = "The files for this class do not fit into your home folder. They will be copied at your next start once there is enough space."
NOT_COPIED = "The files for this class could not be copied into your home folder. They will be copied at your next start."

# Separate from the other storage threads, which would all be busy with copying when a whole class starts together.
_threads = ThreadPoolExecutor(8, thread_name_prefix="first-files")


@dataclass(frozen=True)
class Skeleton:
    """The space that a copy of the folder needs, from `skeleton.json`."""

    bytes: int
    files: int


class NoRoom(Exception):
    """The home does not have enough space for the first files."""


class Stopped(Exception):
    """The copy was cancelled."""


async def add_first_files(storage: Path, slug: str, deadline: float = 120) -> tuple[str, str] | None:
    """Copies the first files if the home still lacks them, within `deadline` seconds.

    A failure does not prevent the start: returns the message for the user and the detail for the log, or None.
    """
    stop = Event()
    work = asyncio.get_running_loop().run_in_executor(_threads, copy_first_files, storage, slug, stop)
    try:
        await asyncio.wait_for(work, deadline)
    except NoRoom as error:
        return NO_ROOM, str(error)
    except (OSError, ValueError, LookupError, TypeError) as error:  # TimeoutError is a subclass of OSError
        is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        return (NO_ROOM if is_full else NOT_COPIED), f"{type(error).__name__}: {error}"
    finally:
        stop.set()
    return None


def read_skeleton(storage: Path) -> Skeleton | None:
    """Returns None if the class has no first files; raises OSError, ValueError, LookupError and TypeError."""
    try:
        found = json.loads((storage / "skeleton.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Skeleton(int(found["bytes"]), int(found["files"]))


def copy_first_files(storage: Path, slug: str, stop: Event) -> None:
    """Copies into a temporary folder of the home, then moves each file into place; existing files stay unchanged.

    The note is updated only after that, so an interrupted copy begins again at the next start.
    """
    note = read_note(storage, slug)
    if note is None or not note.lacks_first_files:
        return
    skeleton = read_skeleton(storage)
    if skeleton is not None:
        with open_folder(storage / "skeleton") as source, open_folder(storage / "homes" / slug) as home:
            _remove(PART, home)
            _require_room(home, skeleton)
            try:
                os.mkdir(PART, 0o700, dir_fd=home)
                with open_folder(PART, home) as part:
                    _copy(source, part, stop)
                    _move_into_place(part, home)
            finally:
                _remove(PART, home)
    write_note(storage, slug, replace(note, lacks_first_files=False))


def _require_room(home: int, skeleton: Skeleton) -> None:
    # The kernel's NFS server reports the limit of a home as the size of its disk.
    room = os.statvfs(home)
    free, inodes = room.f_bavail * room.f_frsize, room.f_favail
    if skeleton.bytes > free or skeleton.files > inodes:
        raise NoRoom(f"needs {skeleton.bytes} bytes in {skeleton.files} files, but has space for {free} bytes in {inodes} files")


def _copy(source: int, target: int, stop: Event) -> None:
    for entry in os.scandir(source):
        if stop.is_set():
            raise Stopped
        kind = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(kind):
            os.mkdir(entry.name, 0o755, dir_fd=target)
            with open_folder(entry.name, source) as inner, open_folder(entry.name, target) as copy:
                _copy(inner, copy, stop)
        elif stat.S_ISLNK(kind):
            os.symlink(os.readlink(entry.name, dir_fd=source), entry.name, dir_fd=target)
        elif stat.S_ISREG(kind):
            _copy_file(entry.name, source, target, 0o755 if kind & 0o100 else 0o644)


def _copy_file(name: str, source: int, target: int, mode: int) -> None:
    create = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with opened(name, os.O_RDONLY | os.O_NOFOLLOW, source) as original, opened(name, create, target, mode) as copy:
        # The storage host copies the file itself: with NFS 4.2 no data passes through the hub, and XFS shares the blocks.
        while os.copy_file_range(original, copy, 1 << 30):
            pass


def _move_into_place(part: int, home: int) -> None:
    for name in os.listdir(part):
        try:
            os.stat(name, dir_fd=home, follow_symlinks=False)
        except FileNotFoundError:
            os.rename(name, name, src_dir_fd=part, dst_dir_fd=home)


def _remove(name: str, folder: int) -> None:
    try:
        is_folder = stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return
    if is_folder:
        shutil.rmtree(name, dir_fd=folder)
    else:
        os.unlink(name, dir_fd=folder)
