"""What happens to a running server: Swarm restarts it, or its memory limit ends programs in it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..machines import Report, address_of, name_of, read_reports
from . import tasks
from .swarm import Docker, inspect_node
from .tasks import Task

RESTARTED = "Your server had to be restarted. Your files are unchanged, but programs that were running must be started again."
# A kill has another cause than memory if a server has not ended within 10 s when its machine stopped Docker.
OUT_OF_MEMORY = (
    "Your server was killed, most likely because it used more memory than its limit ({limit}), and was restarted. "
    "Your files are unchanged, but programs that were running must be started again."
)

DISK_FILLED = (
    "Your server wrote {amount} outside your home folder, which filled the disk of its machine, so it was ended. "
    "Those files are gone. Your home folder is unchanged, but programs that were running must be started again."
)


@dataclass
class RunningServer:
    """The task and the container of one server when the hub last looked."""

    task_id: str = ""
    machine: str = ""
    address: str = ""
    container: str = ""
    # The programs that the memory limit has ended in the container, and when the hub saw the last one; `ended_before`: in its first look.
    ended: int = 0
    ended_at: float | None = None
    ended_before: bool = False

    def find_restart(self, task: Task, found: list[Task], memory: int, folder: Path | None = None) -> str | None:
        """Returns a sentence for the user if Swarm has restarted the server since the last call; `memory` is its limit in bytes."""
        if not tasks.is_running(task) or task["ID"] == self.task_id:
            return None
        before, self.task_id = self.task_id, task["ID"]
        if not before:
            return None
        last = tasks.newest([each for each in found if each["ID"] != task["ID"]])
        if sentence := last and self.disk_sentence(last, folder):
            return sentence
        return OUT_OF_MEMORY.format(limit=size_text(memory)) if last and tasks.was_killed(last) else RESTARTED

    def disk_sentence(self, task: Task, folder: Path | None) -> str | None:
        """Returns a sentence for the user if the task was ended because it filled the disk, as its own machine says."""
        reports = read_reports(folder)
        own = [reports[self.address]] if self.address in reports else [] if self.address else reports.values()
        ended = next((report.ended[tasks.container(task)] for report in own if tasks.container(task) in report.ended), None)
        return DISK_FILLED.format(amount=ended.layer.amount) if ended else None

    async def count_ended(self, task: Task, docker: Docker, kills: "MemoryKills", folder: Path | None) -> int:
        """Returns how many programs the memory limit has ended since the last call; raises the errors of Docker.

        The first call after a start of the hub returns all of them: nobody remembers what the hub before it has said.
        """
        container = tasks.container(task)
        if not (container and tasks.is_running(task)):
            return 0
        is_first = container != self.container
        if is_first:
            node = await inspect_node(docker, task["NodeID"])
            self.machine, self.address = (name_of(node), address_of(node)) if node else ("", "")
            self.container, self.ended, self.ended_at = container, 0, None
        # Fewer, or none: the report is missing, or has only the 200 largest containers.
        new = max(0, kills.of(self.address, container, folder) - self.ended)
        if new:
            self.ended, self.ended_at, self.ended_before = self.ended + new, time.time(), is_first
        return new


@dataclass
class MemoryKills:
    """The machines' newest reports, shared by all servers of the hub; read again after `refresh` seconds."""

    refresh: float = 5
    _read_at: float = field(default=-1e9, init=False)
    _reports: Mapping[str, Report] = field(default_factory=dict, init=False)

    def of(self, address: str, container: str, folder: Path | None) -> int:
        """Returns how many programs the memory limit has ended in a container, as its own machine says; 0 if that does not."""
        if time.monotonic() - self._read_at > self.refresh:
            self._read_at, self._reports = time.monotonic(), read_reports(folder)
        report = self._reports.get(address)
        return report.memory_kills.get(container, 0) if report else 0


def size_text(size: int) -> str:
    """Returns bytes as text: "1.5 GB", "512 MB"."""
    name, unit = ("GB", 1 << 30) if size >= 1 << 30 else ("MB", 1 << 20)
    return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
