"""The hub's side of the operator's commands: lists servers and whether they are busy, stops and starts a server, closes the class.

`python3 -m swarmhub.services.operator_api look|stop|start|close|reopen` runs in the hub's container, with its arguments as JSON on
stdin and the result as JSON on stdout.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import docker

from ..bounded_request import KIB, request_now
from ..labels import USER
from ..private_file import secret_at
from ..settings import Paths, SettingsError, read_settings
from ..spawning.activity import kernels_of
from ..spawning.swarm import token_in, user_in
from .close_class import close_class, reopen_class
from .hub_api import HubApi
from .room_state import room_state


@dataclass(frozen=True)
class Hub:
    """The connection to the hub: its API and the operator's token, Docker, and how the services and addresses of users' servers begin.

    `deadline` is in seconds.
    """

    api: str
    token: str
    docker: docker.APIClient
    service_prefix: str
    server: str = "http://{service}:8888"
    deadline: float = 60

    def request(self, method: str, url: str) -> tuple[int, object]:
        """Returns the status and the JSON of the response, None without JSON; also for an error status. Raises OSError."""
        response = request_now(url, 30, 256 * KIB, method=method, headers={"Authorization": f"token {self.token}"})
        return response.status, response.json()


def operator_token(paths: Paths) -> str:
    """Returns the operator's token, which is created once and stored beside the hub's database, readable only by root."""
    return secret_at(paths.data / "operator-token")


def list_servers(hub: Hub, homes: set[str]) -> list[dict]:
    """Returns the servers of these homes: user, idle time in seconds, and whether a kernel is busy (None: unknown)."""
    now = datetime.now(UTC)
    services = {
        user_in(each): each for each in hub.docker.services(filters={"label": USER}) if each["Spec"]["Name"].startswith(hub.service_prefix)
    }
    found = [(user, server, services[user]) for user, server in _servers(hub) if user in services and _home_of(services[user]) in homes]
    busy = asyncio.run(_which_are_busy(hub, found))
    return [
        {
            "user": user,
            "home": _home_of(service),
            "ready": bool(server.get("ready")),
            "idle": (now - _parse_time(server.get("last_activity") or server.get("started"), now)).total_seconds(),
            "busy": is_busy,
        }
        for (user, server, service), is_busy in zip(found, busy, strict=True)
    ]


def stop(hub: Hub, user: str) -> dict:
    """Stops a server as its user would, and waits until it is gone."""
    status, response = hub.request("DELETE", f"{_path(hub, user)}/server")
    return _wait(hub, user, lambda server: server is None, f"the hub responded with status {status}: {_message(response)}")


def start(hub: Hub, user: str) -> dict:
    """Starts a server, and waits until it is ready or has failed; {"ok": False} if it is still starting after the deadline."""
    status, response = hub.request("POST", f"{_path(hub, user)}/server")
    if status >= 400:
        return {"ok": False, "why": _message(response) or f"the hub responded with status {status}"}
    result = _wait(hub, user, lambda server: server is None or server.get("ready"), "it is still starting")
    if result["ok"] and _server(hub, user) is None:
        return {"ok": False, "why": _why_failed(hub, user) or "it did not start; the reason is in the hub's log"}
    return result


def _why_failed(hub: Hub, user: str) -> str | None:
    """Returns the sentence that the user reads."""
    try:
        people = room_state(hub.api, hub.token)["people"]
        return next((each.get("say") for each in people if each["name"] == user and each["state"] == "failed"), None)
    except (OSError, LookupError, TypeError):
        return None


def _wait(hub: Hub, user: str, is_done, default: str) -> dict:
    end = time.monotonic() + hub.deadline
    while not is_done(_server(hub, user)):
        if time.monotonic() > end:
            return {"ok": False, "why": default}
        time.sleep(0.5)
    return {"ok": True}


def _server(hub: Hub, user: str) -> dict | None:
    status, model = hub.request("GET", _path(hub, user))
    return model.get("servers", {}).get("") if status == 200 and isinstance(model, dict) else None


def _servers(hub: Hub) -> Iterator[tuple[str, dict]]:
    for model in HubApi(hub.api, hub.token).active():
        if server := model.get("servers", {}).get(""):
            yield model["name"], server


def _home_of(service: dict) -> str:
    return service["Spec"]["Labels"][USER]


async def _which_are_busy(hub: Hub, servers: list[tuple[str, dict, dict]]) -> list[bool | None]:
    # All at the same time, so that together they take no longer than the slowest one.
    return await asyncio.gather(*(_is_busy(hub, server, service) for _, server, service in servers))


async def _is_busy(hub: Hub, server: dict, service: dict) -> bool | None:
    token = token_in(service)
    kernels = token and await kernels_of(f"{hub.server.format(service=service['Spec']['Name'])}{server['url']}", token)
    if not isinstance(kernels, list):
        return None
    return any(not isinstance(kernel, dict) or kernel.get("execution_state") != "idle" for kernel in kernels)


def _path(hub: Hub, user: str) -> str:
    return f"{hub.api}/users/{quote(user, safe='')}"


def _parse_time(text: str | None, default: datetime) -> datetime:
    return datetime.fromisoformat(text) if text else default


def _message(response: object) -> str:
    return str(response.get("message", "")) if isinstance(response, dict) else ""


def main() -> None:
    """Runs the subcommand in sys.argv."""
    paths = Paths(Path(os.environ.get("SWARMHUB_ROOT", "/")))
    arguments = json.load(sys.stdin)
    api = f"http://127.0.0.1:{os.environ.get('SWARMHUB_PORT', '8081')}/hub/api"
    try:
        settings, token = read_settings(paths.settings), operator_token(paths)
        if sys.argv[1] == "close":
            result = close_class(paths, settings, HubApi(api, token), arguments)
        elif sys.argv[1] == "reopen":
            result = reopen_class(paths)
        else:
            hub = Hub(api, token, docker.from_env().api, settings.user_service_prefix)
            if sys.argv[1] == "look":
                result = list_servers(hub, set(arguments["homes"]))
            else:
                result = {"stop": stop, "start": start}[sys.argv[1]](hub, arguments["user"])
    except SettingsError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"cannot reach the hub: {error}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
