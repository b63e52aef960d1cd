"""At the start of a server: puts everything into the home that was handed out while its owner was away."""

import asyncio
import errno
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from .handing_out import NoRoom, hand_out
from .handouts import Store
from .locked_home import Busy, lock_home

NO_ROOM = "New files for this class do not fit into your home folder. They will be copied at your next start once there is enough space."
NOT_COPIED = "New files for this class could not be copied into your home folder. They will be copied at your next start."
_FULL = (errno.ENOSPC, errno.EDQUOT)

# Separate from the threads for first files: those may be busy for minutes with the copies of a whole class.
_threads = ThreadPoolExecutor(8, thread_name_prefix="handouts")


async def catch_up(storage: Path, locks: Path, slug: str, groups: Collection[str] = (), deadline: float = 30) -> tuple[str, str] | None:
    """Puts into a home what it lacks, within `deadline` seconds; `groups` are those in which its owner is now.

    A failure does not prevent the start: returns the message for the user and the detail for the log, or None.
    """
    stop = Event()
    work = asyncio.get_running_loop().run_in_executor(_threads, catch_up_now, storage, locks, slug, stop, groups)
    try:
        await asyncio.wait_for(work, deadline)
    except NoRoom as error:
        return NO_ROOM, str(error)
    # TimeoutError is a subclass of OSError. ValueError: a note is damaged.
    except (OSError, ValueError, Busy) as error:
        return (NO_ROOM if isinstance(error, OSError) and error.errno in _FULL else NOT_COPIED), f"{type(error).__name__}: {error}"
    finally:
        stop.set()
    return None


def catch_up_now(storage: Path, locks: Path, slug: str, stop: Event, groups: Collection[str] = ()) -> None:
    """Puts the newest version of each name that is for this home, if the home has not got it completely.

    Raises NoRoom, Busy, OSError and ValueError of the first name that failed, after all others.
    """
    store, failure = Store(storage / "handouts"), None
    for name in store.names():
        try:
            history = store.versions(name)
            version = next((each for each in history if each.is_for(slug, groups)), None)
            if version is None or stop.is_set() or store.record(slug, name).number >= version.number:
                continue
            with lock_home(storage, locks, slug) as home:
                hand_out(home, store, version, history)
        except (NoRoom, Busy, OSError, ValueError) as error:
            failure = failure or error
    if failure:
        raise failure
