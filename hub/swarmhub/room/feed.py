"""Asks the hub for the state of the room, for all pages at once and only while one is open."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

_EVERY, _CURVES_EVERY = 4, 60  # seconds
_ALIVE_EVERY = 15  # seconds without news, after which the page hears that the stream is alive; page/room.js waits for it
# A stream ends after so long, so that its browser opens another one and its rights are looked at again.
_LONGEST = 600
_ALIVE = {"alive": "{}"}
SILENT = {"problem": "The hub does not answer. This page tries again by itself."}


class Feed:
    """The newest state, curves and end of the certificate as server-sent events.

    `ask` returns the JSON at a path of the hub's API, and raises OSError.
    """

    def __init__(self, ask: Callable[[str], Awaitable[object]], find_certificate_end: Callable[[], Awaitable[float | None]]) -> None:
        """Asks nothing before somebody reads `events`."""
        self._ask, self._find_certificate_end = ask, find_certificate_end
        self._events: dict[str, str] = {}
        self._state: object = None
        self._curves_at = 0.0
        self._changed = asyncio.Condition()
        self._poll_now = asyncio.Event()
        self._polling: asyncio.Task | None = None
        self.readers = 0

    async def events(self) -> AsyncIterator[str]:
        """Yields what has changed since the last time, whole states, as text for the stream; the first time all that is known."""
        end = time.monotonic() + _LONGEST
        sent: dict[str, str] = {}
        self.readers += 1
        self.poll_soon()
        if self._polling is None:
            self._polling = asyncio.ensure_future(self._poll())
        try:
            yield "retry: 2000\n\n"
            while time.monotonic() < end:
                await self._wait_for_news(sent)
                new = {name: text for name, text in self._events.items() if sent.get(name) != text}
                sent |= new
                yield "".join(f"event: {name}\ndata: {text}\n\n" for name, text in (new or _ALIVE).items())
        finally:
            self.readers -= 1

    def poll_soon(self) -> None:
        """Asks the hub at once, because somebody has done something."""
        self._poll_now.set()

    async def _wait_for_news(self, sent: dict[str, str]) -> None:
        try:
            async with asyncio.timeout(_ALIVE_EVERY), self._changed:
                await self._changed.wait_for(lambda: any(sent.get(name) != text for name, text in self._events.items()))
        except TimeoutError:
            pass

    async def _poll(self) -> None:
        while self.readers:
            self._poll_now.clear()
            await self._look()
            async with self._changed:
                self._changed.notify_all()
            try:
                async with asyncio.timeout(_EVERY):
                    await self._poll_now.wait()
            except TimeoutError:
                pass
        self._polling, self._events, self._state, self._curves_at = None, {}, None, 0.0

    async def _look(self) -> None:
        try:
            state = await self._ask("/room")
            if time.monotonic() - self._curves_at > _CURVES_EVERY:
                self._events["curves"] = _text(await self._ask("/room/curves"))
                self._events["certificate"] = _text({"end": await self._find_certificate_end()})
                self._curves_at = time.monotonic()
        except OSError:
            self._state, self._events["room"] = None, _text(SILENT)
            return
        # The clock of the hub changes always, and is no news.
        if self._state is None or {**state, "now": 0} != {**self._state, "now": 0}:
            self._state, self._events["room"] = state, _text(state)


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
