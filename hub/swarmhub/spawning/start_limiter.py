"""How many servers start at the same moment: as many as the machines have cores for, and the others after them."""

import math
import time

from ..settings import Settings
from .seat_queue import Line, Turn
from .swarm import Docker, user_machines

_A_CORE = 2  # starts at once: each also waits for disks and for the network
_FEWEST = 4


class Starts:
    """The starts of one hub that are under way, and those behind them, first come, first served.

    To start a container is work for a core, and what shares a core ends together, at the very end. In turns half of a class is
    ready in half of that time, and the last no later (25 servers on one core: the middle one after 76 s and not 133, the last
    after 124 s and not 142). Once its container runs a start holds nobody up (of thirty JupyterLabs the last came after 114 s, and
    after 121 where each counted until it answered).
    """

    def __init__(self, longest: float = 30, fresh: float = 30) -> None:
        """Nobody starts. After `longest` seconds a start holds nobody up; what Docker says of cores counts for `fresh` ones."""
        self._longest, self._fresh = longest, fresh
        self._waiting = Line()
        self._begun: dict[Turn, float] = {}
        self._most, self._asked = _FEWEST, -math.inf

    def enter(self, who: Turn) -> bool:
        """Begins, or stands in line and answers that it has to wait."""
        self._waiting.join(who)
        since = time.monotonic() - self._longest
        under_way = sum(begun > since for begun in self._begun.values())
        # Not the first alone: who looks next need not be the one who comes next.
        if self._waiting.place(who) > self._most - under_way:
            return False
        self._waiting.leave(who)
        self._begun[who] = time.monotonic()
        return True

    async def wait(self, docker: Docker, settings: Settings, who: Turn) -> str:
        """Looks how many may start at once; answers words for the one who waits."""
        if time.monotonic() - self._asked > self._fresh:
            self._asked = time.monotonic()
            machines = await user_machines(docker, settings)
            cores = sum(machine["Description"]["Resources"].get("NanoCPUs", 0) for machine in machines) // 1_000_000_000
            self._most = max(_FEWEST, _A_CORE * cores)
        before = self._waiting.place(who) - 1
        others = "yours is next" if before < 1 else "1 starts before yours" if before == 1 else f"{before} start before yours"
        return f"Many servers start at this moment; {others}"

    def leave(self, who: Turn) -> None:
        """Has started, or does not start; who is unknown here is no error."""
        self._waiting.leave(who)
        self._begun.pop(who, None)
