"""Acts on changes while the hub runs: people taken off the roster, new slips, a class that closes, and one that opens again."""

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from jupyterhub import orm
from sqlalchemy.orm import Session
from tornado.log import app_log
from traitlets.config import Config

from ..live_settings import LiveSettings
from ..private_file import write_private
from ..settings import Paths, Settings
from .access import Access, guard_requests
from .closing import Closing
from .membership import Membership
from .names import spell
from .roster import Roster
from .sessions import end_sessions
from .staff_passwords import staff_passwords


class Upkeep:
    """Remembers in a file what it has acted on, so that it also acts on what changed while the hub did not run.

    `stop_server` stops the server of a user and returns whether none is left. It is called in threads, again and again.
    """

    def __init__(
        self,
        path: Path,
        access: Access,
        method: str,
        stop_server: Callable[[str], bool],
        end_queue: Callable[[], object],
        staff: Mapping[str, str] | None = None,
    ) -> None:
        """`end_queue` ends the starts that wait for a seat. `staff` are the passwords of people who are not on the roster, by name."""
        self._path, self._access, self._method = path, access, method
        self._stop_server, self._end_queue = stop_server, end_queue
        self._staff = {name: _digest(password) for name, password in (staff or {}).items()}
        self._done: dict | None = None
        self._threads, self._stopping = ThreadPoolExecutor(8, "stop"), set()

    def __deepcopy__(self, _memo: dict) -> "Upkeep":
        """Stays one object: traitlets copies the objects in a settings file."""
        return self

    def run(self, db: Session) -> None:
        """Ends the logins of everybody who may not come in or has a new password, and stops servers when it is time."""
        now = self._state()
        before = self._read() if self._done is None else self._done
        if now != before:
            for user in db.query(orm.User):
                self._end_if_changed(db, user, before, now)
            db.commit()
            if now["closed"] and not before["closed"]:
                self._end_queue()  # a server of somebody who cannot enter it would take a seat
            self._done = now
            write_private(self._path, json.dumps(now))
        self._stop_if_due(db)

    def _state(self) -> dict:
        closed = self._access.closing.current()
        roster = self._access.roster
        people = self._staff | {name: _digest(person.password) for name, person in (roster.people() if roster else {}).items()}
        return {"method": self._method, "people": people, "closed": closed and closed.since.isoformat()}

    def _end_if_changed(self, db: Session, user: orm.User, before: dict, now: dict) -> None:
        if not user.admin and self._access.refusal_for(user.name):
            end_sessions(db, user, keep_server=True, keep_open=True)
        elif before["method"] != now["method"] or before["people"].get(spell(user.name)) != now["people"].get(spell(user.name)):
            end_sessions(db, user, keep_server=True)
            app_log.info("%s has to log in again: the password or the method of login has changed", user.name)

    def _stop_if_due(self, db: Session) -> None:
        closed = self._access.closing.current()
        if not closed or not closed.stop_at or closed.stop_at > datetime.now(UTC):
            return
        users = {spawner.user for spawner in db.query(orm.Spawner).filter(orm.Spawner.server_id.is_not(None))}
        for name in {user.name for user in users if not user.admin and self._access.refusal_for(user.name)} - self._stopping:
            self._stopping.add(name)
            app_log.warning("the class is closed: the server of %s stops", name)
            self._threads.submit(self._stop, name)

    def _stop(self, name: str) -> None:
        try:
            self._stop_server(name)
        except OSError as error:
            app_log.error("cannot stop the server of %s, and tries again: %s", name, error)
        finally:
            self._stopping.discard(name)

    def _read(self) -> dict:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return {key: found[key] for key in ("method", "people", "closed")}
        except (OSError, ValueError, LookupError, TypeError):
            # Before there was this file, there was only one method.
            return {"method": "shared-password", "people": {}, "closed": None}


def configure_access(
    c: Config, settings: LiveSettings, paths: Paths, stop_server: Callable[[str], bool], end_queue: Callable[[], object]
) -> Access:
    """Sets up the rules on who may come in, for every method of login; a method adds its own to what is returned."""
    roster = Roster(paths.roster) if settings.has_roster else None
    staff_names = settings.admins | settings.teachers
    membership = Membership(settings.servers.groups, roster, _used_groups(settings))
    settings.follow(lambda found: membership.use(found.servers.groups, _used_groups(found)))
    access = Access(settings.name, Closing(paths.data / "closed.json"), roster, staff_names, settings.allowed_groups, membership)
    c.AccessRules.access = access
    staff = staff_passwords(settings, paths) if settings.login_method == "passwords" else None
    c.AccessRules.upkeep = Upkeep(paths.data / "access.json", access, settings.login_method, stop_server, end_queue, staff).run
    guard_requests(access)
    return access


def _used_groups(settings: Settings) -> frozenset[str]:
    """The names of groups with a use apart from the settings of their members."""
    return settings.allowed_groups | {each.group for each in (*settings.programs, *settings.warm) if each.group}


def _digest(password_hash: str | None) -> str | None:
    return password_hash and hashlib.sha256(password_hash.encode()).hexdigest()
