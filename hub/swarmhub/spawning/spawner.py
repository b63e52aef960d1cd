"""SwarmSpawner, mended: homes over NFS, no ghosts, quick looks and plain sentences."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from docker.errors import APIError
from dockerspawner import SwarmSpawner
from requests.exceptions import RequestException
from traitlets import Float, Instance, Int, default

from .. import refusal
from ..refusal import refuse
from ..settings import Settings
from ..slug import slug
from . import tasks
from .activity import listens, note_work
from .image_choice import FIELD, settings_for
from .placement import Place
from .seat_queue import Line, Turn
from .service_spec import describe_service, reservation
from .start_limiter import Starts
from .start_monitor import Patience, Watch
from .swarm import remove_service, tasks_of, token_of, wait_for_end
from .task_poller import Looks

RESTARTED = "Your server had to be started again. Your files are as they were; programs that ran in it have to be started again."
_HELD, _WAITING = 8, 10  # per cent: how far a start has come that lets others go first, or waits for a seat


class SwarmHubSpawner(SwarmSpawner):
    """Runs each user's server as a Swarm service `nb-<slug>` whose home is a folder of the class's storage."""

    settings = Instance(Settings, config=True, help="the class, from hub.json")
    look_interval = Float(0.5, config=True, help="seconds between two looks at a starting server (upstream grows to 11)")
    seat_wait = Float(25, config=True, help="seconds to wait for a machine or an address where it is not for want of room")
    line_wait = Float(1800, config=True, help="seconds to wait in line for a seat; start_timeout has to be longer")
    line_limit = Int(100, config=True, help="how many wait in line at most")
    failure_limit = Int(3, config=True, help="failed attempts of Swarm's own before a start is given up")
    lost_after = Float(30, config=True, help="seconds after which a server that lost its machine and finds no other is stopped")

    notice: str | None = None  # what the user should know of the home although the server starts

    # All spawners of a hub share these.
    line = Line()
    starts = Starts()
    looks = Looks()

    _stage = (5, "Preparing your home folder and its size limit")
    _creation: asyncio.Future | None = None
    _task = ""

    @default("escape")
    def _escape_default(self):
        return slug

    @property
    def executor(self) -> ThreadPoolExecutor:
        # Upstream has one thread: while a class starts, every look waits for every other.
        if SwarmHubSpawner._executor is None:
            SwarmHubSpawner._executor = ThreadPoolExecutor(4, thread_name_prefix="docker")
        return SwarmHubSpawner._executor

    async def start(self):
        """Starts the service and waits until its container runs; leaves nothing behind when that fails."""
        self._stage = tasks.stage(None)
        self._turn = Turn(self.line, self.service_name, self.line_wait, self.line_limit)
        try:
            return await super().start()
        except BaseException as error:  # a cancelled start (timeout, hub stopping) too
            await asyncio.shield(self._forget_start())
            if isinstance(error, APIError):
                raise refuse(refusal.DOCKER_REFUSED, f"{self.service_name}: {error}") from error
            if isinstance(error, RequestException):
                raise refuse(refusal.DOCKER_SILENT, f"{self.service_name}: {error}") from error
            raise
        finally:
            self._turn.end()
            self.starts.leave(self._turn)

    async def create_object(self):
        while not (self._turn.is_due and self.starts.enter(self._turn)):
            if self._turn.is_due:
                self._stage = (_HELD, await self.starts.wait(self.docker, self.settings, self._turn))
            else:
                self.starts.leave(self._turn)
                self._stage = (_WAITING, self._turn.wait())
            await asyncio.sleep(self.look_interval)
        command = await self.get_command()
        settings = settings_for(self.settings, self.user_options.get(FIELD))
        self.mem_limit, self.mem_guarantee, self.cpu_limit = settings.memory, reservation(settings), settings.cpu
        self._place = Place(self.docker, settings, self.service_name, reservation(settings))
        async with self._place.chosen() as node:
            self._creation = self.docker("create_service", **describe_service(settings, self.escaped_name, self.get_env(), command, node))
            return await asyncio.shield(self._creation)

    async def start_object(self) -> None:
        """Looks until the server answers; raises SpawnException with a sentence when it will not.

        Upstream returns as soon as the container runs, and a server that ends at once is then waited for until http_timeout.
        """
        watch = self._begin_watch()
        while True:
            task = watch.judge(await self._look(), time.monotonic())
            if watch.failed or (task and tasks.finds_no_machine(task)):
                await self._place.give_up(watch.failed_on, self.log)
            if task and tasks.lacks_room(task):
                self.starts.leave(self._turn)
                if not self._turn.is_due:
                    await self.remove_object()
                    self.object_id = (await self.create_object())[self.object_id_key]
                    watch = self._begin_watch()
                self._stage = (_WAITING, self._turn.wait())
            elif not task or not tasks.has_machine(task):
                self._stage = self._stage if self._turn.has_begun else tasks.stage(task)
            else:
                self._turn.end()
                self._stage = tasks.stage(task)
            if task and tasks.runs(task):
                self.starts.leave(self._turn)
                if await self._answers():
                    self._task = task["ID"]
                    await self._place.let_go(self.log)
                    return

    async def _look(self) -> list[tasks.Task] | None:
        return await self.looks.at(self.docker, self.settings.name, self.service_name, self.object_id, self.look_interval)

    def _begin_watch(self) -> Watch:
        patience = Patience(
            seat=self.seat_wait,
            answer=self.http_timeout,
            whole=self.start_timeout - self.line_wait - 10,  # before the hub's own end, which has no words for the user
            failures=self.failure_limit,
        )
        return Watch(self.service_name, patience, time.monotonic())

    async def poll(self) -> None | int | str:
        """None while the server lives. A service that has ended is removed here, since the hub then calls no stop()."""
        try:
            found = await tasks_of(self.docker, self.service_name)
        except (APIError, RequestException) as error:
            # Not to know is not "stopped": when Docker restarts under the hub, the servers of the class go on.
            self.log.warning("%s: Docker does not answer, taken as running: %s", self.service_name, error)
            return None
        if found is None:
            return 0
        task = tasks.newest(found)
        if task and tasks.is_alive(task) and not self._is_lost(task):
            self._note_restart(task)
            if self.settings.cull:
                await note_work(self, self.settings.cull / 4, lambda: token_of(self.docker, self.service_name))
            return None
        await self._forget_service()
        return tasks.describe(task) if task else "the service has no task"

    async def get_task(self):
        """The newest task of the service, or None."""
        return tasks.newest(await tasks_of(self.docker, self.service_name) or [])

    async def stop(self, now: bool = False) -> None:
        """Removes the service and waits until its container is gone, so that its seat and its home are free."""
        running = await self.get_task()
        await super().stop(now)
        if running:
            await wait_for_end(self.docker, running, 15, self.look_interval)

    async def remove_object(self) -> None:
        await remove_service(self.docker, self.service_name)
        self.object_id = ""

    async def progress(self):
        """Tells the waiting user each stage once, and the notice."""
        told, noticed = None, None
        while True:
            if self.notice != noticed:
                noticed = self.notice
                yield {"progress": self._stage[0], "message": noticed}
            if self._stage != told:
                told = self._stage
                yield {"progress": told[0], "message": told[1]}
            await asyncio.sleep(self.look_interval)

    async def _answers(self) -> bool:
        host, port = await self.get_ip_and_port()
        return await listens(host, port)

    async def _forget_start(self) -> None:
        # A call to Docker cannot be cancelled: a service that is being made must be there before it can be removed.
        if self._creation:
            await asyncio.wait([self._creation])
        await self._forget_service()

    async def _forget_service(self) -> None:
        try:
            await self.remove_object()
        except (APIError, RequestException) as error:
            self.log.error("%s stays behind, the next start removes it: %s", self.service_name, error)

    def _note_restart(self, task: tasks.Task) -> None:
        if tasks.runs(task) and self._task != task["ID"]:
            if self._task:
                self.notice = RESTARTED
                self.log.warning("%s was started again by Swarm, %s", self.service_name, tasks.describe(task))
            self._task = task["ID"]

    def _is_lost(self, task: tasks.Task) -> bool:
        if self._start_pending or not tasks.waits_for_seat(task):
            return False
        return (datetime.now(UTC) - tasks.created(task)).total_seconds() > self.lost_after
