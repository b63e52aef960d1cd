"""A user's home on the storage: never there without a mark until its size limit is set."""

import asyncio
import json
import stat
import time
from dataclasses import replace
from pathlib import Path

from ..refusal import LIMIT_FAILED, LIMIT_LATE, NOT_YOUR_HOME, STORAGE_MISSING, WATCHER_SILENT, Refusal, refuse
from .first_files import read_skeleton
from .owner_note import Note, read_note, write_note
from .storage_calls import call_storage


async def prepare_home(
    storage: Path,
    slug: str,
    user: str,
    watcher_timeout: float = 15,
    poll_interval: float = 0.15,
    call_timeout: float = 8,
    max_wait: float = 150,
) -> None:
    """Makes the home if it is missing and waits until it has its limit.

    Raises SpawnException with a sentence where the watcher does nothing for `watcher_timeout` seconds, where it is at work on others'
    homes for `max_wait`, or where one answer of the storage's takes longer than `call_timeout`.
    """
    await call_storage(call_timeout, make_home, storage, slug, user)
    if not await call_storage(call_timeout, is_pending, storage, slug):
        return
    before = await call_storage(call_timeout, read_watcher_status, storage)
    started = waiting_since = time.monotonic()
    while True:
        await asyncio.sleep(poll_interval)
        # A whole class that waits would keep hub and storage busy with its looks alone, and the watcher from its work.
        poll_interval = min(poll_interval * 1.5, 0.7)
        if not await call_storage(call_timeout, is_pending, storage, slug):
            return
        now = time.monotonic()
        if now - waiting_since < watcher_timeout:
            continue
        status = await call_storage(call_timeout, read_watcher_status, storage)
        reason, detail = explain_wait(status, before, slug)
        if reason is not LIMIT_LATE or now - started > max_wait:
            raise refuse(reason, f"{_pending_marker(storage, slug)} still there after {now - started:.0f} s; {detail}")
        before, waiting_since = status, now


def make_home(storage: Path, slug: str, user: str) -> None:
    """Makes what is missing: first the mark, then the owner's note, last the folder.

    In this order a hub that is killed between any two leaves no home without a mark, and the next call finishes the work.
    A folder that is there decides: its mark, if any, is the watcher's to remove.
    """
    if not _is_folder(storage / "homes"):
        raise refuse(STORAGE_MISSING, f"{storage}/homes is missing")
    note = read_note(storage, slug)
    if note and note.user != user:
        raise refuse(NOT_YOUR_HOME, f"{storage}/owners/{slug} names {note.user!r}, this is {user!r}")
    home = storage / "homes" / slug
    is_new = not _is_folder(home)
    if is_new:
        _pending_marker(storage, slug).touch()
    updated = note or Note(user)
    if is_new:
        updated = replace(updated, lacks_first_files=read_skeleton(storage) is not None)
    if updated != note:
        write_note(storage, slug, updated)
    if is_new:
        home.mkdir(mode=0o700)


def is_pending(storage: Path, slug: str) -> bool:
    """Says whether the watcher has still to set the limit."""
    # Not Path.exists(): it takes an I/O error for "no mark", and a home would start without a limit.
    try:
        _pending_marker(storage, slug).stat()
    except FileNotFoundError:
        (storage / "pending").stat()
        return False
    return True


def read_watcher_status(storage: Path) -> dict:
    """What the quota watcher wrote of its last pass; {"unread": why} where that cannot be read."""
    try:
        status = json.loads((storage / "watcher.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return {"unread": str(error)}
    return status if isinstance(status, dict) else {"unread": "it is no object"}


def explain_wait(status: dict, before: dict, slug: str) -> tuple[Refusal, str]:
    """Why a home still waits for its limit, and the watcher's words for the log."""
    if "unread" in status:
        return WATCHER_SILENT, f"watcher.json cannot be read: {status['unread']}"
    watcher = f"the watcher at {status.get('at')}"
    if status.get("problem"):
        return LIMIT_FAILED, f"{watcher}: {status['problem']}"
    failures = status.get("failures")
    for failure in failures if isinstance(failures, list) else []:
        if isinstance(failure, dict) and failure.get("home") == slug:
            return LIMIT_FAILED, f"{watcher}: {failure.get('reason')}"
    has_worked = status.get("at") != before.get("at")
    return (LIMIT_LATE if has_worked else WATCHER_SILENT), f"{watcher}: nothing about this home"


def _pending_marker(storage: Path, slug: str) -> Path:
    return storage / "pending" / slug


def _is_folder(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        raise NotADirectoryError(f"{path} is no folder")
    return True
