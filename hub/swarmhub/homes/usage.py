"""Describes for users how full their homes are."""

import os
from dataclasses import dataclass
from pathlib import Path

from jupyterhub.spawner import SpawnException

from .owner_note import find_home
from .provisioning import is_pending
from .storage_calls import call_storage


@dataclass(frozen=True)
class Usage:
    """One sentence, and whether the home is nearly full (over 90 % of its space or of its number of files)."""

    text: str
    is_nearly_full: bool


async def home_usage(storage: Path, user: str, seconds: float = 1) -> Usage | None:
    """Returns None without a home or a limit, or if the storage takes longer than `seconds`, because a page does not wait."""
    try:
        room = await call_storage(seconds, _read_limits, storage, user)
    except SpawnException:
        return None
    return room and describe(room)


def describe(room: os.statvfs_result) -> Usage:
    """Returns the sentence for a home; the kernel's NFS server reports its limits as the size of a disk."""
    total, used = room.f_blocks * room.f_frsize, (room.f_blocks - room.f_bavail) * room.f_frsize
    files, files_used = room.f_files, room.f_files - room.f_favail
    text = f"Your home: {_sizes(used, total)}"
    if files_used > 0.9 * files:
        text += f", {files_used:,} of {files:,} files"
    return Usage(text, used > 0.9 * total or files_used > 0.9 * files)


def _read_limits(storage: Path, user: str) -> os.statvfs_result | None:
    home = find_home(storage, user)
    folder = storage / "homes" / home
    try:
        return None if is_pending(storage, home) else os.statvfs(folder)
    except FileNotFoundError:
        return None


def _sizes(used: int, total: int) -> str:
    name, size = ("GB", 1 << 30) if total >= 1 << 30 else ("MB", 1 << 20)
    return f"{used / size:.1f}".removesuffix(".0") + f" of {total / size:.1f}".removesuffix(".0") + f" {name}"
