"""A class of fifty on loopback for the page of the room: `room_hub.py PROXY_PROGRAM PAGES`.

The hub is real; the Swarm, the machines' reports, the users' servers and the limits of homes are fakes. It prints its ports as JSON
when it runs. A line on its standard input is a command; each is answered with a line. It ends with its input.
"""

import json
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, f"{os.environ['HUB_FOLDER']}/../test/e2e/support/origin")
from proxied_hub import Hub  # first: it adds the folder of the tests
from tests.room.support import GB, MB, container, write_report
from tests.room.test_page import SCRIPT, Visitor
from tests.support.fake_docker import RUNS, FakeDocker, container_id
from tests.support.real_hub import ADMIN_PASSWORD, TEACHER_PASSWORD, children_of
from tests.support.user_server import UserServer
from tests.support.wait import wait_in_thread_for

NAMES = (
    "amira ben carla dmitri elif farid greta hannah ivo jamal kenji lena malik nora olek petra quentin rosa samir tove uma viktor wanda "
    "xenia yusuf zofia anton bruno cem dalia emil fatou gustav hugo ines jonas katya liam mateo noor omar paula rania sofia tomas"
).split()
HOSTILE = "<img src=x onerror=document.title=1>"
MACHINES = {"node1": "10.0.0.1", "node2": "10.0.0.2"}
random.seed(7)

# The file system of each home is the one of this machine: its usage and limit are read from the limits instead.
STATVFS = """
import json, os, pathlib, types, zlib
real = os.statvfs


def statvfs(path):
    path = pathlib.Path(path) if isinstance(path, (str, pathlib.Path)) else None
    if path is None or path.parent.name != "homes":
        return real(path)
    path.stat()
    limits = path.parents[1] / "limits" / path.name
    size = json.loads(limits.read_text())["bytes"] if limits.exists() else 5 << 30
    used = (zlib.crc32(path.name.encode()) % 80 + 3) * (5 << 30) // 100 if path.name != "greta" else 49 * (5 << 30) // 50
    return types.SimpleNamespace(f_frsize=4096, f_blocks=size // 4096, f_bavail=(size - used) // 4096, f_files=9, f_favail=9)


os.statvfs = statvfs
"""


class Docker(FakeDocker):
    """Two machines; the servers of some users never start."""

    scripts = {"farid": ["preparing"], "ivo": ["running > failed|shutdown|task: non-zero exit (1) > failed|shutdown|x > failed|shutdown|x"]}

    def _create(self, query: dict, body: dict) -> tuple[int, object]:
        self.node_by_service[body["Name"]] = list(MACHINES)[len(self.created) % 2]
        return super()._create(query, body)

    def tasks(self, name: str) -> list[dict]:
        before, self.script = self.script, self.scripts.get(name.removeprefix("geo-101-nb-"), RUNS)
        try:
            return super().tasks(name)
        finally:
            self.script = before


class Servers(BaseHTTPRequestHandler):
    """The users' servers; mallory's has a page for all visitors."""

    busy = {f"/user/{name}/" for name in ("ben", "elif", "kenji", "petra")}  # noqa: RUF012

    def do_GET(self) -> None:
        is_busy = any(self.path.startswith(each) for each in self.busy)
        body = json.dumps([{"id": "1a2b", "execution_state": "busy" if is_busy else "idle"}]) if "/api/kernels" in self.path else "<p>hello"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body.encode())

    def do_POST(self) -> None:
        self.busy.discard(self.path.split("api/")[0])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


class Reports(threading.Thread):
    """The machines' reports, a new one each 2 s."""

    ended: set[str] = set()  # noqa: RUF012
    layers = ()
    silent = ""

    def run(self) -> None:
        begin = time.monotonic()
        while folder.exists():
            passed = time.monotonic() - begin
            for machine, address in MACHINES.items():
                if machine == self.silent:
                    continue
                containers = [
                    container(
                        container_id(f"{name}-0"),
                        (zlib_share(name) * 900 + 90) * MB // 100,
                        int(passed * 1e6 * (0.9 if "ben" in name or "elif" in name else 0.02)),
                        ended=int(name in self.ended),
                    )
                    for name in list(docker.services)
                    if docker.node_by_service.get(name) == machine
                ]
                busy = {"cores": 8, "busyMicroseconds": int(passed * 2.3e6)}
                free = 1 if self.layers and machine == "node2" else 9
                disk = {"path": "/var/lib/docker", "bytes": 20 * GB, "freeBytes": free * GB, "files": 0, "freeFiles": 0}
                memory = {"bytes": 32 * GB, "availableBytes": 32 * GB - sum(each["memory"] for each in containers) - 2 * GB}
                layers = list(self.layers) if machine == "node2" else []
                changes = {"uptime": passed + 100, "cpu": busy, "memory": memory, "disks": [disk], "largestLayers": layers}
                write_report(root / "run/swarmhub/monitor", address, containers=containers, **changes)
            time.sleep(2)


def zlib_share(name: str) -> int:
    return hash_of.setdefault(name, random.randrange(100))


hash_of: dict[str, int] = {}


class RoomHub(Hub):
    """A hub whose users' servers answer."""

    def start_proxy(self) -> None:
        for path in ("run/swarmhub/monitor", "storage/homes", "storage/owners", "storage/pending", "storage/limits"):
            (root / path).mkdir(parents=True, exist_ok=True)
        seed_curves()
        threading.Thread(target=watch_pending, daemon=True).start()
        Reports(daemon=True).start()
        super().start_proxy()

    def start_hub(self) -> None:
        os.environ["PYTHONPATH"] = str(folder)
        super().start_hub()


def ada_asks(path: str) -> int:
    token = re.search(r'xsrf_token: "([^"]+)"', ada.open("/hub/home")[1])[1]
    return ada.ask(f"/hub/api/users/{quote(path)}", SCRIPT | {"X-XSRFToken": token, "Content-Type": "application/json"}, {})[0]


def watch_pending() -> None:
    while folder.exists():
        for marker in (root / "storage/pending").glob("*"):
            if (root / "storage/homes" / marker.name).exists():
                marker.unlink(missing_ok=True)
        time.sleep(0.05)


def seed_curves() -> None:
    now = int(time.time())
    points = [[now - 60 * minute, max(0, min(34, 38 - abs(minute - 40) // 2)), 0, max(12, 66 - abs(minute - 30) // 2)] for minute in range(150, 0, -1)]
    starts = [[now - 60 * random.randrange(20, 140), random.choice([6, 7, 8, 9, 12, 15, 21, 34])] for _ in range(40)]
    (root / "data/room.json").write_text(json.dumps({"points": points, "starts": sorted(starts)}))


def start_people() -> None:
    for name in [*NAMES, "mallory", HOSTILE]:
        assert ada_asks(name) == 201
    for name in NAMES[:-9]:
        assert ada_asks(f"{name}/server") in (201, 202, 500)  # 500: it has failed already
    wait_in_thread_for(lambda: len(docker.created) >= len(NAMES) - 9, 60)


def command(line: str) -> object:
    word, _, name = line.partition(" ")
    if word == "restart":
        hub.stop_hub(signal.SIGKILL)
        hub.start_hub()
    elif word == "start":
        ada_asks(f"{name}/server")
    elif word == "end":
        Reports.ended.add(f"geo-101-nb-{name}")
    elif word == "fill":
        Reports.layers = ({"user": name, "bytes": 7 * GB, "files": None},)
    elif word == "silence":
        Reports.silent = name
    elif word == "made":
        return docker.created.count(f"geo-101-nb-{name}")
    elif word == "cost":
        service = next(child for child, words in children_of(hub.hub.pid).items() if "swarmhub.room.service" in words)
        return {"hub": seconds_of(hub.hub.pid), "service": seconds_of(service)}
    elif word == "is-safe":
        service = docker.services.get(f"geo-101-nb-{name}")
        return service is not None and any("/tmp/home" in each for each in service["TaskTemplate"]["ContainerSpec"]["Env"])
    elif word == "services":
        return sorted(docker.services)
    elif word == "log":
        return (root / "hub.log").read_text()
    return None


def seconds_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


with tempfile.TemporaryDirectory() as name_of_folder:
    folder = Path(name_of_folder)
    root = folder / "class"
    docker = Docker()
    docker.nodes, docker.addresses = dict.fromkeys(MACHINES, "ready"), MACHINES
    docker.memory = dict.fromkeys(MACHINES, 32 * GB)
    docker.output = b"\x02\0\0\0\0\0\0\x2cTraceback: No module named 'jupyterhub' <b>\n"
    docker.seats = 34
    servers = UserServer(folder, Servers)
    with (folder / "sitecustomize.py").open("a") as file:
        file.write(STATVFS)
    hub = RoomHub(root, docker.url, *servers.options, "--SwarmHubSpawner.start_poll_interval=0.2", teachers=["grace"], seats=34)
    try:
        ada = Visitor(f"http://127.0.0.1:{hub.hub_port}")
        ada.log_in("ada", ADMIN_PASSWORD)
        grace = Visitor(f"http://127.0.0.1:{hub.hub_port}")
        grace.log_in("grace", TEACHER_PASSWORD)
        start_people()
        print(json.dumps({"proxy": hub.proxy_port}), flush=True)
        for line in sys.stdin:
            print(json.dumps(command(line.strip())), flush=True)
    finally:
        hub.close()
        docker.close()
        servers.close()
        if "KEEP_LOGS" in os.environ:
            sys.stderr.write((root / "hub.log").read_text())
