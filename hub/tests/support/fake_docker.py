"""A fake of the part of Docker's HTTP API that a spawner uses, on loopback; it records unexpected requests and fails them."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

FULL = "no suitable node (insufficient resources on 3 nodes)"
TOO_MANY_CORES = "range of CPUs is from 0.01 to {cores}.00, as there are only {cores} CPUs available"
NO_ANSWER = 0  # instead of a status: Docker closes the connection
_CORE = 1_000_000_000  # in Docker's unit
RUNS = ["new", "pending", "preparing", "running"]


class FakeDocker:
    """A fake Swarm; `script` has the states that the tasks of each new service go through, one for each poll.

    A state is `state`, `state|DesiredState` or `state|DesiredState|Err`; `one > other` ends a task and begins another in one
    step, like a restart.
    """

    def __init__(self, script: list[str] | None = None) -> None:
        self.script = script or RUNS
        self.services: dict[str, dict] = {}
        self.polls: dict[str, int] = {}
        self.removed: list[str] = []
        self.unexpected: list[str] = []
        self.requests: list[str] = []
        self.delay = 0.0
        self.broken = False
        # The statuses of the next requests whose method and path begin so: they fail, or they succeed and only their answer is lost.
        self.failures: dict[str, list[int]] = {}
        self.lost_answers: dict[str, list[int]] = {}
        self.lingering = 0  # how often the containers of removed services are listed
        self.removed_tasks: list[tuple[dict, dict]] = []  # with the labels of their services
        self.nodes = {"machine": "ready"}
        self.addresses: dict[str, str] = {}  # of nodes
        self.memory = {"machine": 1 << 40}  # bytes of each node
        self.cores = 64  # of each node
        self.cores_of: dict[str, int] = {}  # of single nodes that have fewer
        self.broken_nodes: set[str] = set()  # nodes on which no container starts
        self.ignored: set[str] = set()  # keys of a container that this Engine does not know
        self.output, self.output_delay = b"", 0.0  # what the log of each task has, and the seconds until it is sent
        self.exit_code = 1
        self.node_error = "No such image: r@sha256:1"  # on broken nodes
        self.seats: int | None = None  # how many services have room; None: all
        self.room: int | None = None  # bytes that the users' servers can reserve together; None: all
        self.placed: set[str] = set()
        self.created: list[str] = []
        self.updated: list[str] = []
        self.node_by_service: dict[str, str] = {}
        self.volumes: dict[str, dict[str, str]] = {}
        self.mounted: set[str] = set()
        self._lock = threading.Lock()  # each request has a thread of its own
        handler = type("Handler", (_Handler,), {"docker": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"tcp://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict) -> tuple[int, object]:
        """Returns the status and the JSON of a response."""
        self.requests.append(f"{method} {path}")
        if self.broken:
            return 500, {"message": "the swarm has no leader"}
        if (status := _next_status(self.failures, method, path)) is not None:
            return status, {"message": "the swarm has no leader"}
        time.sleep(self._delay_of(method, path))
        with self._lock:
            found = self._answer(method, path, query, body)
        lost = _next_status(self.lost_answers, method, path)
        return found if lost is None else (lost, {"message": "context deadline exceeded"})

    def _delay_of(self, method: str, path: str) -> float:
        if path == "/services/create":
            return self.delay
        return self.output_delay if path.endswith("/logs") else 0

    def _answer(self, method: str, path: str, query: dict[str, list[str]], body: dict) -> tuple[int, object]:
        for verb, pattern, reply in self._routes():
            match = re.fullmatch(pattern, path)
            if verb == method and match:
                return reply(query, body, *match.groups())
        self.unexpected.append(f"{method} {path}")
        return 501, {"message": f"the fake has no {method} {path}"}

    def _routes(self) -> list[tuple[str, str, Callable]]:
        return [
            ("GET", "/version", lambda *_: (200, {"ApiVersion": "1.41", "MinAPIVersion": "1.24"})),
            ("POST", "/services/create", self._create),
            ("GET", "/services", self._services),
            ("GET", "/volumes", self._volumes),
            ("DELETE", "/volumes/([^/]+)", self._remove_volume),
            ("GET", "/services/([^/]+)", lambda _query, _body, name: self._service(name)),
            ("DELETE", "/services/([^/]+)", self._remove),
            ("GET", "/tasks", self._list),
            ("GET", "/tasks/[^/]+/logs", lambda *_: (200, self.output)),
            ("POST", "/services/([^/]+)/update", self._update),
            ("GET", "/containers/json", lambda *_: (200, [])),
            ("GET", "/nodes", lambda *_: (200, [self._describe_node(each) for each in self.nodes])),
            ("GET", "/nodes/([^/]+)", self._node),
        ]

    def _create(self, _query: dict, body: dict) -> tuple[int, object]:
        if body["Name"] in self.services:
            return 409, {"message": f"name conflicts with an existing object: service {body['Name']} already exists"}
        for key in self.ignored:
            body["TaskTemplate"]["ContainerSpec"].pop(key, None)
        self.services[body["Name"]] = body
        self.polls[body["Name"]] = 0
        self.created.append(body["Name"])
        return 201, {"ID": self.service_id(body["Name"])}

    def service_id(self, name: str) -> str:
        return f"id{self.created.count(name)}-of-{name}"

    def name_of(self, either: str) -> str:
        """Returns the name of a service from its name or id; returns an unknown value unchanged."""
        return next((each for each in self.services if self.service_id(each) == either), either)

    def add_service(self, name: str, labels: dict[str, str], user: str = "") -> None:
        """Adds a service that was not created by a spawner; with `user`, it is the server of that user."""
        container = {"Env": [f"JUPYTERHUB_USER={user}"] if user else []}
        self._create({}, {"Name": name, "Labels": labels, "TaskTemplate": {"ContainerSpec": container}})

    def _services(self, query: dict, _body: dict) -> tuple[int, object]:
        found = [spec for spec in self.services.values() if _has(spec["Labels"], query)]
        return 200, [{"ID": self.service_id(spec["Name"]), "Spec": spec} for spec in found]

    def _volumes(self, query: dict, _body: dict) -> tuple[int, object]:
        assert json.loads(query["filters"][0])["dangling"] == ["true"]
        found = [name for name, labels in self.volumes.items() if name not in self.mounted and _has(labels, query)]
        return 200, {"Volumes": [{"Name": name, "Labels": self.volumes[name]} for name in found]}

    def _remove_volume(self, _query: dict, _body: dict, name: str) -> tuple[int, object]:
        del self.volumes[name]
        return 204, None

    def _service(self, name: str) -> tuple[int, object]:
        name = self.name_of(name)
        if name not in self.services:
            return 404, {"message": f"service {name} not found"}
        return 200, {"ID": self.service_id(name), "Version": {"Index": 1}, "Spec": self.services[name]}

    def _update(self, _query: dict, body: dict, service_id: str) -> tuple[int, object]:
        name = self.name_of(service_id)
        if name not in self.services:
            return self._service(name)
        self.updated.append(name)
        self.services[name] = body
        return 200, {}

    def _describe_node(self, service_id: str) -> dict:
        return {
            "ID": service_id,
            "Spec": {"Labels": {"swarmhub.users": "true"}, "Availability": "active"},
            "Status": {"State": self.nodes[service_id], "Addr": self.addresses.get(service_id, "")},
            "Description": {
                "Hostname": service_id,
                "Resources": {"MemoryBytes": self.memory[service_id], "NanoCPUs": self._cores(service_id) * _CORE},
            },
        }

    def _cores(self, node: str) -> int:
        return self.cores_of.get(node, self.cores)

    def _node_of(self, name: str) -> str:
        """Returns the node that meets the constraints; without constraints, the current or the first node."""
        constraints = self.services[name].get("TaskTemplate", {}).get("Placement", {}).get("Constraints") or []
        wanted = [each.removeprefix("node.id==") for each in constraints if each.startswith("node.id==")]
        allowed = [node for node in self.nodes if f"node.id!={node}" not in constraints]
        node = wanted[0] if wanted else self.node_by_service.get(name, "machine")
        self.node_by_service[name] = node if node in allowed or node not in self.nodes else allowed[0]
        return self.node_by_service[name]

    def _remove(self, _query: dict, _body: dict, name: str) -> tuple[int, object]:
        name = self.name_of(name)
        if name not in self.services:
            return self._service(name)
        if self.polls[name]:
            ending = [task | {"DesiredState": "remove"} for task in self._poll(name, passes=False)]
            self.removed_tasks += [(self.services[name]["Labels"], task) for task in ending]
        del self.services[name]
        self.placed.discard(name)
        self.removed.append(name)
        return 200, None

    def _list(self, query: dict, _body: dict) -> tuple[int, object]:
        if "service" not in json.loads(query["filters"][0]):
            labels = json.loads(query["filters"][0]).get("label")
            asks_all = labels is None
            if labels and any(label.startswith("swarmhub.user=") for label in labels):
                return 200, self._tasks_of_home(query)
            found = [name for name, spec in self.services.items() if asks_all or _has(spec["Labels"], query)]
            # A request for the tasks of all services looks for free memory, and must not advance a start.
            return 200, [task for name in found for task in self._poll(name, passes=not asks_all)]
        name = self.name_of(json.loads(query["filters"][0])["service"][0])
        if name not in self.services:
            return 404, {"message": f"service {name} not found"}
        return 200, self._poll(name)

    def _tasks_of_home(self, query: dict) -> list[dict]:
        found = [task for labels, task in self.removed_tasks if self.lingering > 0 and _has(labels, query)]
        self.lingering -= bool(found)
        return found + [
            task for name, spec in self.services.items() if _has(spec["Labels"], query) for task in self._poll(name, passes=False)
        ]

    def _poll(self, name: str, passes: bool = True) -> list[dict]:
        waiting = _task(name, 0) | {"Status": {"State": "pending", "Err": FULL}}
        has_room = self._has_room(name)
        self.polls[name] += has_room and passes
        tasks = self.tasks(name) if has_room else [waiting]
        node, spec = self._node_of(name), self.services[name].get("TaskTemplate", {})
        if node in self.broken_nodes:
            ended = {"State": "failed", "Err": self.node_error}
        elif spec.get("Resources", {}).get("Limits", {}).get("NanoCPUs", 0) > self._cores(node) * _CORE:
            ended = {"State": "rejected", "Err": TOO_MANY_CORES.format(cores=self._cores(node))}
        else:
            ended = None
        if ended:
            tasks = [_task(name, 0) | {"ID": f"{name}-on-{node}", "DesiredState": "shutdown", "Status": ended}, _task(name, 1)]
        for task in tasks:
            if task["Status"]["State"] in {"failed", "running"}:
                code = {"ExitCode": self.exit_code} if task["Status"]["State"] == "failed" else {}
                task["Status"]["ContainerStatus"] = {"ContainerID": container_id(task["ID"])} | code
        return [task | {"ServiceID": self.service_id(name), "NodeID": node, "Spec": spec} for task in tasks]

    def _has_room(self, name: str) -> bool:
        if self.seats is not None and len(self.placed | {name}) > self.seats:
            return False
        if self.room is not None and sum(map(self._reserved, self.placed | {name})) > self.room:
            return False
        self.placed.add(name)
        return True

    def _reserved(self, name: str) -> int:
        return self.services[name].get("TaskTemplate", {}).get("Resources", {}).get("Reservations", {}).get("MemoryBytes", 0)

    def _node(self, _query: dict, _body: dict, service_id: str) -> tuple[int, object]:
        if service_id not in self.nodes:
            return 404, {"message": f"node {service_id} not found"}
        return 200, self._describe_node(service_id)

    def tasks(self, name: str) -> list[dict]:
        """Returns the tasks after the polls so far; the newest is not the first."""
        tasks = [_task(name, 0)]
        for entry in self.script[: self.polls[name]]:
            for position, step in enumerate(entry.split(" > ")):
                if position:
                    tasks.append(_task(name, len(tasks)))
                state, desired, error = [*step.split("|"), "", ""][:3]
                tasks[-1] |= {"DesiredState": desired or "running", "Status": {"State": state, "Err": error}}
        return tasks


def container_id(task: str) -> str:
    """Returns the id of the container of a task."""
    return sha256(task.encode()).hexdigest()


def _next_status(statuses: dict[str, list[int]], method: str, path: str) -> int | None:
    found = next((each for start, each in statuses.items() if each and f"{method} {path}".startswith(start)), None)
    return found.pop(0) if found else None


def _has(labels: dict[str, str], query: dict) -> bool:
    wanted = [label.partition("=") for label in json.loads(query["filters"][0])["label"]]
    return all(name in labels and (not equals or labels[name] == value) for name, equals, value in wanted)


def _task(name: str, number: int) -> dict:
    return {
        "ID": f"{name}-{number}",
        "NodeID": "machine",
        "CreatedAt": f"2026-11-21T06:00:{number:02}.5Z",
        "Version": {"Index": number},
        "DesiredState": "running",
        "Status": {"State": "new", "Err": ""},
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    docker: FakeDocker

    def _answer(self) -> None:
        url = urlparse(self.path)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        path = re.sub(r"^/v[0-9.]+", "", url.path)
        status, content = self.docker.answer(self.command, path, parse_qs(url.query), body)
        if status == NO_ANSWER:
            self.close_connection = True
            return
        data = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the client needs no more
            self.wfile.write(data)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_arguments: object) -> None:
        pass
