"""Reads the tasks of a user's service, which contain the state that Swarm reports for a server."""

from datetime import UTC, datetime

Task = dict

_ENDING = frozenset({"shutdown", "remove"})
ENDED = frozenset({"complete", "failed", "shutdown", "rejected", "orphaned", "remove"})

KILLED = 137  # the exit code of a process that was killed (128 + SIGKILL)

_SEEKING = (10, "Looking for a free seat")
_FOUND = (30, "Found a seat")
_FETCHING = (40, "Downloading the notebook image, if the machine does not have it")
# A node creates the container in the state "preparing", but mounts its volumes only when it starts it (moby, daemon/start.go).
_STARTING = (55, "Mounting your home folder and starting your server")
_STAGES = {
    "new": _SEEKING,
    "allocated": _SEEKING,
    "pending": _SEEKING,
    "assigned": _FOUND,
    "accepted": _FOUND,
    "preparing": _FETCHING,
    "ready": _STARTING,
    "starting": _STARTING,
    "running": (75, "Your server is running; waiting for its first response"),
}


def newest(tasks: list[Task]) -> Task | None:
    """Returns the task that Swarm wants to run; if there is none, the newest task.

    dockerspawner takes the first task of an unordered list, and so may return a task that ended long ago.
    """
    wanted = [task for task in tasks if task["DesiredState"] not in _ENDING]
    return max(wanted or tasks, key=lambda task: (created(task), task["Version"]["Index"]), default=None)


def is_alive(task: Task) -> bool:
    """Returns whether the server runs, or Swarm still intends to run it."""
    # If a task has ended but its DesiredState is still "running", Swarm has not handled it yet: Swarm changes DesiredState in the
    # same step in which it decides about a restart (swarmkit, manager/orchestrator/restart).
    return task["DesiredState"] not in _ENDING


def waits_for_seat(task: Task) -> bool:
    """Returns whether no node can run it (pending), or the network has no address for it (new); neither state ends by itself."""
    return state(task) == "new" or has_no_suitable_node(task)


def has_no_suitable_node(task: Task) -> bool:
    """Returns whether no node that meets its constraints can run it."""
    return state(task) == "pending" and "no suitable node" in error(task)


def lacks_room(task: Task) -> bool:
    """Returns whether all nodes are full; this changes when a server stops."""
    return state(task) == "pending" and "insufficient resources" in error(task)


def has_node(task: Task) -> bool:
    """Returns whether Swarm has assigned it to a node."""
    return state(task) not in {"new", "allocated", "pending"}


def is_running(task: Task) -> bool:
    """Returns whether its container runs; the server in it may not respond yet."""
    return state(task) == "running"


def has_failed(task: Task) -> bool:
    """Returns whether it ended by itself, which is a failure during a start."""
    return state(task) in {"failed", "rejected", "complete", "orphaned"} and not _was_moved(task)


def was_killed(task: Task) -> bool:
    """Returns whether it ended by itself because its first process was killed, as by the memory limit."""
    return state(task) == "failed" and (task["Status"].get("ContainerStatus") or {}).get("ExitCode") == KILLED


def container(task: Task) -> str:
    """Returns Docker's id of its container; empty if it has none yet."""
    return (task["Status"].get("ContainerStatus") or {}).get("ContainerID") or ""


def _was_moved(task: Task) -> bool:
    """Whether Swarm removed it from a node that no longer meets the constraints (swarmkit, orchestrator/constraintenforcer)."""
    return state(task) == "rejected" and "no longer meets constraints" in error(task)


def stage(task: Task | None) -> tuple[int, str]:
    """Returns the progress of a start in percent, and the message for the user."""
    return _STAGES.get(state(task) if task else "new", (20, "Trying again"))


def state(task: Task) -> str:
    """Returns the state that Swarm reports, in lower case."""
    return task["Status"]["State"].lower()


def error(task: Task) -> str:
    """Returns the error that Swarm reports; empty if there is none."""
    return task["Status"].get("Err") or ""


def describe(task: Task) -> str:
    """Returns one line for the log."""
    return f"task {task['ID']} {state(task)}: {error(task) or task['Status'].get('Message', '')}"


def created(task: Task) -> datetime:
    """Returns when Swarm created it; Go prints up to nine digits of a second, datetime reads six."""
    seconds, _, fraction = task["CreatedAt"].rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}").replace(tzinfo=UTC)
