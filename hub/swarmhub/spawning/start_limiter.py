"""Limits how many servers start at the same time, by the CPU cores of the nodes; the other starts wait."""

import math
import time

from ..settings import Settings
from .seat_queue import QueueEntry
from .swarm import Docker, user_nodes

_STARTS_PER_CORE = 2  # more than one, because a start also waits for disks and for the network
_MIN_LIMIT = 4


class StartLimiter:
    """The current starts of one hub, and the waiting starts: first come, first served.

    Starting a container needs CPU, and all starts that share a core finish together, at the very end. With a limit, half of a
    class is ready in half of that time, and the last server is ready no later (25 servers on one core: the median was ready after
    76 s instead of 133 s, the last one after 124 s instead of 142 s). A start counts only until its container runs (with thirty
    JupyterLabs the last one was ready after 114 s, and after 121 s when each start counted until its server responded).
    """

    def __init__(self, timeout: float = 30, refresh: float = 30) -> None:
        """After `timeout` seconds a start no longer counts; the number of cores is read again after `refresh` seconds."""
        self._timeout, self._refresh = timeout, refresh
        self._waiting: list[QueueEntry] = []
        self._started_at: dict[QueueEntry, float] = {}
        self._limit, self._limit_read_at = _MIN_LIMIT, -math.inf

    def acquire(self, entry: QueueEntry) -> bool:
        """Lets the start begin and returns True, or adds it to the queue and returns False."""
        if entry not in self._waiting:
            self._waiting.append(entry)
        self._waiting.sort(key=lambda each: each.started)  # which changes when the user of a warm start comes
        since = time.monotonic() - self._timeout
        under_way = sum(started > since for started in self._started_at.values())
        # Not only the first entry may begin: the next start that calls this is not always the first in the queue.
        if self._waiting.index(entry) >= self._limit - under_way:
            return False
        self._waiting.remove(entry)
        self._started_at[entry] = time.monotonic()
        return True

    async def wait_message(self, docker: Docker, settings: Settings, entry: QueueEntry) -> str:
        """Updates the limit if it is old, and returns the message for a user whose start waits."""
        if time.monotonic() - self._limit_read_at > self._refresh:
            self._limit_read_at = time.monotonic()
            nodes = await user_nodes(docker, settings)
            cores = sum(node["Description"]["Resources"].get("NanoCPUs", 0) for node in nodes) // 1_000_000_000
            self._limit = max(_MIN_LIMIT, _STARTS_PER_CORE * cores)
        before = self._waiting.index(entry) if entry in self._waiting else 0
        servers = "1 server starts" if before == 1 else f"{before} servers start"
        return f"Many servers are starting now; {f'{servers} before yours' if before else 'yours is next'}"

    def release(self, entry: QueueEntry) -> None:
        """Frees the place of a start that is complete or has failed; does nothing for an unknown entry."""
        if entry in self._waiting:
            self._waiting.remove(entry)
        self._started_at.pop(entry, None)
