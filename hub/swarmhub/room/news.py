"""What open JupyterLabs ask of the page's service every ten seconds; the hub is asked once for all of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable

_FRESH = 3  # seconds
_NOTHING = {"announcement": None, "help": [], "notices": {}}


class News:
    """The newest answer of the hub to /room/news; `ask` is Hub.ask."""

    def __init__(self, ask: Callable[[str], Awaitable[object]]) -> None:
        """Asks nothing yet."""
        self._ask, self._known, self._at = ask, _NOTHING, -_FRESH
        self._asking: asyncio.Future | None = None

    async def get(self) -> dict:
        """Returns what is known; the former answer while the hub does not respond."""
        if time.monotonic() - self._at >= _FRESH:
            self._asking = self._asking or asyncio.ensure_future(self._look())
            # Shared: whoever leaves must not cancel it for the others.
            await asyncio.shield(self._asking)
        return self._known

    def forget(self) -> None:
        """Makes the next `get` ask, because something has changed."""
        self._at = -_FRESH

    async def _look(self) -> None:
        try:
            self._known = await self._ask("/room/news")
        except OSError:
            pass
        finally:
            self._at, self._asking = time.monotonic(), None
