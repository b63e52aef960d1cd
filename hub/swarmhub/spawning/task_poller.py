"""Looking at starts: all that start at the same time share one question to Docker."""

import asyncio

from .swarm import Docker, tasks_of
from .tasks import Task


class SharedTaskPoller:
    """The looks of one hub at one class. Fifty starts that each ask twice a second would keep hub and Docker busy with that alone."""

    def __init__(self) -> None:
        """Nobody looks."""
        self._next: asyncio.Task | None = None
        self._waiters = 0

    async def poll(self, docker: Docker, class_name: str, service: str, service_id: str, interval: float) -> list[Task] | None:
        """All tasks of a service, as they are `interval` seconds from now at the latest; None when there is no such service."""
        if self._next is None:
            self._next = asyncio.ensure_future(self._poll(docker, class_name, interval))
        self._waiters += 1
        found = await asyncio.shield(self._next)
        # Alone, or a service without a task: has it gone, or is it new?
        return found.get(service_id) or await tasks_of(docker, service)

    async def _poll(self, docker: Docker, class_name: str, interval: float) -> dict[str, list[Task]]:
        await asyncio.sleep(interval)
        # Whoever comes from now on may have made a service that this look does not see.
        waiters, self._waiters, self._next = self._waiters, 0, None
        if waiters == 1:
            return {}
        found: dict[str, list[Task]] = {}
        for task in await docker("tasks", filters={"label": [f"swarmhub.class={class_name}", "swarmhub.user"]}):
            found.setdefault(task["ServiceID"], []).append(task)
        return found
