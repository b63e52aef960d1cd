"""Puts the files of a version into one home so that no work of its owner is lost, and takes untouched ones back.

An untouched file is replaced. Where the owner changed it, or has it open, the new one goes beside it. What they removed stays removed.
"""

import errno
import os
import sys
from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from .handouts import Given, Record, Store
from .locked_home import LockedHome, hash_of_known, new_name, old_name, put_beside
from .open_safely import open_parent, opened
from .versions import File, Version, known_hashes

_BLOCK = 4096
_BESIDE = " (new {number})"


class NoRoom(Exception):
    """The home does not have enough space."""

    def __init__(self, needs: tuple[int, int], has: tuple[int, int]) -> None:
        """Both are bytes, and a number of files."""
        super().__init__(f"needs {needs[0]} bytes in {needs[1]} files, but has space for {has[0]} bytes in {has[1]} files")
        self.needs, self.has = needs, has


@dataclass(frozen=True)
class Decision:
    """What happens to one file.

    `what` is "place", "replace", "beside" (for the reason `why`: "changed" or "open"), "same" (it is there), "offered" (the new one was put
    beside it before), "removed" (by the owner), "blocked" (a folder of its path is something else), or when taken back "take" or "kept".
    """

    path: str
    what: str
    why: str | None = None
    file: File | None = None


@dataclass
class Outcome:
    """What happened in one home; `beside` has the names of the new files beside others."""

    decisions: list[Decision] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


def decide(home: int, version: Version, history: Collection[Version], record: Record, is_open: Collection[str] | None) -> list[Decision]:
    """Decides for each file, and changes nothing. `history`: all versions; `is_open`: the open notebooks, None if that is unknown."""
    return [_decide(home, file, history, record.files.get(file.path, Given()), is_open) for file in version.files]


def _decide(home: int, file: File, history: Collection[Version], given: Given, is_open: Collection[str] | None) -> Decision:
    known = {**known_hashes(history, file.path), file.hash: file.size}
    try:
        with open_parent(home, file.path) as (folder, name):
            found = hash_of_known(folder, name, known)
    except FileNotFoundError:
        return Decision(file.path, "removed") if given.hashes else Decision(file.path, "place", file=file)
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP, errno.EACCES):
            raise
        return Decision(file.path, "blocked")
    if found == file.hash:
        return Decision(file.path, "same", file=file)
    if file.hash in given.beside.values():
        return Decision(file.path, "offered")
    if found is None:
        return Decision(file.path, "beside", "changed", file)
    if is_open_in(is_open, file.path):
        return Decision(file.path, "beside", "open", file)
    return Decision(file.path, "replace", file=file)


def is_open_in(is_open: Collection[str] | None, path: str) -> bool:
    """Returns whether a file is open. If the server does not tell, all notebooks are."""
    return path.endswith(".ipynb") if is_open is None else path in is_open


def space_needed(decisions: Collection[Decision]) -> tuple[int, int]:
    """Returns the bytes and the number of files and folders that the decisions need at most, with some room for the folders' own growth."""
    files = [each.file for each in decisions if each.file and each.what in ("place", "replace", "beside")]
    folders = {str(parent) for file in files for parent in PurePosixPath(file.path).parents}
    blocks = sum(-(-file.size // _BLOCK) for file in files) + 2 * len(folders)
    return (blocks * _BLOCK, len(files) + len(folders)) if files else (0, 0)


def require_room(home: int, decisions: Collection[Decision]) -> None:
    """Raises NoRoom if the files do not fit into the home."""
    needs, has = space_needed(decisions), _space(home)
    if needs[0] > has[0] or needs[1] > has[1]:
        raise NoRoom(needs, has)


def _space(home: int) -> tuple[int, int]:
    # The kernel's NFS server reports the limits of a home as the size of its disk.
    room = os.statvfs(home)
    # A file system without a fixed number of inodes (btrfs) reports none.
    return room.f_bavail * room.f_frsize, room.f_favail if room.f_files else sys.maxsize


def hand_out(
    home: LockedHome, store: Store, version: Version, history: Collection[Version], is_open: Collection[str] | None = ()
) -> Outcome:
    """Puts a version into a home: first copies of all files, then each into its place.

    Raises NoRoom, after which nothing was put, and OSError, after which the record has what was put before.
    """
    record = store.record(home.name, version.name)
    home.recover()
    decisions = decide(home.folder, version, history, record, is_open)
    require_room(home.folder, decisions)
    outcome = Outcome()
    new = [each for each in decisions if each.file and each.what in ("place", "replace", "beside")]
    with home.staging(version.name, [each.path for each in new]) if new else nullcontext(-1) as part:
        _copy_all(home, store, version, new, part)
        try:
            for each in decisions:
                outcome.decisions.append(_perform(home.folder, part, version, each, record, outcome))
            # Otherwise, the next start of the server tries again.
            if not any(each.what == "blocked" for each in decisions):
                record.number = version.number
        finally:
            store.write_record(home.name, version.name, record)
    return outcome


def _copy_all(home: LockedHome, store: Store, version: Version, new: list[Decision], part: int) -> None:
    create = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        for each in new:
            source = store.files(version.name, version.number) / each.path
            mode = 0o755 if each.file.executable else 0o644
            with opened(source, os.O_RDONLY | os.O_NOFOLLOW) as original, opened(new_name(each.path), create, part, mode) as copy:
                _copy(original, copy)
                os.fsync(copy)  # over NFS, a full home may be reported only here
        for each in new:
            with open_parent(home.folder, each.path, create=True):
                pass
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoom(space_needed(new), _space(home.folder)) from error
        raise


def _copy(original: int, copy: int) -> None:
    try:
        # The storage host copies the file itself: with NFS 4.2 no data passes through the hub, and XFS shares the blocks.
        while os.copy_file_range(original, copy, 1 << 30):
            pass
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        while chunk := os.read(original, 1 << 20):
            view = memoryview(chunk)
            while view:
                view = view[os.write(copy, view) :]


def _perform(home: int, part: int, version: Version, decision: Decision, record: Record, outcome: Outcome) -> Decision:
    file, path = decision.file, decision.path
    if file is None:
        return decision
    given = record.files.setdefault(path, Given())
    if decision.what == "same":
        _remember(given, file.hash)
        return decision
    with open_parent(home, path) as (folder, name):
        if decision.what == "replace":
            try:
                # The old file is moved away, and not replaced: an editor may have put another one here since it was read.
                os.rename(name, old_name(path), src_dir_fd=folder, dst_dir_fd=part)
            except FileNotFoundError:
                return Decision(path, "removed")
        if decision.what != "beside":
            try:
                os.link(new_name(path), name, src_dir_fd=part, dst_dir_fd=folder, follow_symlinks=False)
                _remember(given, file.hash)
                return decision
            except FileExistsError:
                decision = Decision(path, "beside", "changed", file)
        beside = put_beside(part, new_name(path), folder, name, _BESIDE.format(number=version.number), {file.hash: file.size})
        place = str(PurePosixPath(path).with_name(beside))
        given.beside[place] = file.hash
        outcome.beside.append(place)
    return decision


def _remember(given: Given, content: str) -> None:
    if content not in given.hashes:
        given.hashes.append(content)
