"""Everybody of the class with the state of the server in words, from what the hub has in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC

from jupyterhub import orm

from ..login.names import spell
from ..login.roles import TEACHER
from ..login.roster import Roster
from .figures import Figures, cores_between

_MOST = 1000
_MB = 20  # as a shift


@dataclass(frozen=True)
class Person:
    """Somebody of the class; `spawner` is None for somebody who has not asked for a server since the hub's start."""

    name: str
    role: str = "student"  # or "teacher", "admin"
    spawner: object = None
    activity: float | None = None


@dataclass(frozen=True)
class Seen:
    """What the hub has looked at beside its own memory: the machines' newest and former figures, homes and kernels by user.

    A home is what is used and its limit, in bytes. A kernel list is None where the server did not answer.
    """

    figures: Mapping[str, Figures] = field(default_factory=dict)
    before: Mapping[str, Figures] = field(default_factory=dict)
    homes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    kernels: Mapping[str, list | None] = field(default_factory=dict)


def people_of(app, roster: Roster | None = None) -> list[Person]:
    """Returns everybody whom the hub knows or the roster has, by name; `app` is the running JupyterHub."""
    teachers = {user_id for (user_id,) in app.db.query(orm.User.id).join(orm.User.roles).filter(orm.Role.name == TEACHER)}
    rows = app.db.query(orm.User.id, orm.User.name, orm.User.admin, orm.User.last_activity).order_by(orm.User.name).limit(_MOST)

    def person(user_id: int, name: str, is_admin: bool, activity) -> Person:
        # Not app.users[…], which would create an object for each of them.
        user = dict.get(app.users, user_id)
        spawner = dict.get(user.spawners, "") if user else None
        role = "admin" if is_admin else "teacher" if user_id in teachers else "student"
        return Person(name, role, spawner, activity and activity.replace(tzinfo=UTC).timestamp())

    found = [person(*row) for row in rows]
    if roster is None:
        return found
    known = {spell(each.name) for each in found}
    new = [Person(name) for name in roster.people() if name not in known]
    return sorted(found + new, key=lambda each: each.name)[:_MOST]


def row(person: Person, seen: Seen) -> dict:
    """Returns what the page shows of somebody; sizes in MB, times in seconds since 1970. A key without a value is missing."""
    found = {"name": person.name, "role": person.role, **state(person.spawner)}
    if person.activity:
        # By the minute, because a row that changes is sent to every page.
        found["activity"] = int(person.activity) // 60 * 60
    if home := seen.homes.get(person.name):
        found |= {"home": home[0] >> _MB, "quota": home[1] >> _MB}
    if person.spawner is not None and person.spawner.warm.is_unvisited(person.name):
        found["warm"] = True
    if found["state"] == "running":
        found |= _running(person, seen)
    return found


def state(spawner) -> dict:
    """Returns the state of a server: away, queued, starting, running, stopping, checking or failed, with a sentence and its begin."""
    if spawner is None:
        return {"state": "away"}
    if spawner.pending == "spawn":
        place = spawner.seat_queue.position(entry) if (entry := getattr(spawner, "_entry", None)) else 0
        if place:
            return {"state": "queued", "place": place, "since": int(spawner.began)}
        return {"state": "starting", "say": spawner._stage[1], "since": int(spawner.began)}
    if spawner.pending:
        return {"state": "stopping" if spawner.pending == "stop" else "checking"}
    if spawner.ready:
        return {"state": "running"}
    if spawner._failed:
        error = spawner._spawn_future.exception()
        sentence = getattr(error, "jupyterhub_message", None) or "The server did not start. The reason is in the hub's log."
        return {"state": "failed", "say": sentence, "since": int(spawner.began)}
    return {"state": "away"}


def is_active(spawner) -> bool:
    """Returns whether a server takes a seat."""
    return state(spawner)["state"] not in ("away", "failed", "queued")


def _running(person: Person, seen: Seen) -> dict:
    spawner, server = person.spawner, person.spawner._running
    settings = spawner.chosen
    found: dict = {"limit": settings.memory >> _MB}
    if settings.cpu:
        found["cores"] = settings.cpu
    if server.machine:
        found["machine"] = server.machine
    # Only the machine on which the hub knows the container may say anything about it.
    figures, before = seen.figures.get(server.address), seen.before.get(server.address)
    if figures and (container := figures.containers.get(server.container)):
        found["memory"] = container.memory >> _MB
        if (cores := cores_between(before, figures, server.container)) is not None:
            found["cpu"] = round(cores, 1)
    if server.ended_at:
        found["ended"] = {"count": server.ended, "at": int(server.ended_at), "before": server.ended_before}
    kernels = seen.kernels.get(person.name)
    if kernels is not None:
        found["busy"] = any(kernel.is_busy for kernel in kernels)
    if spawner.notice:
        found["say"] = spawner.notice
    return found
