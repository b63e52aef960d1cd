"""A real JupyterHub on loopback with the real settings file, and a real configurable-http-proxy."""

import contextlib
import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from .examples import HUB
from .wait import wait_in_thread_for

FOLDER = Path(__file__).parents[2]
PROXY = FOLDER.parent / "node_modules/.bin/configurable-http-proxy"
PASSWORD = "Größe-101"
EDGE_TOKEN = "0123456789abcdef"
TEACHER_PASSWORD = "fedcba9876543210fedcba9876543210"
ADMIN_PASSWORD = "0123456789abcdef0123456789abcdef"


class RunningHub:
    """The processes of the hub and the proxy; they write only below `root`."""

    def __init__(self, root: Path, docker_url: str, *options: str, **changes: object) -> None:
        self.root = root
        self.docker_url = docker_url
        self.options = options
        self.hub_port, self.proxy_port, self.api_port, self.room_port = (_free_port() for _ in range(4))
        self.hub = self.proxy = None
        _write_files(root, HUB | changes)
        try:
            self.start_proxy()
            self.start_hub()
        except BaseException:
            self.close()
            raise

    def start_proxy(self) -> None:
        environment = os.environ | {"CONFIGPROXY_AUTH_TOKEN": "proxy-token"}
        ports = [f"--port={self.proxy_port}", f"--api-port={self.api_port}", "--ip=127.0.0.1", "--api-ip=127.0.0.1"]
        self.proxy = subprocess.Popen(  # noqa: S603
            [shutil.which("node"), PROXY, *ports], env=environment, stdout=self._log("proxy"), stderr=subprocess.STDOUT
        )
        wait_in_thread_for(lambda: _is_listening(self.api_port))

    def stop_proxy(self) -> None:
        self.proxy.kill()
        self.proxy.wait(20)

    def start_hub(self) -> None:
        modules = os.pathsep.join(filter(None, [str(FOLDER), os.environ.get("PYTHONPATH")]))
        environment = os.environ | {"SWARMHUB_ROOT": str(self.root), "PYTHONPATH": modules, "DOCKER_HOST": self.docker_url}
        environment |= {"SWARMHUB_PORT": str(self.hub_port), "SWARMHUB_ROOM_URL": f"http://127.0.0.1:{self.room_port}"}
        command = [sys.executable, "-m", "jupyterhub", "-f", FOLDER / "jupyterhub_config.py", *self.options]
        own = [
            f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{self.api_port}",
            f"--JupyterHub.hub_bind_url=http://127.0.0.1:{self.hub_port}",
        ]
        self.hub = subprocess.Popen(  # noqa: S603
            [*command, *own], cwd=self.root, env=environment, stdout=self._log("hub"), stderr=subprocess.STDOUT
        )
        wait_in_thread_for(lambda: "JupyterHub is now running" in self.log() or self.hub.poll() is not None, 180)
        assert self.hub.poll() is None, self.log()

    def stop_hub(self, how: int = signal.SIGTERM) -> None:
        _end(self.hub, how)
        (self.root / "hub.log").rename(self.root / "hub.before.log")

    def close(self) -> None:
        for process in (self.hub, self.proxy):
            if process and process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    _end(process)

    def log(self) -> str:
        return (self.root / "hub.log").read_text()

    def routes(self) -> dict:
        request = urllib.request.Request(f"http://127.0.0.1:{self.api_port}/api/routes", headers={"Authorization": "token proxy-token"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return json.load(response)

    def browser(self) -> "Browser":
        return Browser(f"http://127.0.0.1:{self.hub_port}")

    def _log(self, name: str):
        return (self.root / f"{name}.log").open("a")


class Browser:
    """The parts of a browser that are needed to log in and to start a server."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def open(self, path: str, form: dict | None = None, method: str | None = None) -> tuple[int, str]:
        """Returns the status and the text of the page after all redirects."""
        tokens = [cookie for cookie in self.cookies if cookie.name == "_xsrf" and path.startswith(cookie.path)]
        token = max(tokens, key=lambda cookie: len(cookie.path)).value if tokens else ""
        data = urllib.parse.urlencode(form | {"_xsrf": token}).encode() if form is not None else None
        headers = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin", "X-XSRFToken": token}
        request = urllib.request.Request(self.address + path, data, headers, method=method)  # noqa: S310
        try:
            with self.opener.open(request, timeout=60) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def log_in(self, user: str, password: str = PASSWORD, **more: str) -> tuple[int, str]:
        """Logs in, also under a name that another browser uses at this time."""
        self.open("/hub/login")
        return self.open("/hub/login?next=%2Fhub%2Fhome", {"username": user, "password": password, "mine": "yes"} | more)

    def start_server(self, user: str) -> list[dict]:
        """Requests a server and returns all progress events of its start."""
        self.open(f"/hub/spawn/{user}")
        return self.progress(user)

    def progress(self, user: str) -> list[dict]:
        status, text = self.open(f"/hub/api/users/{user}/server/progress")
        events = [json.loads(line) for line in re.findall(r"^data: (.*)$", text, re.MULTILINE)]
        assert events, f"no progress, but {status}: {text[:500]}"
        return events


def _write_files(root: Path, settings: dict) -> None:
    secrets = {
        "proxy-token": "proxy-token",
        "edge-token": EDGE_TOKEN,
        "shared-password": PASSWORD,
        "admin-password": ADMIN_PASSWORD,
        "teacher-password": TEACHER_PASSWORD,
    }
    for folder in ("etc/swarmhub", "run/secrets", "data", "storage"):
        (root / folder).mkdir(parents=True)
    (root / "etc/swarmhub/hub.json").write_text(json.dumps(settings))
    for name, secret in secrets.items():
        (root / "run/secrets" / name).write_text(f"{secret}\n")


def _end(process: subprocess.Popen, how: int = signal.SIGTERM) -> None:
    """Ends a process and its children, which in a container end with it. Raises TimeoutExpired if only SIGKILL ended it."""
    children = children_of(process.pid)
    process.send_signal(how)
    try:
        process.wait(60)
    finally:
        process.kill()
        process.wait()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def children_of(process: int) -> dict[int, list[str]]:
    """Returns the words of each child's command line by process id."""
    found = {}
    for thread in Path(f"/proc/{process}/task").glob("*/children"):
        # Threads and children may end meanwhile.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for child in thread.read_text().split():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    found[int(child)] = Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
    return found


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
