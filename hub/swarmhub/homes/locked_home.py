"""One home while files are handed out: a lock against a second command, and a hidden folder that survives a crash."""

import errno
import fcntl
import json
import os
import stat
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path, PurePosixPath
from uuid import uuid4

from .handouts import Store
from .open_safely import NotAFile, exists, hash_of, open_file, open_folder, open_parent
from .versions import known_hashes

_CHANGED = " (your changes)"
_NAMES = 9


class Busy(Exception):
    """Another command works on this home."""


class LockedHome:
    """A home that only this process changes, apart from its owner. `folder` is its descriptor."""

    def __init__(self, name: str, folder: int, store: Store) -> None:
        """`lock_home` makes one."""
        self.name = name
        self.folder = folder
        self._store = store

    @contextmanager
    def staging(self, name: str, paths: Collection[str]) -> Iterator[int]:
        """Makes a hidden folder in the home for `new_name` and `old_name` of these paths, and yields its descriptor; raises OSError.

        At the end, new files that have no place are removed, and old ones are settled. In the home, since a file cannot be linked from the
        disk quota of one home to that of another.
        """
        part = f".handout-{uuid4().hex[:12]}"
        self._note.parent.mkdir(parents=True, exist_ok=True)
        # Written first: after a crash, the next command finds the folder by this note, and not by a name that its owner could use.
        self._note.write_text(json.dumps({"part": part, "name": name, "paths": list(paths)}), encoding="utf-8")
        os.mkdir(part, 0o700, dir_fd=self.folder)
        try:
            with open_folder(part, self.folder) as descriptor:
                yield descriptor
        finally:
            self.recover()

    def recover(self) -> None:
        """Completes what a command that was killed has left in this home; raises OSError if that is not possible now."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            part, name, paths = note["part"], note["name"], note["paths"]
        except (FileNotFoundError, ValueError, LookupError, TypeError):
            return
        history = self._store.versions(name)
        with ExitStack() as stack:
            try:
                descriptor = stack.enter_context(open_folder(part, self.folder))
            except (FileNotFoundError, NotADirectoryError):
                paths = []  # its owner removed it
            for path in paths:
                self._settle(descriptor, path, known_hashes(history, path))
        # Not empty: its owner put something there, which is theirs.
        with suppress(OSError):
            os.rmdir(part, dir_fd=self.folder)
        self._note.unlink(missing_ok=True)

    def _settle(self, part: int, path: str, known: dict[str, int]) -> None:
        """Removes the new and the old file of a path, unless the owner changed the old one or nothing has taken its place."""
        new, old = new_name(path), old_name(path)
        with suppress(OSError):
            os.unlink(new, dir_fd=part)
        if not exists(part, old):
            return
        is_known = hash_of_known(part, old, known) is not None
        try:
            with open_parent(self.folder, path, create=True) as (folder, name):
                is_replaced = exists(folder, name)
                if not (is_replaced and is_known):
                    put_beside(part, old, folder, name, _CHANGED if is_replaced else "")
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            # Its folder is a link or a file now.
            if not is_known:
                put_beside(part, old, self.folder, PurePosixPath(path).name, _CHANGED)
        with suppress(FileNotFoundError):
            os.unlink(old, dir_fd=part)

    @property
    def _note(self) -> Path:
        return self._store.root / "homes" / self.name / ".staging"


@contextmanager
def lock_home(storage: Path, locks: Path, name: str, seconds: float = 30) -> Iterator[LockedHome]:
    """Opens a home and waits until no other command changes it. Raises Busy after `seconds`, and OSError.

    The locks are on the hub's own disk, and not on the storage, where they would depend on the leases of NFS.
    """
    locks.mkdir(exist_ok=True)
    with ExitStack() as stack:
        lock = stack.enter_context((locks / name).open("w"))
        end = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise Busy from None
                time.sleep(0.05)
        folder = stack.enter_context(open_folder(storage / "homes" / name))
        yield LockedHome(name, folder, Store(storage / "handouts"))


def new_name(path: str) -> str:
    """Returns the name of the new file of a path in the hidden folder."""
    return f"new-{_key(path)}"


def old_name(path: str) -> str:
    """Returns the name of the old file of a path in the hidden folder."""
    return f"old-{_key(path)}"


def _key(path: str) -> str:
    return sha256(path.encode()).hexdigest()[:24]


def hash_of_known(folder: int, name: str, known: dict[str, int]) -> str | None:
    """Returns the hash of what is there if it is one of the known contents, else None; raises FileNotFoundError, and OSError.

    `known` has the size of each content. Only a file of such a size is read, so a large file of the owner costs nothing.
    """
    try:
        with open_file(folder, name) as (_, status):
            size = status.st_size
        found = hash_of(folder, name, size) if size in known.values() else None
    except (NotAFile, PermissionError):
        return None
    return found if found in known else None


def put_beside(part: int, staged: str, folder: int, name: str, mark: str, known: dict[str, int] | None = None) -> str:
    """Links a staged file into a folder as "NAME<mark>.EXT" and returns that name; never replaces anything. Raises OSError.

    A file of the wanted name with a `known` content is there already: from a command that was killed.
    """
    path = PurePosixPath(name)
    for attempt in range(1, _NAMES + 1):
        beside = f"{path.stem}{mark}{'' if attempt == 1 else f' {attempt}'}{path.suffix}"
        with suppress(FileExistsError):
            _link(part, staged, folder, beside)
            return beside
        with suppress(FileNotFoundError):
            if known and hash_of_known(folder, beside, known):
                return beside
    raise FileExistsError(f"{beside!r} and {_NAMES - 1} names like it exist")


def _link(part: int, staged: str, folder: int, name: str) -> None:
    """Links a staged file, or moves a folder; raises FileExistsError, and OSError."""
    try:
        os.link(staged, name, src_dir_fd=part, dst_dir_fd=folder, follow_symlinks=False)
    except PermissionError:
        # Its owner had put a folder in place of the file, and folders cannot be linked.
        if not stat.S_ISDIR(os.stat(staged, dir_fd=part, follow_symlinks=False).st_mode):
            raise
        if exists(folder, name):
            raise FileExistsError(name) from None
        os.rename(staged, name, src_dir_fd=part, dst_dir_fd=folder)
