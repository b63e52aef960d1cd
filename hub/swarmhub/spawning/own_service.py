"""SwarmSpawner that touches only the service of its own user, and repeats requests while Docker fails for a moment."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus

from docker.errors import APIError
from dockerspawner import SwarmSpawner
from requests.exceptions import RequestException
from traitlets import Callable, Float, Instance, default

from .. import refusal
from ..refusal import refuse
from ..settings import Settings
from ..slug import former_slug, slug
from . import tasks
from .service_spec import ignored_keys
from .swarm import Docker, inspect_service, remove_service, retry, tasks_of, user_in, wait_until_gone
from .tasks import Task


class OwnServiceSpawner(SwarmSpawner):
    """The service of one user's server.

    Names of users become names of services, so that of a service may also be the one of another user; the service says whose it is.
    """

    find_settings = Callable(None, allow_none=True, config=True, help="returns the settings of the class as they are now")
    settings = Instance(Settings, help="the settings of the class at the start of this server, or of the hub that found it running")
    start_poll_interval = Float(0.5, config=True, help="seconds between two polls of a starting server (upstream: up to 11)")
    docker_patience = Float(15, config=True, help="seconds for which failing requests to Docker are repeated")
    stop_timeout = Float(15, config=True, help="seconds to wait for the end of a container; Swarm kills it after 10 s")

    _has_read_back = False  # shared by all spawners of the hub

    @default("settings")
    def _settings_default(self):
        return self.find_settings()

    @property
    def class_settings(self) -> Settings:
        """The settings of the class as they are now."""
        return self.find_settings() if self.find_settings else self.settings

    @default("escape")
    def _escape_default(self):
        return slug

    def use_home(self, home: str) -> None:
        """Names the home, and with it the service, which must not run yet."""
        self._escaped_name = home
        self.object_name = self._object_name_default()

    def load_state(self, state) -> None:
        """Finds the service of a running server again; `swarmhub up` has removed a service with any other name."""
        super().load_state(state)
        former = former_slug(self.user.name)
        self.use_home(former if self.object_name.endswith(f"-{former}") else slug(self.user.name))
        if state.get("object_name") != self.object_name:
            self.object_id = ""

    async def get_object(self) -> dict | None:
        """Returns the service of this user, None if there is none; raises SpawnException if a service of another user has its name."""
        found = await inspect_service(self.docker, self.service_name)
        if found and user_in(found) != self.user.name:
            raise refuse(refusal.NAME_TAKEN, f"{self.service_name} belongs to {user_in(found)!r}, but the user is {self.user.name!r}")
        self.object_id = found["ID"] if found else ""
        return found

    @property
    def executor(self) -> ThreadPoolExecutor:
        # Upstream has one thread: while a whole class starts, each poll would wait for all others.
        if OwnServiceSpawner._executor is None:
            OwnServiceSpawner._executor = ThreadPoolExecutor(4, thread_name_prefix="docker")
        return OwnServiceSpawner._executor

    def docker(self, method: str, *args: object, **kwargs: object) -> asyncio.Future:
        """Calls a method of docker-py's APIClient in a thread; repeats it while Docker fails, for docker_patience at most."""
        return asyncio.ensure_future(
            retry(partial(super().docker, method, *args, **kwargs), self.docker_patience, self.start_poll_interval)
        )

    def docker_once(self, method: str, *args: object, **kwargs: object) -> asyncio.Future:
        """Calls a method of docker-py's APIClient in a thread."""
        return super().docker(method, *args, **kwargs)

    async def create_once(self, spec: dict) -> dict:
        """Creates a service from the keyword arguments for docker-py, and returns it; only one, also if Docker's answer is lost."""
        try:
            created = await self.docker("create_service", **spec)
        except APIError as error:
            # The name is taken: Docker had created the service in a request that seemed to have failed.
            if error.status_code != HTTPStatus.CONFLICT or not (created := await self.get_object()):
                raise
        await self._report_ignored_keys(created["ID"], spec)
        return created

    async def _report_ignored_keys(self, service_id: str, spec: dict) -> None:
        """Logs, for the first service of this hub, which of its keys the manager's Engine does not know."""
        if OwnServiceSpawner._has_read_back:
            return
        try:
            found = await self.docker("inspect_service", service_id)
        except (APIError, RequestException):
            return  # the next service is read instead
        OwnServiceSpawner._has_read_back = True
        if ignored := ignored_keys(spec["task_template"], found["Spec"]["TaskTemplate"]):
            self.log.warning("This Docker Engine ignores %s, so users' servers run without it", ", ".join(ignored))

    async def get_task(self):
        """Returns the newest task of the service, or None."""
        return tasks.newest(await self.find_tasks() or [])

    async def remove_object(self) -> None:
        """Removes the service of this user, by its id: a service with the same name may belong to another user."""
        if service_id := await self.find_id():
            await remove_service(self.docker, service_id)
        self.object_id = ""

    async def find_id(self, docker: Docker | None = None) -> str:
        """Returns the id of this user's service; empty if there is none."""
        if not self.object_id:
            found = await inspect_service(docker or self.docker, self.service_name)
            self.object_id = found["ID"] if found and user_in(found) == self.user.name else ""
        return self.object_id

    async def find_tasks(self, docker: Docker | None = None) -> list[Task] | None:
        """Returns all tasks of this user's service, including ended ones; None if there is no service."""
        service_id = await self.find_id(docker)
        return await tasks_of(docker or self.docker, service_id) if service_id else None

    async def wait_until_gone(self) -> bool:
        """Waits until no container uses the home, for stop_timeout at most; returns whether there is none."""
        return await wait_until_gone(self.docker, self.settings.name, self.escaped_name, self.stop_timeout, self.start_poll_interval)
