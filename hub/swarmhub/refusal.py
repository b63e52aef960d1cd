"""Why a server does not start, in a sentence for the user and in the technician's words for the log."""

import errno
import re
from typing import NamedTuple

from jupyterhub.spawner import SpawnException


class Refusal(NamedTuple):
    """A reason (one word, also a label in the hub's metrics) and the sentence that the user reads."""

    reason: str
    sentence: str
    status: int = 500


NO_SEAT = Refusal("capacity", "All seats are taken, and none became free in all this time. Please ask your instructor.", 503)
QUEUE_FULL = Refusal("line", "All seats are taken, and many people wait for one already. Please ask your instructor.", 503)
NO_MACHINE = Refusal("machines", "No machine of this class is ready for your server. Please tell your instructor.", 503)
NO_ADDRESS = Refusal("addresses", "The class network has no address left for your server. Please tell your instructor.", 503)
IMAGE_MISSING = Refusal("image", "The notebook image cannot be fetched. Please tell your instructor.")
MOUNT_FAILED = Refusal("mount", "Your home folder cannot be mounted. Please tell your instructor.")
NO_COMMAND = Refusal("command", "The notebook image has no jupyterhub-singleuser. Please tell your instructor.")
NETWORK_FAILED = Refusal("network", "Your server cannot be joined to the class network. Please tell your instructor.")
TASK_FAILED = Refusal("task", "Your server started and stopped again at once. Please tell your instructor.")
SERVER_SILENT = Refusal("silent", "Your server runs but does not answer. Please tell your instructor.", 504)
TASK_GONE = Refusal("gone", "Your server was removed while it was starting. Please try again.", 503)
TOO_SLOW = Refusal("slow", "Your server takes too long to start. Please try again; if it happens twice, tell your instructor.", 503)
DOCKER_SILENT = Refusal("docker", "The hub cannot talk to Docker. Please tell your instructor.", 503)
DOCKER_REFUSED = Refusal("docker-refused", "Docker refused to make your server. Please tell your instructor.")
STORAGE_MISSING = Refusal("storage", "The disk with the homes is not there. Please tell your instructor.", 503)
STORAGE_SILENT = Refusal("storage-silent", "The storage for homes does not answer. Please tell your instructor.", 503)
STORAGE_FULL = Refusal("storage-full", "The disk with the homes is full, so no new home can be made. Please tell your instructor.", 503)
STORAGE_READ_ONLY = Refusal(
    "storage-read-only", "The disk with the homes is read-only, so no new home can be made. Please tell your instructor.", 503
)
STORAGE_BROKEN = Refusal("storage-broken", "The disk with the homes reports errors. Please tell your instructor.", 503)
STORAGE_FAILED = Refusal("storage-failed", "Your home folder cannot be made on the storage. Please tell your instructor.")
NOT_YOUR_HOME = Refusal("owner", "The home folder for your name belongs to somebody else. Please tell your instructor.", 403)
OWNER_UNREADABLE = Refusal("owner-unreadable", "The hub cannot read whose home folder this is. Please tell your instructor.")
WATCHER_SILENT = Refusal(
    "quota", "Your home has no size limit yet because the quota watcher does not answer. Please tell your instructor.", 503
)
LIMIT_FAILED = Refusal("quota-failed", "The quota watcher cannot set the size limit of your home. Please tell your instructor.")
LIMIT_LATE = Refusal("quota-late", "Many new homes are being made, and yours has no size limit yet. Please try again in a minute.", 503)

# What Swarm writes into a task's Status.Err, most telling first.
_SIGNS = (
    (r"insufficient resources", NO_SEAT),
    (r"no suitable node", NO_MACHINE),
    (r"failed to mount|error while mounting|mount.*volume", MOUNT_FAILED),
    # 127 is what shells and tini end with, which most images begin with.
    (r"executable file not found|exec:.*(no such file|permission denied)|non-zero exit \(127\)", NO_COMMAND),
    (r"available (ip|address)|ip address", NO_ADDRESS),
    (r"network|sandbox|endpoint", NETWORK_FAILED),
    (r"image|manifest|registry|pull access denied", IMAGE_MISSING),
)

# What the storage answers, as the kernel's error numbers; over the storage's own limit NFS says ENOSPC as well.
_ANSWERS = {
    errno.ENOSPC: STORAGE_FULL,
    errno.EDQUOT: STORAGE_FULL,
    errno.EROFS: STORAGE_READ_ONLY,
    errno.EIO: STORAGE_BROKEN,
    # Its disk went away under a mount that stays: the server exports none that is not mounted (`mp`).
    errno.ESTALE: STORAGE_MISSING,
    errno.ENODEV: STORAGE_MISSING,
    errno.ETIMEDOUT: STORAGE_SILENT,
}


def explain(error: str) -> Refusal:
    """Finds the refusal that fits what Swarm says about a task."""
    return next((refusal for pattern, refusal in _SIGNS if re.search(pattern, error, re.IGNORECASE | re.DOTALL)), TASK_FAILED)


def explain_storage(error: OSError) -> Refusal:
    """Finds the refusal that fits what the storage answers."""
    return _ANSWERS.get(error.errno, STORAGE_FAILED)


def refuse(refusal: Refusal, detail: str) -> SpawnException:
    """Makes the exception that shows the sentence to the user and writes the detail to the log."""
    error = SpawnException(
        refusal.sentence, reason=refusal.reason, status_code=refusal.status, log_message=f"{refusal.sentence} ({detail})"
    )
    # The page that tells how a start goes shows str(error), the log's words, unless this is set (jupyterhub/utils.py, format_exception).
    error.jupyterhub_message = refusal.sentence
    return error
