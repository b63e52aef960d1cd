"""What the machines report about themselves, and which of them are nearly full.

The manager keeps the newest report of each machine as the file ADDRESS.json (contracts/machine-report.ts, monitor/report.pl). A
user may have broken out to the machine that wrote it, so a report is checked like any other answer of a user.
"""

import ipaddress
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .refusal import MACHINES_FULL, refuse
from .settings import Settings
from .spawning.swarm import Docker, user_nodes

# A server needs some 100 MB and 1,000 files for its caches, and Docker and the system need room too (contracts/machine-report.ts).
MIN_FREE_BYTES, MIN_FREE_FILES = 1 << 30, 10_000
STALE_AFTER = 15  # seconds: three reports are missing
_MAX_BYTES = 65_536 + 1  # of a line and its end

Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class Disk:
    """A file system with Docker's data; `free` in bytes, `files` is 0 if their number is not limited."""

    path: str
    free: int
    files: int
    free_files: int

    @property
    def is_nearly_full(self) -> bool:
        return self.free < MIN_FREE_BYTES or (self.files > 0 and self.free_files < MIN_FREE_FILES)


@dataclass(frozen=True)
class Layer:
    """What a user has written outside the home: bytes, or files if the disk is short of those; both are None if nobody could count them."""

    user: str
    size: int | None
    files: int | None

    @property
    def amount(self) -> str:
        if self.size is not None:
            return f"{self.size >> 20:,} MB"
        return "too many files to count" if self.files is None else f"{self.files:,} files"


@dataclass(frozen=True)
class Ended:
    """A server that was ended because it wrote this much and the disk was full; `at` in seconds since 1970, by its machine's clock."""

    layer: Layer
    at: int


@dataclass(frozen=True)
class Report:
    """A machine's newest report."""

    disks: tuple[Disk, ...]
    largest_layers: tuple[Layer, ...]
    ended: Mapping[str, Ended]  # by the container's id, the newest first
    memory_kills: Mapping[str, int]  # how many processes the memory limit has ended, by the container's id


async def full_nodes(docker: Docker, settings: Settings, folder: Path | None) -> dict[str, str]:
    """Returns the nodes that get no new server because they are nearly full: a description for the log, by the node's id.

    Raises SpawnException if all nodes for users' servers are. A machine without a recent report counts as one with room.
    """
    full = {address: text for address, report in read_reports(folder).items() if (text := describe(report))}
    if not full:
        return {}
    nodes = {node["ID"]: node for node in await user_nodes(docker, settings)}
    found = {each: f"{name_of(node)}: {full[address_of(node)]}" for each, node in nodes.items() if address_of(node) in full}
    if nodes and len(found) == len(nodes):
        names = ", ".join(sorted(map(name_of, nodes.values())))
        raise refuse(MACHINES_FULL._replace(sentence=MACHINES_FULL.sentence.format(names=names)), "; ".join(found.values()))
    return found


def describe(report: Report) -> str | None:
    """Returns what is free on a machine that is nearly full and who wrote most; None for other machines."""
    disk = next((disk for disk in report.disks if disk.is_nearly_full), None)
    if disk is None:
        return None
    free = f"{disk.free >> 20:,} MB" if disk.free < MIN_FREE_BYTES else f"{disk.free_files:,} files"
    writers = ", ".join(f"{layer.user} {layer.amount}" for layer in report.largest_layers)
    return f"only {free} free in {disk.path}" + (f", written outside the homes: {writers}" if writers else "")


def read_reports(folder: Path | None, parse_line: Callable[[bytes], Parsed] | None = None) -> dict[str, Parsed]:
    """Returns the valid reports of the last seconds by the address of their machine, as `parse_line` (default: `parse`) reads them.

    Does not raise.
    """
    try:
        paths = list(folder.glob("*.json")) if folder else []
    except OSError:
        return {}
    return {path.stem: report for path in paths if (report := _read(path, parse_line or parse))}


def _read(path: Path, parse_line: Callable[[bytes], Parsed]) -> Parsed | None:
    try:
        # Neither a link nor a pipe may hold up the hub.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
            if not -STALE_AFTER < time.time() - os.fstat(file.fileno()).st_mtime < STALE_AFTER:
                return None
            line = file.read(_MAX_BYTES + 1)
        return parse_line(line) if len(line) <= _MAX_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None


def parse(line: bytes) -> Report:
    """Returns the report in a line; raises ValueError or RecursionError if it is none."""
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    disks, layers, containers = objects(found, "disks", 3), objects(found, "largestLayers", 3), objects(found, "containers", 200)
    kills = {text(each.get("id"), "[0-9a-f]{64}"): count(each.get("oomKills")) for each in containers}
    # A machine whose monitor is of before this key has none.
    ends = objects(found, "endedServers", 10) if "endedServers" in found else []
    ended = {text(each.get("container"), "[0-9a-f]{64}"): Ended(_layer(each), count(each.get("at"))) for each in ends}
    return Report(tuple(map(_disk, disks)), tuple(map(_layer, layers)), ended, kills)


def _disk(found: dict) -> Disk:
    free, files, free_files = (count(found.get(key)) for key in ("freeBytes", "files", "freeFiles"))
    return Disk(text(found.get("path"), r"/[\w./-]{0,200}"), free, files, free_files)


def _layer(found: dict) -> Layer:
    size, files = (None if found.get(key) is None else count(found[key]) for key in ("bytes", "files"))
    return Layer(text(found.get("user"), r"[a-z0-9-]{1,63}"), size, files)


def objects(found: dict, key: str, most: int) -> list[dict]:
    """Returns the first `most` objects of the list at `key`; raises ValueError if it is no list of objects."""
    items = found.get(key)
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        raise ValueError(f"{key}: not a list of objects")
    return items[:most]


def count(value: object) -> int:
    """Returns a whole number from 0 to 2⁶³; raises ValueError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise ValueError("not a number")
    return value


def text(value: object, pattern: str) -> str:
    """Returns a text that matches the pattern as a whole; raises ValueError for anything else."""
    if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
        raise ValueError("not a text of that kind")
    return value


def name_of(node: dict) -> str:
    """Returns the host name of a node, or its id."""
    # A machine chooses its own host name.
    name = node["Description"].get("Hostname") or ""
    return name if re.fullmatch(r"[A-Za-z0-9.-]{1,63}", name) else node["ID"]


def address_of(node: dict) -> str:
    """Returns the address of a node; that of a manager is beside its port, since its own view of itself may be 0.0.0.0."""
    manager = (node.get("ManagerStatus") or {}).get("Addr", "").rpartition(":")[0]
    try:
        return str(ipaddress.IPv4Address(manager or node["Status"].get("Addr", "")))
    except ValueError:
        return ""
