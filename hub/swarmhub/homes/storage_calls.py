"""Asking the storage: in threads of its own, for a time, and with words for whatever it answers."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..refusal import STORAGE_SILENT, explain_storage, refuse

Answer = TypeVar("Answer")

# A hard NFS mount blocks a thread for as long as the storage is away. Threads of our own, so that such threads never use up
# the event loop's, where the hub also resolves host names.
_threads = ThreadPoolExecutor(16, thread_name_prefix="storage")


async def call_storage(seconds: float, function: Callable[..., Answer], *arguments: object) -> Answer:
    """Answers what the function does; raises SpawnException with a sentence when it fails or takes longer than `seconds`."""
    work = asyncio.get_running_loop().run_in_executor(_threads, function, *arguments)
    done, _ = await asyncio.wait([work], timeout=seconds)
    if not done:
        work.cancel()
        raise refuse(STORAGE_SILENT, f"{function.__name__}: no answer in {seconds:.1f} s")
    try:
        return work.result()
    except OSError as error:
        raise refuse(explain_storage(error), f"{function.__name__}: {error}") from error
