"""Reports of machines, and people, for tests of the room."""

import json
import os
import time

GB, MB = 1 << 30, 1 << 20


def container(name: str = "a", memory: int = 600 * MB, cpu: int = 0, ended: int = 0, **more: object) -> dict:
    """A container whose id is a hash or 64 times the letter."""
    amounts = {"memory": memory, "memoryLimit": GB, "oomKills": ended, "processes": 9, "cpuMicroseconds": cpu}
    return {"id": name if len(name) == 64 else name * 64, **amounts, "periods": 1, "throttledPeriods": 0} | more


def report(**changes: object) -> dict:
    """A machine's report (contracts/machine-report.ts)."""
    disk = {"path": "/var/lib/docker", "bytes": 20 * GB, "freeBytes": 9 * GB, "files": 1_000_000, "freeFiles": 900_000}
    return {
        "uptime": 100.5,
        "disks": [disk],
        "memory": {"bytes": 8 * GB, "availableBytes": 5 * GB},
        "cpu": {"cores": 4, "busyMicroseconds": 1_000_000},
        "load": 0.5,
        "containers": [],
        "largestLayers": [],
    } | changes


def write_report(folder, address: str, age: float = 0, **changes: object) -> None:
    """Writes the newest report of a machine."""
    path = folder / f"{address}.json"
    path.write_text(json.dumps(report(**changes)))
    os.utime(path, (time.time() - age,) * 2)
