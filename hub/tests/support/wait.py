"""Waits for a condition, on machines that pause: however long a pause is, it counts as a quarter of a second of the limit."""

import asyncio
import time
from collections.abc import Callable, Iterator

_LONGEST = 0.25


async def wait_for(condition: Callable[[], object], deadline: float = 15, state: Callable[[], object] = str) -> None:
    """Waits in an event loop until the condition is true; fails with `state` after `deadline` seconds."""
    for _ in _looks(deadline, state):
        if condition():
            return
        await asyncio.sleep(0.01)


def wait_in_thread_for(condition: Callable[[], object], deadline: float = 60, state: Callable[[], object] = str) -> None:
    """Waits until the condition is true, and holds the thread; fails with `state` after `deadline` seconds."""
    for _ in _looks(deadline, state):
        if condition():
            return
        time.sleep(0.05)


def _looks(deadline: float, state: Callable[[], object]) -> Iterator[None]:
    left, before = deadline, time.monotonic()
    while left > 0:
        yield
        now = time.monotonic()
        left -= min(now - before, _LONGEST)
        before = now
    raise AssertionError(f"the condition did not become true in time {state()}".rstrip())
