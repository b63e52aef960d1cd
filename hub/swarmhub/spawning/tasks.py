"""Reading the tasks of a user's service: Swarm's own words for how a server is doing."""

from datetime import UTC, datetime

Task = dict

_ENDING = frozenset({"shutdown", "remove"})
ENDED = frozenset({"complete", "failed", "shutdown", "rejected", "orphaned", "remove"})

_SEEKING = (10, "Looking for a free seat")
_FOUND = (30, "Found a seat")
_FETCHING = (40, "Fetching the notebook image, where the machine lacks it")
# An agent makes the container while it prepares, and mounts its volumes only when it starts it (moby, daemon/start.go).
_STARTING = (55, "Mounting your home and starting your server")
_STAGES = {
    "new": _SEEKING,
    "allocated": _SEEKING,
    "pending": _SEEKING,
    "assigned": _FOUND,
    "accepted": _FOUND,
    "preparing": _FETCHING,
    "ready": _STARTING,
    "starting": _STARTING,
    "running": (75, "Your server runs; waiting for its first answer"),
}


def newest(tasks: list[Task]) -> Task | None:
    """The task that counts: the one Swarm wants to run, else the one made last.

    dockerspawner takes the first of a list that has no order, and so answers with tasks that ended long ago.
    """
    wanted = [task for task in tasks if task["DesiredState"] not in _ENDING]
    return max(wanted or tasks, key=lambda task: (created(task), task["Version"]["Index"]), default=None)


def is_alive(task: Task) -> bool:
    """A server that runs, or that Swarm is still about to run."""
    # A task that has just ended, while Swarm still wants it to run, is one that Swarm has not looked at yet: in the same
    # step in which it decides about a restart it changes DesiredState (swarmkit, manager/orchestrator/restart).
    return task["DesiredState"] not in _ENDING


def waits_for_seat(task: Task) -> bool:
    """No machine has room for it (pending), or the network has no address for it (new); both last for ever."""
    return state(task) == "new" or has_no_suitable_node(task)


def has_no_suitable_node(task: Task) -> bool:
    """No machine that it may be on takes it."""
    return state(task) == "pending" and "no suitable node" in error(task)


def lacks_room(task: Task) -> bool:
    """All machines are full; a server that stops changes that."""
    return state(task) == "pending" and "insufficient resources" in error(task)


def has_node(task: Task) -> bool:
    """Swarm has given it a seat."""
    return state(task) not in {"new", "allocated", "pending"}


def is_running(task: Task) -> bool:
    """Its container runs; whether the server in it answers is another question."""
    return state(task) == "running"


def has_failed(task: Task) -> bool:
    """It ended by itself, and not well."""
    return state(task) in {"failed", "rejected", "complete", "orphaned"} and not _was_moved(task)


def _was_moved(task: Task) -> bool:
    """Swarm took it from a machine where its service may be no more (swarmkit, orchestrator/constraintenforcer)."""
    return state(task) == "rejected" and "no longer meets constraints" in error(task)


def stage(task: Task | None) -> tuple[int, str]:
    """How far a start has come: per cent, and words for the user."""
    return _STAGES.get(state(task) if task else "new", (20, "Trying again"))


def state(task: Task) -> str:
    return task["Status"]["State"].lower()


def error(task: Task) -> str:
    return task["Status"].get("Err") or ""


def describe(task: Task) -> str:
    """One line for the log."""
    return f"task {task['ID']} {state(task)}: {error(task) or task['Status'].get('Message', '')}"


def created(task: Task) -> datetime:
    """When Swarm made it; Go prints up to nine digits of a second, datetime reads six."""
    seconds, _, fraction = task["CreatedAt"].rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}").replace(tzinfo=UTC)
