"""Waiting for a condition inside an event loop."""

import asyncio
import time


async def wait_for(condition, deadline=15):
    """Fails after the deadline, in seconds."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        await asyncio.sleep(0.01)
