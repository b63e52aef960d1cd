"""Waits for a condition in an event loop."""

import asyncio
import time


async def wait_for(condition, deadline=15):
    """Waits until the condition is true; fails after `deadline` seconds."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, "the condition did not become true in time"
        await asyncio.sleep(0.01)
