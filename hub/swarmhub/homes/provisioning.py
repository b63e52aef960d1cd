"""Creates a user's home on the storage. A home without a size limit always has a pending marker."""

import asyncio
import json
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..refusal import LIMIT_FAILED, LIMIT_LATE, NOT_YOUR_HOME, STORAGE_MISSING, WATCHER_SILENT, Refusal, refuse
from .first_files import read_skeleton
from .group_note import write_group_note
from .handouts import Store
from .owner_note import Note, read_note, write_note
from .storage_calls import call_storage


async def prepare_home(
    storage: Path,
    slug: str,
    user: str,
    groups: Sequence[str] = (),
    watcher_timeout: float = 15,
    poll_interval: float = 0.15,
    call_timeout: float = 8,
    max_wait: float = 150,
) -> None:
    """Creates the home if it is missing and waits until it has its limit; all times are in seconds.

    `groups` are those in which the provider puts the owner. A home that exists keeps its limit until the watcher has read their note.

    Raises SpawnException with a message for the user if the watcher does nothing for `watcher_timeout`, if it is busy with other
    homes for `max_wait`, or if one call to the storage takes longer than `call_timeout`.
    """
    await call_storage(call_timeout, make_home, storage, slug, user, groups)
    if not await call_storage(call_timeout, is_pending, storage, slug):
        return
    before = await call_storage(call_timeout, read_watcher_status, storage)
    started = waiting_since = time.monotonic()
    while True:
        await asyncio.sleep(poll_interval)
        # Polls of a whole class that waits would keep the hub and the storage busy, and would slow down the watcher.
        poll_interval = min(poll_interval * 1.5, 0.7)
        if not await call_storage(call_timeout, is_pending, storage, slug):
            return
        now = time.monotonic()
        if now - waiting_since < watcher_timeout:
            continue
        status = await call_storage(call_timeout, read_watcher_status, storage)
        reason, detail = explain_wait(status, before, slug)
        if reason is not LIMIT_LATE or now - started > max_wait:
            raise refuse(reason, f"{_pending_marker(storage, slug)} still exists after {now - started:.0f} s; {detail}")
        before, waiting_since = status, now


def make_home(storage: Path, slug: str, user: str, groups: Sequence[str] = ()) -> None:
    """Creates what is missing: first the pending marker, then the notes of the owner and the groups, last the folder.

    With this order, a hub that is killed between two steps leaves no home without a limit and without a marker, and the next call
    completes the work. If the folder exists, no marker is created: only the watcher removes markers.
    """
    if not _is_folder(storage / "homes"):
        raise refuse(STORAGE_MISSING, f"{storage}/homes is missing")
    note = read_note(storage, slug)
    if note and note.user != user:
        raise refuse(NOT_YOUR_HOME, f"{storage}/owners/{slug} names the owner {note.user!r}, but the user is {user!r}")
    home = storage / "homes" / slug
    is_new = not _is_folder(home)
    if is_new:
        _pending_marker(storage, slug).touch()
    updated = note or Note(user)
    if is_new:
        Store(storage / "handouts").forget_home(slug)
        updated = replace(updated, lacks_first_files=read_skeleton(storage) is not None)
    if updated != note:
        write_note(storage, slug, updated)
    write_group_note(storage, slug, groups)
    if is_new:
        home.mkdir(mode=0o700)


def is_pending(storage: Path, slug: str) -> bool:
    """Returns whether the watcher has not set the limit yet; raises OSError."""
    # Not Path.exists(): it returns False on an I/O error, and a server would start in a home without a limit.
    try:
        _pending_marker(storage, slug).stat()
    except FileNotFoundError:
        (storage / "pending").stat()
        return False
    return True


@dataclass(frozen=True)
class WatcherStatus:
    """The status of the quota watcher's last pass, or the reason why it cannot be read."""

    at: object = None
    problem: object = None
    failures: tuple[dict, ...] = ()
    unreadable: str | None = None


def read_watcher_status(storage: Path) -> WatcherStatus:
    """Reads watcher.json; does not raise."""
    try:
        found = json.loads((storage / "watcher.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return WatcherStatus(unreadable=str(error))
    if not isinstance(found, dict):
        return WatcherStatus(unreadable="it is not an object")
    failures = found.get("failures")
    readable = tuple(each for each in failures if isinstance(each, dict)) if isinstance(failures, list) else ()
    return WatcherStatus(found.get("at"), found.get("problem"), readable)


def explain_wait(status: WatcherStatus, before: WatcherStatus, slug: str) -> tuple[Refusal, str]:
    """Returns why a home still waits for its limit, and the watcher's message for the log."""
    if status.unreadable is not None:
        return WATCHER_SILENT, f"watcher.json cannot be read: {status.unreadable}"
    watcher = f"the watcher at {status.at}"
    if status.problem:
        return LIMIT_FAILED, f"{watcher}: {status.problem}"
    for failure in status.failures:
        if failure.get("home") == slug:
            return LIMIT_FAILED, f"{watcher}: {failure.get('reason')}"
    has_worked = status.at != before.at
    return (LIMIT_LATE if has_worked else WATCHER_SILENT), f"{watcher}: nothing about this home"


def _pending_marker(storage: Path, slug: str) -> Path:
    return storage / "pending" / slug


def _is_folder(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        raise NotADirectoryError(f"{path} is not a folder")
    return True
