"""A user's home on the storage: never there without a mark until its size limit is set."""

import asyncio
import json
import os
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from .refusal import (
    LIMIT_FAILED,
    NOT_YOUR_HOME,
    OWNER_UNREADABLE,
    STORAGE_FAILED,
    STORAGE_MISSING,
    STORAGE_SILENT,
    WATCHER_SILENT,
    refuse,
)

Answer = TypeVar("Answer")

# A hard NFS mount blocks a thread for as long as the storage is away. Threads of our own, so that such threads never use up
# the event loop's, where the hub also resolves host names.
_threads = ThreadPoolExecutor(16, thread_name_prefix="storage")


async def prepare_home(storage: Path, slug: str, user: str, limit_wait: float = 20, look: float = 0.15, deadline: float = 10) -> None:
    """Makes the home if it is missing and waits until it has its limit; seconds; raises SpawnException with a sentence."""

    async def ask(function: Callable[..., Answer], *arguments: object) -> Answer:
        try:
            return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(_threads, function, *arguments), deadline)
        except TimeoutError as error:
            raise refuse(STORAGE_SILENT, f"{storage}: no answer in {deadline} s") from error
        except OSError as error:
            raise refuse(STORAGE_FAILED, str(error)) from error

    await ask(make_home, storage, slug, user)
    end = time.monotonic() + limit_wait
    while await ask(is_marked, storage, slug):
        if time.monotonic() >= end:
            failure, detail = await ask(read_watcher, storage, slug)
            raise refuse(LIMIT_FAILED if failure else WATCHER_SILENT, f"{_mark(storage, slug)} still there after {limit_wait} s; {detail}")
        await asyncio.sleep(look)


def make_home(storage: Path, slug: str, user: str) -> None:
    """Makes what is missing: first the mark, then the owner's note, last the folder.

    In this order a hub that is killed between any two leaves no home without a mark, and the next call finishes the work.
    A folder that is there decides: its mark, if any, is the watcher's to remove.
    """
    if not _is_folder(storage / "homes"):
        raise refuse(STORAGE_MISSING, f"{storage}/homes is missing")
    owner = _read_owner(storage, slug)
    if owner not in (None, user):
        raise refuse(NOT_YOUR_HOME, f"{storage}/owners/{slug} names {owner!r}, this is {user!r}")
    home = storage / "homes" / slug
    is_new = not _is_folder(home)
    if is_new:
        _mark(storage, slug).touch()
    if owner is None:
        _write_owner(storage, slug, user)
    if is_new:
        home.mkdir(mode=0o700)


def is_marked(storage: Path, slug: str) -> bool:
    """Says whether the watcher has still to set the limit."""
    # Not Path.exists(): it takes an I/O error for "no mark", and a home would start without a limit.
    try:
        _mark(storage, slug).stat()
    except FileNotFoundError:
        (storage / "pending").stat()
        return False
    return True


def read_watcher(storage: Path, slug: str) -> tuple[bool, str]:
    """Answers whether the watcher tells of a failure with this home, and what its status file says, for the log."""
    try:
        status = json.loads((storage / "watcher.json").read_text(encoding="utf-8"))
        own = [failure["reason"] for failure in status.get("failures", []) if failure["home"] == slug]
        at = status["at"]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        return False, f"watcher.json cannot be read: {error}"
    return bool(own), f"the watcher at {at}: {own[0] if own else 'nothing about this home'}"


def _mark(storage: Path, slug: str) -> Path:
    return storage / "pending" / slug


def _is_folder(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        raise NotADirectoryError(f"{path} is no folder")
    return True


def _read_owner(storage: Path, slug: str) -> str | None:
    note = storage / "owners" / slug
    try:
        owner = json.loads(note.read_text(encoding="utf-8"))["user"]
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError) as error:
        raise refuse(OWNER_UNREADABLE, f"{note}: {error}") from error
    if not isinstance(owner, str):
        raise refuse(OWNER_UNREADABLE, f"{note}: the user is no text")
    return owner


def _write_owner(storage: Path, slug: str, user: str) -> None:
    # A link appears whole or not at all and never replaces somebody's note.
    draft = storage / "owners" / f".{slug}.{os.getpid()}"
    draft.write_text(json.dumps({"user": user}) + "\n", encoding="utf-8")
    try:
        os.link(draft, storage / "owners" / slug)
    finally:
        draft.unlink()
