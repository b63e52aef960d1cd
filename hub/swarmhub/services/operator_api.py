"""What the operator's `swarmhub leave` asks of the hub, in the hub's container: whose servers are at work, stop one, start it again.

`python3 -m swarmhub.services.operator_api look|stop|start`, with its question as JSON on stdin and the answer as JSON on stdout.
"""

import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote

import docker
from docker.errors import DockerException

from ..settings import Paths
from ..slug import slug
from ..spawning.swarm import token_in
from .hub_api import HubApi

_MAX_BYTES = 2**20  # bytes of an answer


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        return None


_no_redirects = urllib.request.build_opener(_NoRedirect)


@dataclass(frozen=True)
class Hub:
    """How to talk to it: its API and the operator's token there; where a home's server is; Docker. `deadline` in seconds."""

    api: str
    token: str
    docker: docker.APIClient
    server: str = "http://nb-{home}:8888"
    deadline: float = 60

    def request(self, method: str, url: str, timeout: float = 30) -> tuple[int, object]:
        """Status and JSON of an answer, None where it has none; a refusal is an answer too."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(url, b"" if method == "POST" else None, headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
                return answer.status, _read(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _read(error.read())


def operator_token(paths: Paths) -> str:
    """The token that lets the operator in, made once and kept beside the hub's database, where only root comes."""
    path = paths.data / "operator-token"
    try:
        with open(path, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text(encoding="utf-8")


def list_servers(hub: Hub, homes: set[str]) -> list[dict]:
    """The servers of these homes: their users, for how many seconds nobody did anything, and if a kernel is at work (None: not known)."""
    now = datetime.now(UTC)
    found = [(user, server) for user, server in _servers(hub) if slug(user) in homes]
    with ThreadPoolExecutor(16) as threads:
        busy = threads.map(lambda each: _is_busy(hub, slug(each[0]), each[1]), found)
        return [
            {
                "user": user,
                "home": slug(user),
                "ready": bool(server.get("ready")),
                "idle": (now - _parse_time(server.get("last_activity") or server.get("started"), now)).total_seconds(),
                "busy": is_busy,
            }
            for (user, server), is_busy in zip(found, busy, strict=True)
        ]


def stop(hub: Hub, user: str) -> dict:
    """Stops a server as its user would, and waits until it is gone."""
    status, answer = hub.request("DELETE", f"{_path(hub, user)}/server")
    return _wait(hub, user, lambda server: server is None, f"the hub answers {status}: {_message(answer)}")


def start(hub: Hub, user: str) -> dict:
    """Starts a server, and waits until it is ready or has failed; one that still waits for a seat at the end is no failure."""
    status, answer = hub.request("POST", f"{_path(hub, user)}/server")
    if status >= 400:
        return {"ok": False, "why": _message(answer) or f"the hub answers {status}"}
    answer = _wait(hub, user, lambda server: server is None or server.get("ready"), "it still starts")
    if answer["ok"] and _server(hub, user) is None:
        return {"ok": False, "why": "it did not start; the hub's log says why"}
    return answer


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


def _is_busy(hub: Hub, home: str, server: dict) -> bool | None:
    try:
        # With the server's own token: that process is its user's, who could read the operator's and own every server then.
        # And not by the proxy, which would take the question for the user's activity.
        token = token_in(hub.docker.inspect_service(f"nb-{home}"))
        if token is None:
            return None
        url = f"{hub.server.format(home=home)}{server['url']}api/kernels?no_track_activity=1"
        request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})  # noqa: S310
        with _no_redirects.open(request, timeout=5) as answer:
            kernels = _read(answer.read(_MAX_BYTES))
    except (OSError, LookupError, HTTPException, DockerException):
        return None
    if not isinstance(kernels, list):
        return None
    return any(not isinstance(kernel, dict) or kernel.get("execution_state") != "idle" for kernel in kernels)


def _path(hub: Hub, user: str) -> str:
    return f"{hub.api}/users/{quote(user, safe='')}"


def _parse_time(text: str | None, default: datetime) -> datetime:
    return datetime.fromisoformat(text) if text else default


def _message(answer: object) -> str:
    return str(answer.get("message", "")) if isinstance(answer, dict) else ""


def _read(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def main() -> None:
    """Answers one question."""
    paths = Paths(Path(os.environ.get("SWARMHUB_ROOT", "/")))
    arguments = json.load(sys.stdin)
    try:
        hub = Hub("http://127.0.0.1:8081/hub/api", operator_token(paths), docker.from_env().api)
        if sys.argv[1] == "look":
            answer = list_servers(hub, set(arguments["homes"]))
        else:
            answer = {"stop": stop, "start": start}[sys.argv[1]](hub, arguments["user"])
    except OSError as error:
        sys.exit(f"the hub cannot be asked: {error}")
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
