"""Stops servers that nobody uses, with the service of jupyterhub-idle-culler, which starts again when its timeout changes."""

import asyncio
import sys

from jupyterhub.app import JupyterHub
from traitlets.config import Config

from ..live_settings import LiveSettings
from ..settings import Settings

_NAME = "idle-culler"
_SCOPES = ["list:users", "read:users:activity", "read:servers", "delete:servers"]


def configure_culler(c: Config, settings: LiveSettings, hub_api: str) -> None:
    """Adds the service; without a timeout it has no command, and JupyterHub does not start it."""
    c.JupyterHub.services.append({"name": _NAME, "command": _command(settings.now, hub_api)})
    c.JupyterHub.load_roles.append({"name": _NAME, "scopes": _SCOPES, "services": [_NAME]})
    restarts = asyncio.Lock()

    async def restart(found: Settings) -> None:
        async with restarts:
            service, command = JupyterHub.instance()._service_map[_NAME], _command(found, hub_api)
            if service.command == command:
                return
            if service.managed:
                await service.stop()
            service.command = command
            if service.managed:
                # JupyterHub makes one at its start only for a service with a command.
                service.api_token = service.api_token or service.orm.new_api_token(note="generated when it started")
                await service.start()

    settings.follow(lambda found: _run(restart(found)))


def _command(settings: Settings, hub_api: str) -> list[str]:
    timeout = settings.idle_timeout_seconds
    if not timeout:
        return []
    every = min(timeout // 2, 300)
    return [sys.executable, "-m", "jupyterhub_idle_culler", f"--url={hub_api}", f"--timeout={timeout}", f"--cull-every={every}"]


_running: set[asyncio.Task] = set()


def _run(work) -> None:
    # An event loop keeps only weak references to its tasks.
    task = asyncio.ensure_future(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
