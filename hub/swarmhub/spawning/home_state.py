"""Looks at a user's home before a start: how its server starts, and what the user reads about it."""

import os
from pathlib import Path

from jupyterhub.spawner import SpawnException

from ..homes.removed_files import free_removed_files
from ..homes.repairs import find_repairs
from ..homes.stock_folders import make_stock_folders
from ..homes.storage_calls import call_storage
from ..homes.usage import describe
from .chosen_start import ChosenStart
from .environment import Mode

# What a start of Jupyter and two kernels writes, with room to spare.
_FEW_BYTES, _FEW_FILES = 10 << 20, 50
_AGAIN = "Then stop your server (File > Hub Control Panel > Stop My Server) and start it again."


async def look_at_home(storage: Path, spawner: ChosenStart) -> None:
    """Sets the size of the home, whether it is full, and the notice of the start; raises SpawnException if the storage does not answer."""
    home, at = spawner.escaped_name, spawner.chosen.servers.look(spawner.chosen.image).home
    room = await _room(storage, home, spawner)
    spawner.home_size, spawner.home_is_full = room.f_blocks * room.f_frsize, is_full(room)
    if not spawner.home_is_full:
        try:
            await call_storage(8, make_stock_folders, storage, home)
        except SpawnException as error:  # it only matters once the home is full
            spawner.log.warning("%s: %s", spawner.service_name, error.log_message)
    if spawner.mode is Mode.SAFE:
        repairs = await call_storage(8, find_repairs, storage, home, at)
        spawner.mode_notice = safe_notice(at, repairs, room if spawner.home_is_full else None)
    else:
        spawner.mode_notice = f"{_full_line(room)} {_AGAIN}" if spawner.home_is_full else None


async def _room(storage: Path, home: str, spawner: ChosenStart) -> os.statvfs_result:
    """Returns the room in a home, in a full one after its deleted files are gone."""
    room = await call_storage(8, os.statvfs, storage / "homes" / home)
    if not is_full(room):
        return room
    try:
        freed = await call_storage(8, free_removed_files, storage, home)
    except SpawnException as error:
        spawner.log.warning("%s: %s", spawner.service_name, error.log_message)
        return room
    return await call_storage(8, os.statvfs, storage / "homes" / home) if freed else room


def is_full(room: os.statvfs_result) -> bool:
    """Returns whether a home has too little room for a server to write into it: 10 MB (or half of a small home) or 50 files."""
    few = min(_FEW_BYTES, room.f_blocks * room.f_frsize // 2)
    return room.f_bavail * room.f_frsize < few or room.f_favail < _FEW_FILES


def safe_notice(at: str, repairs: list[str], full: os.statvfs_result | None = None) -> str:
    """Returns what the user of a safe start reads; `at` is the home in the server."""
    lines = [f"This is a safe start: your own packages and settings are not used. Your files are in {at}.", *repairs]
    if full:
        lines.append(_full_line(full))
    if len(lines) == 1:
        lines.append("Nothing was found in your home folder that prevents a usual start.")
    return "\n".join([*lines, _AGAIN])


def _full_line(room: os.statvfs_result) -> str:
    return (
        f"Your home folder is full ({describe(room).text.removeprefix('Your home: ')}). "
        "You can open and delete files, but new work cannot be saved. Delete files that you do not need."
    )
