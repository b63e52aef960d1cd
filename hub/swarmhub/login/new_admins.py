"""Lets everyone who becomes an admin start anew: earlier logins of that name may be somebody else's."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock, Thread

from jupyterhub import orm
from jupyterhub.spawner import SpawnException
from sqlalchemy import event, inspect
from sqlalchemy.orm import object_session
from tornado.log import app_log

from ..homes.owner_note import find_home
from ..homes.storage_calls import call_storage
from ..private_file import write_private
from .sessions import end_sessions

_SHOWN_FOR = timedelta(days=7)


class NewAdmins:
    """Remembers in a file who became an admin, and when.

    `stop_server` stops the server of a user and returns whether none is left. It is called in a thread, again and again.
    Unless `names_are_open` to everybody with the password of the class, only logins and tokens end: server and home are the admin's own.
    """

    def __init__(
        self, path: Path, stop_server: Callable[[str], bool], interval: float = 1, attempts: int = 300, *, names_are_open: bool = True
    ) -> None:
        self._names_are_open = names_are_open
        self._path = path
        self._stop_server = stop_server
        self._interval = interval
        self._attempts = attempts
        self._lock = Lock()

    def watch(self) -> None:
        """Acts on each user who becomes an admin, in whatever way: the configuration, the admin page, the API or a login.

        A server that a previous hub did not stop in time is stopped now.
        """
        event.listen(orm.User.admin, "set", self._on_set, active_history=True)
        for name, entry in self._read().items():
            if not entry["stopped"]:
                self._stop_later(name)

    async def home_notice(self, storage: Path, name: str) -> str | None:
        """Returns a sentence for a new admin whose home may contain files of others; None if there is no home, or no answer within 1 s."""
        entry = self._read().get(name)
        if not entry or datetime.now(UTC) - datetime.fromisoformat(entry["since"]) > _SHOWN_FOR:
            return None
        try:
            if not await call_storage(1, _has_home, storage, name):
                return None
        except SpawnException:
            return None
        return (
            f"Until {entry['since'][:10]}, everybody with the class password could log in as {name}, and this home existed already. "
            "Its files may be somebody else's, also hidden ones that run by themselves, such as .bashrc and .ipython. "
            f"For an empty home, type: swarmhub homes delete {name}"
        )

    def forget(self, name: str) -> None:
        """Ends the notice: the home is new."""
        with self._lock:
            found = self._read()
            if found.get(name, {}).get("stopped"):
                del found[name]
                self._write(found)

    def _on_set(self, user: orm.User, is_admin: object, was_admin: object, _initiator: object) -> None:
        if is_admin is not True or was_admin is True or not user.name:
            return
        is_known = inspect(user).persistent
        if not self._names_are_open:
            if is_known:
                end_sessions(object_session(user), user, keep_server=True)
            return
        # Written before the database: a hub that is killed in between finds the user without admin rights and does all of it again.
        self._record(user.name, stopped=not is_known)
        if is_known:
            end_sessions(object_session(user), user, keep_server=False)
            app_log.warning(
                "%s is an admin now: logins, tokens and the server that this name had end; the home may contain files of others",
                user.name,
            )
            self._stop_later(user.name)

    def _stop_later(self, name: str) -> None:
        Thread(target=self._stop, args=(name,), daemon=True).start()

    def _stop(self, name: str) -> None:
        for _ in range(self._attempts):
            try:
                if self._stop_server(name):
                    self._record(name, stopped=True)
                    return
            except OSError:  # the hub does not listen yet
                pass
            time.sleep(self._interval)
        app_log.error("the server of the new admin %s may be somebody else's and could not be stopped: stop it on the admin page", name)

    def _record(self, name: str, *, stopped: bool) -> None:
        with self._lock:
            found = self._read()
            since = found[name]["since"] if stopped and name in found else datetime.now(UTC).isoformat(timespec="seconds")
            self._write(found | {name: {"since": since, "stopped": stopped}})

    def _read(self) -> dict[str, dict]:
        try:
            return json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}

    def _write(self, found: dict[str, dict]) -> None:
        write_private(self._path, json.dumps(found))


def _has_home(storage: Path, name: str) -> bool:
    return (storage / "homes" / find_home(storage, name)).is_dir()
