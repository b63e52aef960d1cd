"""Decides after each poll whether a start continues or has failed, and with which message."""

from dataclasses import dataclass, field

from jupyterhub.spawner import SpawnException

from .. import refusal
from ..refusal import explain, refuse
from . import tasks
from .tasks import Task


@dataclass
class Timeouts:
    """How long a start may take, in seconds, and how many attempts of Swarm may fail."""

    placement: float
    response: float
    total: float
    max_failures: int


@dataclass
class StartMonitor:
    """One start of one service; `now` is the time of any clock, in seconds."""

    service: str
    timeouts: Timeouts
    started: float
    waiting_since: float | None = None
    silent_since: float | None = None
    failed: dict[str, Task] = field(default_factory=dict)
    seen: Task | None = None  # the task that explains a failure

    @property
    def failed_on(self) -> set[str]:
        """The ids of the nodes on which the start failed."""
        return {task["NodeID"] for task in self.failed.values() if task.get("NodeID")}

    def check(self, found: list[Task] | None, now: float) -> Task | None:
        """Returns the current task (None: Swarm has not created one yet); raises SpawnException if the start has failed."""
        if found is None:
            raise self._refuse(refusal.TASK_GONE, "the service does not exist any more")
        task = tasks.newest(found)
        # Failures are counted here because Swarm deletes old tasks: a start that keeps failing must not look like a first failure.
        self.failed |= {each["ID"]: each for each in found if tasks.has_failed(each)}
        last = tasks.newest(list(self.failed.values()))
        self.seen = last or task
        if len(self.failed) >= self.timeouts.max_failures or self._fails_everywhere() or (task and not tasks.is_alive(task)):
            last = last or task
            raise self._refuse(explain(tasks.error(last)), f"{len(self.failed)} attempts failed, the last one: {tasks.describe(last)}")
        if task and tasks.lacks_room(task):
            # The queue has a timeout of its own; the start has not begun yet.
            self.started, self.waiting_since = now, None
            return task
        self.waiting_since = (self.waiting_since or now) if task is None or tasks.waits_for_seat(task) else None
        if self.waiting_since and now - self.waiting_since > self.timeouts.placement:
            raise self._no_seat(task)
        self.silent_since = (self.silent_since or now) if task and tasks.is_running(task) else None
        if self.silent_since and now - self.silent_since > self.timeouts.response:
            raise self._refuse(refusal.SERVER_SILENT, f"is running, but no response in {self.timeouts.response} s")
        if now - self.started > self.timeouts.total:
            raise self._refuse(refusal.TOO_SLOW, f"{tasks.describe(task) if task else 'no task'} after {int(now - self.started)} s")
        return task

    def _fails_everywhere(self) -> bool:
        """Whether the container itself failed on two nodes: on a third one its user would only wait longer for the same message."""
        ended = [task for task in self.failed.values() if explain(tasks.error(task)) not in refusal.MACHINE_FAULTS]
        return len({task.get("NodeID") for task in ended}) > 1

    def _no_seat(self, task: Task | None) -> SpawnException:
        # A task stays "new" if the overlay network has no free address for it.
        error = tasks.error(task) if task else ""
        return self._refuse(explain(error) if error else refusal.NO_ADDRESS, error or "the task stays new")

    def _refuse(self, reason: refusal.Refusal, detail: str) -> SpawnException:
        return refuse(reason, f"{self.service}: {detail}")
