"""Names of services, as they are now."""

import asyncio

from aiohttp.resolver import ThreadedResolver


class FreshResolver(ThreadedResolver):
    """Asks the system each time.

    JupyterHub's HTTP client would ask c-ares, which keeps an answer for the 600 s that Docker's DNS gives it. A server that
    was stopped and started again has another address, and the hub waited for it at the old one until it gave up.
    """

    def __init__(self) -> None:
        """Holds no event loop: traitlets copies what stands in a settings file, and a loop cannot be copied."""

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()
