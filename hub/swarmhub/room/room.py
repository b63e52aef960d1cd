"""The state of the room, from memory. What the hub has to look at, it looks at while somebody watches."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import docker
from docker.errors import DockerException
from jupyterhub.spawner import SpawnException
from requests.exceptions import RequestException

from ..homes.storage_calls import call_storage
from ..login.closing import Closed
from ..machines import read_reports
from ..settings import Settings
from ..slug import former_slug, slug
from ..spawning.swarm import class_nodes
from . import machines, people
from .announcement import Announcements
from .curves import Curves
from .figures import parse_figures
from .help_calls import HelpCalls
from .homes import read_homes
from .kernels import kernels_of_all
from .people import Person, Seen
from .warnings import warnings

_log = logging.getLogger("room")
_WATCHED_FOR = 20  # seconds after the last request
_REPORTS, _NODES, _KERNELS, _HOMES, _POINT = 5, 10, 15, 30, 60  # seconds between two looks

_DOCKER_SILENT = "Docker does not answer, so the state of the machines may be old."
_STORAGE_SILENT = "The storage of the homes does not answer, so their sizes may be old."


class Room:
    """The room of one class; `find_people` returns everybody of the class, `storage` is None without homes that stay."""

    announcements: Announcements
    help_calls: HelpCalls

    def __init__(
        self, settings: Settings, reports: Path, storage: Path | None, curves: Curves, find_people: Callable[[], list[Person]]
    ) -> None:
        """Looks at nothing before `watch`."""
        self._settings, self._reports, self._storage, self.curves, self._find_people = settings, reports, storage, curves, find_people
        self._seen = Seen()
        self._machines: list[machines.Machine] = []
        self._heard: dict[str, float] = {}
        self._problems: dict[str, str] = {}
        self._asked, self._asked_at = asyncio.Event(), 0.0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="room")
        self._client: docker.APIClient | None = None
        self._tasks: list[asyncio.Task] = []
        self.find_notices: Callable[[], dict] = dict
        self.find_warm: Callable[[float], dict] = lambda _now: {"starts": []}
        self.find_closed: Callable[[], Closed | None] = lambda: None
        self.find_content_problem: Callable[[], str | None] = lambda: None

    def watch(self) -> None:
        """Begins to look; needs the event loop of the hub."""
        looks = [(_NODES, self._look_at_nodes), (_KERNELS, self._look_at_kernels)]
        looks += [(_HOMES, self._look_at_homes)] if self._storage else []
        # The memory of all machines is also in the curves.
        self._tasks = [asyncio.ensure_future(self._repeat(_REPORTS, self.look_at_reports, always=True))]
        self._tasks += [asyncio.ensure_future(self._repeat(seconds, look)) for seconds, look in looks]
        self._tasks.append(asyncio.ensure_future(self._repeat(_POINT, self._add_point, always=True)))

    def find(self, user: str) -> Person | None:
        """Returns somebody of the class; None for an unknown name."""
        return next((person for person in self._find_people() if person.name == user), None)

    def everybody(self) -> list[Person]:
        """Returns everybody of the class."""
        return self._find_people()

    def state(self) -> dict:
        """Returns all that the page shows, but the curves; sizes in MB, times in seconds since 1970."""
        self._asked_at = time.monotonic()
        self._asked.set()
        found = self._find_people()
        rows = [self._with_help(people.row(person, self._seen), person) for person in found]
        said, closed = self.announcements.current(), self.find_closed()
        by_machine = Counter(each.get("machine") for each in rows)
        homes = {home: person.name for person in found for home in (former_slug(person.name), slug(person.name))}
        content = self.find_content_problem()
        problems = [*self._problems.values(), *([f"{content[0].upper()}{content[1:]}."] if content else [])]
        return {
            "class": self._settings.name,
            "keepsHomes": self._storage is not None,
            "now": time.time(),
            "seats": self._settings.seats,
            "taken": sum(people.is_active(person.spawner) for person in found),
            "announcement": said and said.shown(),
            "closed": closed and " ".join(filter(None, [closed.sentence(self._settings.name), closed.stop_sentence()])),
            "queue": sum(each["state"] == "queued" for each in rows),
            "warm": self.find_warm(time.time()),
            "people": rows,
            "machines": [machines.row(each, self._seen, by_machine, self._heard) for each in self._machines],
            "contentProblem": content,
            "warnings": warnings(self._machines, self._seen, self._heard, homes, problems),
        }

    def news(self) -> dict:
        """Returns what open JupyterLabs are told: the announcement, who of the running servers' users has asked for help, and notices."""
        said = self.announcements.current()
        # While a JupyterLab is open, this is asked every few seconds.
        found = self._find_people() if self.help_calls else []
        calls = [person.name for person in found if self.help_since(person) is not None]
        return {"announcement": said and said.shown(), "help": calls, "notices": self.find_notices()}

    def help_since(self, person: Person) -> int | None:
        """Returns when somebody whose server runs asked for help."""
        if people.state(person.spawner)["state"] != "running":
            return None
        return self.help_calls.since(person.name, person.spawner.began)

    def _with_help(self, row: dict, person: Person) -> dict:
        since = self.help_since(person)
        return row if since is None else row | {"help": since}

    async def look_at_reports(self) -> None:
        """Reads the machines' newest reports."""
        figures = read_reports(self._reports, parse_figures)
        self._heard |= dict.fromkeys(figures, time.time())
        # A report that was read before says nothing about the time since then.
        new = {each for each in figures if each not in self._seen.figures or figures[each].uptime != self._seen.figures[each].uptime}
        before = {
            each: self._seen.figures[each] if each in new else self._seen.before.get(each) for each in figures if each in self._seen.figures
        }
        self._seen = replace(self._seen, figures=figures, before={each: value for each, value in before.items() if value})

    async def _look_at_nodes(self) -> None:
        try:
            nodes = await self._docker("nodes")
            ids = {node["ID"] for node in await class_nodes(lambda _method: _ready(nodes), self._settings)}
        except (DockerException, RequestException):
            self._problems["docker"] = _DOCKER_SILENT
            return
        self._problems.pop("docker", None)
        ours = [node for node in nodes if node["ID"] in ids or machines.address_of(node) in self._heard]
        # A machine that has joined again leaves its former node, which stays down.
        ready = {machines.address_of(node) for node in ours if node["Status"]["State"] == "ready"}
        ours = [node for node in ours if node["Status"]["State"] == "ready" or machines.address_of(node) not in ready]
        self._machines = sorted((machines.machine(node, ids) for node in ours), key=lambda each: each.name)

    async def _look_at_kernels(self) -> None:
        running = {each.name: each.spawner for each in self._find_people() if people.state(each.spawner)["state"] == "running"}
        self._seen = replace(self._seen, kernels=await kernels_of_all(running))

    async def _look_at_homes(self) -> None:
        users = [person.name for person in self._find_people()]
        try:
            self._seen = replace(self._seen, homes=await call_storage(20, read_homes, self._storage, users))
        except SpawnException:
            self._problems["storage"] = _STORAGE_SILENT
        else:
            self._problems.pop("storage", None)

    async def look_at_home(self, user: str) -> None:
        """Looks at one home at once, because its limit has changed. Raises SpawnException."""
        self._seen = replace(self._seen, homes=self._seen.homes | await call_storage(8, read_homes, self._storage, [user]))

    async def _add_point(self) -> None:
        found = [people.state(person.spawner)["state"] for person in self._find_people()]
        figures = self._seen.figures.values()
        total = sum(each.memory for each in figures)
        memory = 100 * sum(each.used for each in figures) / total if total else None
        self.curves.add(sum(each not in ("away", "failed", "queued") for each in found), found.count("queued"), memory)

    def _docker(self, method: str) -> asyncio.Future:
        def call() -> object:
            # Made late, because it asks Docker for its version.
            self._client = self._client or docker.APIClient(**docker.utils.kwargs_from_env(), version="auto", timeout=10)
            return getattr(self._client, method)()

        return asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def _repeat(self, seconds: float, look: Callable[[], Awaitable[None]], *, always: bool = False) -> None:
        last_error = ""
        if always:
            await asyncio.sleep(seconds)  # the hub is still starting, and has neither its database nor its servers
        while True:
            while not always and time.monotonic() - self._asked_at > _WATCHED_FOR:
                self._asked.clear()
                await self._asked.wait()
            try:
                await look()
                last_error = ""
            except Exception as error:  # a look that fails must not end all later ones
                if str(error) != last_error:
                    _log.exception("%s failed and will be repeated", look.__name__)
                last_error = str(error)
            await asyncio.sleep(seconds)


async def _ready(value: list[dict]) -> list[dict]:
    return value
