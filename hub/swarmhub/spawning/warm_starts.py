"""The servers that were started before their users came."""

from collections.abc import Callable
from dataclasses import dataclass

from .seat_queue import QueueEntry

_LAST = 1e12  # a start of a person always began earlier


@dataclass
class WarmServer:
    """A server for which nobody has come yet. Times in seconds since 1970; `rank` is its position in the warm start.

    The server should be ready at `at`, and was at `ready_at` (None: it still starts).
    """

    at: float
    rank: int
    entry: QueueEntry | None = None
    ready_at: float | None = None


class WarmStarts:
    """The warm servers of one hub by user; whoever comes is no longer among them."""

    def __init__(self) -> None:
        """Nobody."""
        self.servers: dict[str, WarmServer] = {}
        self.report: Callable[[float], dict] = lambda _now: {"starts": []}  # of warm/keeper.py, for the page of the room

    def begin(self, user: str, entry: QueueEntry) -> None:
        """Makes a start a warm one if it was announced; a second start of the same user is the user's own."""
        server = self.servers.get(user)
        if server is None:
            return
        if server.entry or server.ready_at:
            del self.servers[user]
            return
        server.entry = entry
        entry.is_warm, entry.started = True, _LAST + server.rank

    def claim(self, user: str) -> None:
        """Makes a warm start the user's own, because the user has come and waits."""
        server = self.servers.pop(user, None)
        if server and server.entry:
            server.entry.claim()

    def is_unvisited(self, user: str) -> bool:
        """Returns whether the server of a user runs or starts, and the user has not come."""
        return user in self.servers
