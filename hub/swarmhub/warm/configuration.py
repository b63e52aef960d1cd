"""Adds warm starts to the hub."""

import asyncio

from ..login.access import Access
from ..room.actions import Hub
from ..services.operator_api import operator_token
from ..settings import Paths, Settings
from ..spawning.spawner import SwarmHubSpawner
from .handlers import handlers
from .keeper import Keeper
from .users import Users


def configure_warm(c, settings: Settings, paths: Paths, hub_api: str, access: Access) -> None:
    """Configures the API, and begins to watch the clock once the hub answers."""
    spawner = SwarmHubSpawner
    hub = Hub(hub_api, operator_token(paths))
    keeper = Keeper(settings, access, paths.data / "warm.json", hub, spawner.warm, spawner.seat_queue, Users())
    spawner.warm.report = keeper.report
    c.JupyterHub.extra_handlers.extend(handlers(keeper))

    async def watch() -> None:
        while True:
            try:
                await hub.ask("/")
                return await keeper.watch()
            except OSError:
                await asyncio.sleep(1)

    # Other programs than the hub, such as `jupyterhub token`, read the settings without an event loop that runs.
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: setattr(keeper, "task", loop.create_task(watch())))
