"""The reasons why a server does not start: a sentence for the user, and the technical detail for the log."""

import errno
import re
from typing import NamedTuple

from jupyterhub.spawner import SpawnException


class Refusal(NamedTuple):
    """A reason (one word, also a label in the hub's metrics) and the sentence that the user reads."""

    reason: str
    sentence: str
    status: int = 500


NO_SEAT = Refusal("capacity", "All seats are taken, and no seat became free while you were waiting. Please ask your instructor.", 503)
NO_SEAT_LEFT = Refusal("capacity-warm", "No seat was left for a warm start.", 503)
SEAT_NEEDED = Refusal("gave-way", "Somebody who waited got the seat.", 503)
TOO_LARGE = Refusal(
    "size",
    "No machine of this class has enough memory for a server with this image. "
    "Please choose another image if there is one, or tell your instructor.",
    503,
)
NO_GPU = Refusal("gpus", "No machine of this class has enough GPUs for your server. Please tell your instructor.", 503)
QUEUE_FULL = Refusal("line", "All seats are taken, and the queue is full. Please ask your instructor.", 503)
QUEUE_CLEARED = Refusal("cleared", "Your instructor has ended all starts that were waiting for a seat. Please try again.", 503)
NO_MACHINE = Refusal("machines", "No machine of this class is ready for your server. Please tell your instructor.", 503)
MACHINES_FULL = Refusal("disk", "No server can start because the disk of each machine is full ({names}). Please tell your instructor.", 503)
NO_ADDRESS = Refusal("addresses", "The class network has no free address for your server. Please tell your instructor.", 503)
IMAGE_MISSING = Refusal("image", "The notebook image cannot be downloaded. Please tell your instructor.")
MOUNT_FAILED = Refusal("mount", "Your home folder cannot be mounted. Please tell your instructor.")
NO_COMMAND = Refusal("command", "The notebook image has no jupyterhub-singleuser. Please tell your instructor.")
NEEDS_ROOT = Refusal("root", "The notebook image needs to run as root, which a class does not allow. Please tell your instructor.")
WRONG_ARCHITECTURE = Refusal("architecture", "The notebook image is made for another type of processor. Please tell your instructor.")
OUT_OF_MEMORY = Refusal(
    "memory", "Your server was killed while it started, most likely because its memory is too small. Please tell your instructor."
)
TOO_MANY_CORES = Refusal("cores", "Your server may use more processor cores than its machine has. Please tell your instructor.")
NETWORK_FAILED = Refusal("network", "Your server cannot be connected to the class network. Please tell your instructor.")
TASK_FAILED = Refusal("task", "Your server stopped right after it started. Please tell your instructor.")
SERVER_SILENT = Refusal("silent", "Your server is running but does not respond. Please tell your instructor.", 504)
DISK_FILLED = Refusal("filled", "Your server filled the disk of its machine, so it was ended. Please try again.")
TASK_GONE = Refusal("gone", "Your server was removed while it was starting. Please try again.", 503)
NAME_TAKEN = Refusal("name", "The server of another user already has the name that yours would get. Please tell your instructor.", 403)
STILL_STOPPING = Refusal("stopping", "Your previous server has not stopped yet. Please try again in a minute.", 503)
TOO_SLOW = Refusal("slow", "Your server took too long to start. Please try again. If it happens again, tell your instructor.", 503)
DOCKER_SILENT = Refusal("docker", "The hub cannot reach Docker. Please tell your instructor.", 503)
DOCKER_REFUSED = Refusal("docker-refused", "Docker refused to create your server. Please tell your instructor.")
STORAGE_MISSING = Refusal("storage", "The disk with the home folders is missing. Please tell your instructor.", 503)
STORAGE_SILENT = Refusal("storage-silent", "The storage for home folders does not respond. Please tell your instructor.", 503)
STORAGE_FULL = Refusal(
    "storage-full", "The disk with the home folders is full, so your home folder cannot be created. Please tell your instructor.", 503
)
STORAGE_READ_ONLY = Refusal(
    "storage-read-only",
    "The disk with the home folders is read-only, so your home folder cannot be created. Please tell your instructor.",
    503,
)
STORAGE_BROKEN = Refusal("storage-broken", "The disk with the home folders reports errors. Please tell your instructor.", 503)
STORAGE_FAILED = Refusal("storage-failed", "Your home folder cannot be created on the storage. Please tell your instructor.")
NOT_YOUR_HOME = Refusal("owner", "The home folder for your name belongs to another user. Please tell your instructor.", 403)
OWNER_UNREADABLE = Refusal("owner-unreadable", "The hub cannot read who owns this home folder. Please tell your instructor.")
WATCHER_SILENT = Refusal(
    "quota", "Your home folder has no size limit yet because the quota watcher does not respond. Please tell your instructor.", 503
)
LIMIT_FAILED = Refusal("quota-failed", "The quota watcher cannot set the size limit of your home folder. Please tell your instructor.")
LIMIT_LATE = Refusal(
    "quota-late", "Many new home folders are being created, and yours has no size limit yet. Please try again in a minute.", 503
)

# Patterns in a task's Status.Err from Swarm; the most specific come first.
_SIGNS = (
    (r"insufficient resources", NO_SEAT),
    (r"unsupported platform|exec format error", WRONG_ARCHITECTURE),
    (r"no suitable node", NO_MACHINE),
    (r"range of CPUs|only \d+ CPUs available", TOO_MANY_CORES),
    (r"failed to mount|error while mounting|mount.*volume", MOUNT_FAILED),
    # Shells and tini, with which most images start, exit with status 127.
    (r"executable file not found|exec:.*(no such file|permission denied)|non-zero exit \(127\)", NO_COMMAND),
    (r"non-zero exit \(137\)|out of memory", OUT_OF_MEMORY),
    (r"available (ip|address)|ip address", NO_ADDRESS),
    (r"network|sandbox|endpoint", NETWORK_FAILED),
    (r"image|manifest|registry|pull access denied", IMAGE_MISSING),
)

# What another machine may well be able to do: these failures say nothing about the image.
MACHINE_FAULTS = frozenset({IMAGE_MISSING, MOUNT_FAILED, NETWORK_FAILED, TOO_MANY_CORES})

# Patterns in the output of a container that Swarm's error does not explain. Users control it, but only that of their own start.
_OUTPUT_SIGNS = (
    (r"exec format error", WRONG_ARCHITECTURE),
    # sudo without capabilities, s6-overlay as an ordinary user or not as process 1, and scripts that look at the user id.
    (r"initializing audit plugin|can only run as pid 1|must be (run as )?root|need to be root|are you root", NEEDS_ROOT),
    (r"jupyterhub-singleuser['\"]?: (command )?not found", NO_COMMAND),
)

# Errors of the storage, as the kernel's error numbers; NFS also returns ENOSPC if the storage's own limit is exceeded.
_ANSWERS = {
    errno.ENOSPC: STORAGE_FULL,
    errno.EDQUOT: STORAGE_FULL,
    errno.EROFS: STORAGE_READ_ONLY,
    errno.EIO: STORAGE_BROKEN,
    # The disk was unmounted on the server, but is still mounted here: the server exports only mounted disks (`mp`).
    errno.ESTALE: STORAGE_MISSING,
    errno.ENODEV: STORAGE_MISSING,
    errno.ETIMEDOUT: STORAGE_SILENT,
}


def explain(error: str) -> Refusal:
    """Returns the refusal for the error that Swarm reports for a task."""
    return next((refusal for pattern, refusal in _SIGNS if re.search(pattern, error, re.IGNORECASE | re.DOTALL)), TASK_FAILED)


def explain_output(lines: list[str]) -> Refusal | None:
    """Returns the refusal for the output of a container that ended; None if it does not tell."""
    text = "\n".join(lines)
    return next((refusal for pattern, refusal in _OUTPUT_SIGNS if re.search(pattern, text, re.IGNORECASE)), None)


def explain_storage(error: OSError) -> Refusal:
    """Returns the refusal for an error of the storage."""
    return _ANSWERS.get(error.errno, STORAGE_FAILED)


def refuse(refusal: Refusal, detail: str) -> SpawnException:
    """Returns the exception that shows the sentence to the user and writes the detail to the log."""
    error = SpawnException(
        refusal.sentence, reason=refusal.reason, status_code=refusal.status, log_message=f"{refusal.sentence} ({detail})"
    )
    # The page that shows the progress displays str(error), the log message, unless this is set (jupyterhub/utils.py, format_exception).
    error.jupyterhub_message = refusal.sentence
    return error
