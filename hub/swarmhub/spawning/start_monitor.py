"""Judging a start, look after look: does it go on, has it ended well, or must it be given up, and with which words."""

from dataclasses import dataclass, field

from jupyterhub.spawner import SpawnException

from .. import refusal
from ..refusal import explain, refuse
from . import tasks
from .tasks import Task


@dataclass
class Timeouts:
    """How long a start may take, in seconds, and how often Swarm may fail with it."""

    placement: float
    answer: float
    total: float
    max_failures: int


@dataclass
class StartMonitor:
    """One start of one service; `now` is any clock in seconds."""

    service: str
    timeouts: Timeouts
    started: float
    waiting_since: float | None = None
    silent_since: float | None = None
    failed: dict[str, Task] = field(default_factory=dict)

    @property
    def failed_on(self) -> set[str]:
        """The ids of the machines where it failed."""
        return {task["NodeID"] for task in self.failed.values() if task.get("NodeID")}

    def check(self, found: list[Task] | None, now: float) -> Task | None:
        """Answers the task that counts (None: Swarm has made none yet); raises SpawnException when waiting is no use."""
        if found is None:
            raise self._refuse(refusal.TASK_GONE, "the service is gone")
        task = tasks.newest(found)
        # Kept here, since Swarm forgets old tasks: a start that fails for ever must not look like one that has just failed.
        self.failed |= {each["ID"]: each for each in found if tasks.has_failed(each)}
        if len(self.failed) >= self.timeouts.max_failures or (task and not tasks.is_alive(task)):
            last = tasks.newest(list(self.failed.values())) or task
            raise self._refuse(explain(tasks.error(last)), f"{len(self.failed)} failed, last {tasks.describe(last)}")
        if task and tasks.lacks_room(task):
            # A matter of the line, which has its own patience; the start has not begun yet.
            self.started, self.waiting_since = now, None
            return task
        self.waiting_since = (self.waiting_since or now) if task is None or tasks.waits_for_seat(task) else None
        if self.waiting_since and now - self.waiting_since > self.timeouts.placement:
            raise self._no_seat(task)
        self.silent_since = (self.silent_since or now) if task and tasks.is_running(task) else None
        if self.silent_since and now - self.silent_since > self.timeouts.answer:
            raise self._refuse(refusal.SERVER_SILENT, f"runs, no answer in {self.timeouts.answer} s")
        if now - self.started > self.timeouts.total:
            raise self._refuse(refusal.TOO_SLOW, f"{tasks.describe(task) if task else 'no task'} after {int(now - self.started)} s")
        return task

    def _no_seat(self, task: Task | None) -> SpawnException:
        # A task that stays "new" is one for which the overlay network has no address left.
        error = tasks.error(task) if task else ""
        return self._refuse(explain(error) if error else refusal.NO_ADDRESS, error or "the task stays new")

    def _refuse(self, reason: refusal.Refusal, detail: str) -> SpawnException:
        return refuse(reason, f"{self.service}: {detail}")
