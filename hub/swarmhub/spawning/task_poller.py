"""Polls Docker for the tasks of starting services; simultaneous starts share one request."""

import asyncio

from ..labels import user_filter
from .swarm import Docker, tasks_of
from .tasks import Task


class SharedTaskPoller:
    """Shares polls within one hub. Fifty starts with two requests per second each would keep the hub and Docker busy."""

    def __init__(self) -> None:
        """No poll is planned yet."""
        self._next: asyncio.Task | None = None
        self._waiters = 0

    async def poll(self, docker: Docker, class_name: str, service: str, service_id: str, interval: float) -> list[Task] | None:
        """Returns all tasks of a service after at most `interval` seconds; None if the service does not exist."""
        if self._next is None:
            self._next = asyncio.ensure_future(self._poll(docker, class_name, interval))
        self._waiters += 1
        found = await asyncio.shield(self._next)
        # Asks again for a single start and for a service without tasks, which may be new or may not exist any more.
        return found.get(service_id) or await tasks_of(docker, service)

    async def _poll(self, docker: Docker, class_name: str, interval: float) -> dict[str, list[Task]]:
        await asyncio.sleep(interval)
        # Callers that arrive from now on may have created a service that this poll does not see.
        waiters, self._waiters, self._next = self._waiters, 0, None
        if waiters == 1:
            return {}
        found: dict[str, list[Task]] = {}
        for task in await docker("tasks", filters=user_filter(class_name)):
            found.setdefault(task["ServiceID"], []).append(task)
        return found
