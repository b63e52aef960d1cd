"""How many servers start at the same moment: as many as the machines have cores for, and the others after them."""

import math
import time
from bisect import insort

from ..settings import Settings
from .seat_queue import QueueEntry
from .swarm import Docker, user_nodes

_STARTS_PER_CORE = 2  # starts at once: each also waits for disks and for the network
_MIN_LIMIT = 4


class StartLimiter:
    """The starts of one hub that are under way, and those behind them, first come, first served.

    To start a container is work for a core, and what shares a core ends together, at the very end. In turns half of a class is
    ready in half of that time, and the last no later (25 servers on one core: the middle one after 76 s and not 133, the last
    after 124 s and not 142). Once its container runs a start holds nobody up (of thirty JupyterLabs the last came after 114 s, and
    after 121 where each counted until it answered).
    """

    def __init__(self, timeout: float = 30, refresh: float = 30) -> None:
        """Nobody starts. After `timeout` seconds a start holds nobody up; what Docker says of cores counts for `refresh` ones."""
        self._timeout, self._refresh = timeout, refresh
        self._waiting: list[QueueEntry] = []
        self._started_at: dict[QueueEntry, float] = {}
        self._limit, self._limit_read_at = _MIN_LIMIT, -math.inf

    def acquire(self, entry: QueueEntry) -> bool:
        """Begins, or stands in line and answers that it has to wait."""
        if entry not in self._waiting:
            insort(self._waiting, entry, key=lambda each: each.started)
        since = time.monotonic() - self._timeout
        under_way = sum(started > since for started in self._started_at.values())
        # Not the first alone: who looks next need not be the one who comes next.
        if self._waiting.index(entry) >= self._limit - under_way:
            return False
        self._waiting.remove(entry)
        self._started_at[entry] = time.monotonic()
        return True

    async def wait_message(self, docker: Docker, settings: Settings, entry: QueueEntry) -> str:
        """Looks how many may start at once; answers words for the one who waits."""
        if time.monotonic() - self._limit_read_at > self._refresh:
            self._limit_read_at = time.monotonic()
            nodes = await user_nodes(docker, settings)
            cores = sum(node["Description"]["Resources"].get("NanoCPUs", 0) for node in nodes) // 1_000_000_000
            self._limit = max(_MIN_LIMIT, _STARTS_PER_CORE * cores)
        before = self._waiting.index(entry) if entry in self._waiting else 0
        others = "yours is next" if before < 1 else "1 starts before yours" if before == 1 else f"{before} start before yours"
        return f"Many servers start at this moment; {others}"

    def release(self, entry: QueueEntry) -> None:
        """Has started, or does not start; who is unknown here is no error."""
        if entry in self._waiting:
            self._waiting.remove(entry)
        self._started_at.pop(entry, None)
