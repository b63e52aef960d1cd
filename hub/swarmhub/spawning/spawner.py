"""SwarmSpawner with homes over NFS, clean-up of leftover services, fast polling and clear error messages."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from docker.errors import APIError
from jupyterhub.spawner import SpawnException
from requests.exceptions import RequestException
from traitlets import Float, Instance, Int, Unicode

from .. import refusal
from ..machines import full_nodes
from ..refusal import refuse
from . import tasks
from .activity import is_listening, record_activity
from .chosen_start import ChosenStart
from .environment import command_for, environment_for
from .notices import MEMORY_ENDED, UserNotices
from .placement import Placement, limit_cores, refuse_if_too_large
from .running_server import MemoryKills, RunningServer, size_text
from .seat_queue import QueueEntry, SeatQueue
from .service_spec import build_service_spec, memory_reservation
from .start_limiter import StartLimiter
from .start_monitor import StartMonitor, Timeouts
from .start_report import printable, read_output, report, save_report
from .start_times import StartTimes
from .swarm import token_of
from .task_poller import SharedTaskPoller
from .warm_starts import WarmStarts

_LIMITED, _QUEUED = 8, 10  # progress in percent while a start waits for other starts, or in the queue for a seat


class SwarmHubSpawner(ChosenStart):
    """Runs each user's server as a Swarm service whose home is a folder on the storage of the class."""

    reports = Instance(Path, allow_none=True, config=True, help="the folder with the machines' reports")
    placement_timeout = Float(25, config=True, help="seconds to wait for a node or an address if memory is not the reason")
    queue_timeout = Float(1800, config=True, help="seconds to wait in the queue for a seat; start_timeout must be longer")
    queue_turn = Float(300, config=True, help="seconds in which others may overtake the first in the queue, and then for as long may not")
    queue_limit = Int(100, config=True, help="how many starts may wait in the queue")
    failure_limit = Int(3, config=True, help="how many attempts of Swarm may fail before the start fails")
    failed_starts = Unicode("", config=True, help="the folder for reports of failed starts, which `swarmhub logs USER` shows; empty: none")
    # A virtual machine is back about a minute after it was told to reboot, and Swarm places the server there again.
    lost_after = Float(120, config=True, help="seconds after which a server is stopped if its node failed and no other node has room")

    notice: str | None = None  # a message for the user that does not prevent the start
    may_write_shared = False  # the shared folder of the class
    began: float = 0  # when the last start began, its home included

    # Shared by all spawners of the hub.
    seat_queue = SeatQueue()
    start_limiter = StartLimiter()
    task_poller = SharedTaskPoller()
    memory_kills = MemoryKills()
    notices = UserNotices()
    starts = StartTimes()
    warm = WarmStarts()
    forget_help: Callable[[str], None] = staticmethod(lambda _user: None)  # of room/help_calls.py

    _stage = (5, "Preparing your home folder and its size limit")
    _creation: asyncio.Future | None = None
    _running = Instance(RunningServer, ())

    def run_pre_spawn_hook(self):
        """Notes the begin of the start, for the page of the room."""
        self.began = time.time()
        self.notices.forget(self.user.name)
        self.forget_help(self.user.name)
        return super().run_pre_spawn_hook()

    async def start(self):
        """Starts the service and waits until its server responds; removes the service if the start fails."""
        self._stage = tasks.stage(None)
        self._chosen = self.chosen
        self._entry = QueueEntry(
            self.seat_queue, self.service_name, self.queue_timeout, self.queue_limit, memory_reservation(self._chosen), self.queue_turn
        )
        self.warm.begin(self.user.name, self._entry)
        try:
            address = await super().start()
            self.starts.add(self.began)
            return address
        except BaseException as error:  # also when the start is cancelled (timeout, hub shutdown)
            await asyncio.shield(self._clean_up_start())
            if isinstance(error, APIError):
                raise refuse(refusal.DOCKER_REFUSED, f"{self.service_name}: {error}") from error
            if isinstance(error, RequestException):
                raise refuse(refusal.DOCKER_SILENT, f"{self.service_name}: {error}") from error
            raise
        finally:
            self._entry.leave()
            self.start_limiter.release(self._entry)

    async def create_object(self):
        if not await self.wait_until_gone():
            raise refuse(refusal.STILL_STOPPING, f"a container of {self.service_name} still runs after {self.stop_timeout:.0f} s")
        while not (self._entry.is_next and self.start_limiter.acquire(self._entry)):
            if self._entry.is_next:
                self._stage = (_LIMITED, await self.start_limiter.wait_message(self.docker, self.settings, self._entry))
            else:
                self.start_limiter.release(self._entry)
                await self._wait_in_queue()
            await asyncio.sleep(self.start_poll_interval)
        self.notebook_dir = self._chosen.servers.look(self._chosen.image).home
        command = command_for(await self.get_command(), self.mode_notice)
        settings, reserved = await limit_cores(self.docker, self._chosen), self._entry.memory
        self.mem_limit, self.mem_guarantee, self.cpu_limit = settings.memory, reserved, settings.cpu
        self._placement = Placement(self.docker, settings, self.service_name, reserved)
        settings = self._placement.avoid(await full_nodes(self.docker, settings, self.reports), self.log)
        async with self._placement.choose_node() as node:
            environment = environment_for(settings, self.mode) | self.get_env()
            home, may_write = self.escaped_name, self.may_write_shared
            spec = build_service_spec(settings, home, environment, command, node, self.home_size, may_write_shared=may_write)
            self._creation = asyncio.ensure_future(self.create_once(spec))
            return await asyncio.shield(self._creation)

    async def start_object(self) -> None:
        """Waits until the server accepts connections; raises SpawnException with a message for the user if it does not.

        Upstream returns as soon as the container runs, and then waits until http_timeout for a server that has already stopped.
        """
        try:
            await self._wait_until_listening()
        except SpawnException as error:
            raise await self._explain(error) from error

    async def _wait_until_listening(self) -> None:
        monitor = self._monitor = self._new_monitor()
        while True:
            task = monitor.check(await self._poll_tasks(), time.monotonic())
            self._entry.refuse_if_needed_elsewhere()
            if monitor.failed or (task and tasks.has_no_suitable_node(task)):
                await self._placement.exclude_nodes(monitor.failed_on, self.log)
            if task and tasks.lacks_room(task):
                self.start_limiter.release(self._entry)
                if not self._entry.is_next:
                    await self.remove_object()
                    self.object_id = (await self.create_object())[self.object_id_key]
                    monitor = self._monitor = self._new_monitor()
                await self._wait_in_queue()
            elif not task or not tasks.has_node(task):
                self._stage = self._stage if self._entry.is_queued else tasks.stage(task)
            else:
                self._entry.leave()
                self._entry.has_seat = True
                self._stage = tasks.stage(task)
            if task and tasks.is_running(task):
                self.start_limiter.release(self._entry)
                if await self._is_listening():
                    self._running.task_id = task["ID"]
                    await self._watch(task, [task])  # so that the page of the room knows the machine at once
                    await self._placement.unpin(self.log)
                    return

    async def _wait_in_queue(self) -> None:
        if not self._entry.is_queued:
            await refuse_if_too_large(self.docker, self.settings, self._entry)
        self._stage = (_QUEUED, self._entry.wait())

    async def _poll_tasks(self) -> list[tasks.Task] | None:
        return await self.task_poller.poll(self.docker, self.settings.name, self.service_name, self.object_id, self.start_poll_interval)

    async def _explain(self, error: SpawnException) -> SpawnException:
        """Keeps why the start failed, before its container is removed; returns the error, with another sentence if the output tells."""
        task = self._monitor.seen
        if task is None or not tasks.has_node(task) or error.reason == refusal.SEAT_NEEDED.reason:
            return error
        output = await read_output(self.client, task)
        cause = refusal.explain_output(output) if error.reason == refusal.TASK_FAILED.reason else None
        if sentence := self._running.disk_sentence(task, self.reports):
            cause = refusal.DISK_FILLED._replace(sentence=sentence)
        explained = refuse(cause, f"{self.service_name}: {tasks.describe(task)}") if cause else error
        lines = report(self.user.name, explained.message, task, output)
        self.log.error("%s", "\n".join(lines))
        if self.failed_starts:
            try:
                save_report(Path(self.failed_starts), self.escaped_name, lines)
            except OSError as problem:
                self.log.warning("%s: the report of the failed start cannot be kept: %s", self.service_name, problem)
        return explained

    def _new_monitor(self) -> StartMonitor:
        timeouts = Timeouts(
            placement=self.placement_timeout,
            response=self.http_timeout,
            total=self.start_timeout - self.queue_timeout - 10,  # ends before the hub's own timeout, which has no message for the user
            max_failures=self.failure_limit,
        )
        return StartMonitor(self.service_name, timeouts, time.monotonic())

    async def poll(self) -> None | int | str:
        """Returns None while the server is alive. Removes a service that has ended, because the hub does not call stop() then."""
        try:
            found = await self.find_tasks(self.docker_once)
        except (APIError, RequestException) as error:
            # An unknown state does not mean "stopped": when Docker restarts, the servers of the class keep running.
            self.log.warning("%s: Docker does not respond, so the server counts as running: %s", self.service_name, error)
            return None
        if found is None:
            return 0
        task = tasks.newest(found)
        if task and tasks.is_alive(task) and not self._is_lost(task):
            await self._watch(task, found)
            if idle := self.class_settings.idle_timeout_seconds:
                await record_activity(self, idle / 4, lambda: token_of(self.docker, self.object_id))
            return None
        if sentence := task and self._running.disk_sentence(task, self.reports):
            self.notice = sentence
        await self._try_remove_service()
        return tasks.describe(task) if task else "the service has no task"

    async def stop(self, now: bool = False) -> None:
        """Removes the service and waits until its container is gone, so that its seat and its home are free."""
        await super().stop(now)
        await self.wait_until_gone()

    async def progress(self):
        """Yields each stage once, and the notice, for the page that shows the progress of the start."""
        self.warm.claim(self.user.name)
        last_stage, last_notice = None, None
        while True:
            if self.notice != last_notice:
                last_notice = self.notice
                yield {"progress": self._stage[0], "message": last_notice}
            if self._stage != last_stage:
                last_stage = self._stage
                yield {"progress": last_stage[0], "message": last_stage[1]}
            await asyncio.sleep(self.start_poll_interval)

    async def _is_listening(self) -> bool:
        host, port = await self.get_ip_and_port()
        return await is_listening(host, port)

    async def _clean_up_start(self) -> None:
        # A call to Docker cannot be cancelled: the service must exist before it can be removed.
        if self._creation:
            await asyncio.wait([self._creation])
        await self._try_remove_service()

    async def _try_remove_service(self) -> None:
        try:
            await self.remove_object()
        except (APIError, RequestException) as error:
            self.log.error("could not remove %s, the next start removes it: %s", self.service_name, error)

    async def _watch(self, task: tasks.Task, found: list[tasks.Task]) -> None:
        """Tells the user about a restart, and the log about programs that the memory limit has ended."""
        memory = self.chosen.memory
        if sentence := self._running.find_restart(task, found, memory, self.reports):
            self.notice = sentence
            self.notices.say(self.user.name, sentence)
            self.log.warning("Swarm restarted %s (%s), which read: %s", self.service_name, tasks.describe(task), sentence)
        with contextlib.suppress(APIError, RequestException):  # the next poll counts again
            if ended := await self._running.count_ended(task, self.docker_once, self.memory_kills, self.reports):
                processes = "1 process" if ended == 1 else f"{ended} processes"
                where = f"in the server of {printable(self.user.name)} on {self._running.machine}"
                self.log.warning("The memory limit (%s) ended %s %s", size_text(memory), processes, where)
                if not self._running.ended_before:
                    self.notices.say(self.user.name, MEMORY_ENDED.format(limit=size_text(memory)))

    def _is_lost(self, task: tasks.Task) -> bool:
        if self._start_pending or not tasks.waits_for_seat(task):
            return False
        return (datetime.now(UTC) - tasks.created(task)).total_seconds() > self.lost_after
