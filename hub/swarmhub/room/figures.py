"""The figures of a machine and its containers in its report (contracts/machine-report.ts), which may be anything."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ..machines import Report, count, objects, parse, text

_MOST_CORES = 4096


@dataclass(frozen=True)
class Container:
    """A container: memory in bytes without the page cache (limit None: none), CPU in microseconds since its start."""

    memory: int
    limit: int | None
    processes: int
    cpu: int


@dataclass(frozen=True)
class Space:
    """A file system with Docker's data, in bytes."""

    path: str
    size: int
    free: int

    @property
    def used_share(self) -> float:
        return 1 - self.free / self.size if self.size else 0.0


@dataclass(frozen=True)
class Figures:
    """The figures of one machine: uptime in seconds, memory in bytes, CPU in microseconds since its start."""

    uptime: float
    memory: int
    available: int
    cores: int
    busy: int
    load: float
    spaces: tuple[Space, ...]
    containers: Mapping[str, Container]
    report: Report

    @property
    def used(self) -> int:
        return max(0, self.memory - self.available)

    @property
    def fullest(self) -> Space | None:
        return max(self.spaces, key=lambda space: space.used_share, default=None)


def parse_figures(line: bytes) -> Figures:
    """Returns the figures in a line; raises ValueError or RecursionError if it is no report."""
    report = parse(line)
    found = json.loads(line)
    memory, cpu = _object(found, "memory"), _object(found, "cpu")
    return Figures(
        uptime=_number(found.get("uptime")),
        memory=count(memory.get("bytes")),
        available=count(memory.get("availableBytes")),
        cores=min(_MOST_CORES, count(cpu.get("cores"))),
        busy=count(cpu.get("busyMicroseconds")),
        load=_number(found.get("load")),
        spaces=tuple(
            Space(text(each.get("path"), r"/[\w./-]{0,200}"), count(each.get("bytes")), count(each.get("freeBytes")))
            for each in objects(found, "disks", 3)
        ),
        containers={text(each.get("id"), "[0-9a-f]{64}"): _container(each) for each in objects(found, "containers", 200)},
        report=report,
    )


def cores_between(before: Figures | None, now: Figures, container: str | None = None) -> float | None:
    """Returns how many cores were busy between two reports, of the machine or of a container; None without an earlier report."""
    if before is None or now.uptime <= before.uptime:
        return None
    if container is None:
        used = now.busy - before.busy
    elif container in before.containers and container in now.containers:
        used = now.containers[container].cpu - before.containers[container].cpu
    else:
        return None
    return min(float(now.cores), max(0.0, used / 1e6 / (now.uptime - before.uptime)))


def _container(found: dict) -> Container:
    limit = found.get("memoryLimit")
    amounts = (count(found.get(key)) for key in ("processes", "cpuMicroseconds"))
    return Container(count(found.get("memory")), None if limit is None else count(limit), *amounts)


def _object(found: dict, key: str) -> dict:
    value = found.get(key)
    if not isinstance(value, dict):
        raise ValueError(f"{key}: not an object")
    return value


def _number(value: object) -> float:
    # Python reads NaN and Infinity too, which are no JSON and in no range.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise ValueError("not a number")
    return float(value)
