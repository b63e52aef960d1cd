"""Calls the storage in separate threads, with a timeout, and with a message for the user for each error."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..refusal import STORAGE_SILENT, explain_storage, refuse

Result = TypeVar("Result")

# A hard NFS mount blocks a thread while the storage is unavailable. With separate threads, blocked threads never use up those
# of the event loop, in which the hub also resolves host names.
_threads = ThreadPoolExecutor(16, thread_name_prefix="storage")


async def call_storage(seconds: float, function: Callable[..., Result], *arguments: object) -> Result:
    """Returns the function's result; raises SpawnException with a message if it fails or takes longer than `seconds`."""
    work = asyncio.get_running_loop().run_in_executor(_threads, function, *arguments)
    done, _ = await asyncio.wait([work], timeout=seconds)
    if not done:
        work.cancel()
        raise refuse(STORAGE_SILENT, f"{function.__name__}: no response in {seconds:.1f} s")
    try:
        return work.result()
    except OSError as error:
        raise refuse(explain_storage(error), f"{function.__name__}: {error}") from error
