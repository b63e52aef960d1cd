"""Adds the room to the hub: its state to the API, and its page as a service that the hub starts."""

import asyncio
import os
import sys
from urllib.parse import urlsplit

from jupyterhub.app import JupyterHub

from ..login.access import Access
from ..login.roles import ROOM
from ..private_file import secret_at
from ..settings import Paths, Settings
from ..spawning.spawner import SwarmHubSpawner
from .announcement import FILE, Announcements
from .curves import Curves
from .doors import door_handlers
from .file_handlers import file_handlers
from .group_members import group_handlers
from .handlers import SERVICE, handlers
from .help_calls import HelpCalls
from .people import people_of
from .room import Room

_ADDRESS = "http://hub:8082"


def configure_room(c, settings: Settings, paths: Paths, hub_api: str, access: Access) -> Room:
    """Configures the page, and begins to look at the machines. For tests, SWARMHUB_ROOM_URL sets another address of the service."""
    storage = paths.storage if settings.storage else None
    curves = Curves(paths.data / "room.json", SwarmHubSpawner.starts)
    room = Room(settings, paths.reports, storage, curves, lambda: people_of(JupyterHub.instance(), access.roster))
    room.announcements, room.help_calls = Announcements(paths.data / FILE), HelpCalls(paths.data / "help.json")
    room.find_closed = access.closing.current
    room.find_notices = SwarmHubSpawner.notices.shown
    SwarmHubSpawner.forget_help = staticmethod(room.help_calls.forget)
    room.find_warm = lambda now: SwarmHubSpawner.warm.report(now)
    c.JupyterHub.extra_handlers.extend(handlers(room, storage, paths.data / "failed-starts"))
    c.JupyterHub.extra_handlers.extend([*door_handlers(room, access), *group_handlers(access), *file_handlers(room, storage)])
    # Other programs than the hub, such as `jupyterhub token`, read the settings without an event loop that runs.
    asyncio.get_running_loop().call_soon(room.watch)
    address = os.environ.get("SWARMHUB_ROOM_URL", _ADDRESS)
    service = {
        "name": SERVICE,
        "url": address,
        "command": [sys.executable, "-m", "swarmhub.room.service", str(urlsplit(address).port), hub_api, settings.name],
        # With another secret for its cookies, each open page would have to log in again after a restart.
        "environment": {
            "ROOM_COOKIE_SECRET": secret_at(paths.data / "room-cookie-secret"),
            "ROOM_METRICS_TOKEN": secret_at(paths.data / "room-metrics-token"),
        },
        "oauth_no_confirm": True,
        "cwd": "/",
    }
    if "SWARMHUB_ROOT" not in os.environ:
        # It has neither the Docker socket nor the secrets of the hub, and asks the hub for everything.
        service["user"] = "nobody"
    c.JupyterHub.services.append(service)
    _start_without_waiting()
    c.JupyterHub.load_roles.append({"name": SERVICE, "scopes": ["servers", ROOM], "services": [SERVICE]})
    return room


def _start_without_waiting() -> None:
    """Lets the hub start without the page: upstream exits if a service that it has started does not answer (jupyterhub/app.py, start)."""
    start_service = JupyterHub.start_service

    async def start(self, service_name: str, service, ssl_context=None) -> bool:
        starting = start_service(self, service_name, service, ssl_context)
        if service_name != SERVICE:
            return await starting
        self.room_starts = asyncio.ensure_future(starting)
        return True

    JupyterHub.start_service = start
