"""How full the homes of the class are, and larger limits for them."""

import asyncio
import json
import os
import time
from pathlib import Path

from ..durable_file import write_durably
from ..homes.owner_note import find_home
from ..homes.provisioning import is_pending
from ..homes.storage_calls import call_storage

LEAST_BYTES, MOST_BYTES = 4096, 1 << 50  # 4096: contracts/limits.ts
_MOST_LIMIT_FILE = 4096
_IN_FORCE_SECONDS = 10  # the watcher wakes up at once, and makes a pass every 30 s


def read_homes(storage: Path, users: list[str]) -> dict[str, tuple[int, int]]:
    """Returns what is used of each home and its limit, in bytes; users without a home or without a limit are missing. Raises OSError."""
    return {user: usage for user in users if (usage := _usage(storage, user))}


async def set_limit(storage: Path, user: str, limit: int) -> str | None:
    """Sets the limit of a home in bytes, and waits until it is in force; returns a sentence if that lasts. Raises SpawnException."""
    home = await call_storage(8, find_home, storage, user)
    await call_storage(8, write_limit, storage, home, limit)
    end = time.monotonic() + _IN_FORCE_SECONDS
    while time.monotonic() < end:
        if await call_storage(8, _limit, storage, home) // 4096 == limit // 4096:
            return None
        await asyncio.sleep(0.3)
    return "The limit is saved, but the quota watcher has not applied it yet. To see why, type: swarmhub quota check"


def write_limit(storage: Path, home: str, limit: int) -> None:
    """Writes the limit as `swarmhub quota set` does (contracts/limits.ts); a limit of the number of files stays. Raises OSError."""
    if not (storage / "homes" / home).is_dir():
        raise FileNotFoundError(f"{home}: there is no home")
    path = storage / "limits" / home
    draft = path.with_name(f".{home}.new")
    write_durably(draft, json.dumps(_own_limits(path) | {"bytes": limit}) + "\n")
    draft.replace(path)


def _own_limits(path: Path) -> dict:
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
            found = json.loads(file.read(_MOST_LIMIT_FILE))
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    files = found.get("files") if isinstance(found, dict) else None
    return {"files": files} if isinstance(files, int) and not isinstance(files, bool) and files > 0 else {}


def _usage(storage: Path, user: str) -> tuple[int, int] | None:
    home = find_home(storage, user)
    try:
        if is_pending(storage, home):
            return None
        room = os.statvfs(storage / "homes" / home)
    except FileNotFoundError:
        return None
    return (room.f_blocks - room.f_bavail) * room.f_frsize, room.f_blocks * room.f_frsize


def _limit(storage: Path, home: str) -> int:
    room = os.statvfs(storage / "homes" / home)
    return room.f_blocks * room.f_frsize
