"""Creates new folders at once and measures the time until the limit of each is in force.

folders.py FOLDER PREFIX COUNT LIMIT_BYTES DEADLINE_SECONDS [MARKERS]

MARKERS is a folder. If it is given, a marker file for each new folder is created there first, as the hub does, and the time ends
when the marker is removed as well. For a folder with a project id XFS reports the limit as the size of the disk. Prints one line
of JSON with times in seconds.
"""

import json
import os
import sys
import time

folder, prefix, count, limit, deadline = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
markers = sys.argv[6] if len(sys.argv) > 6 else None


def is_limited(name):
    size = os.statvfs(f"{folder}/{name}")
    return size.f_blocks * size.f_frsize == limit and not (markers and os.path.exists(f"{markers}/{name}"))


started = time.monotonic()
created = {}
for index in range(count):
    name = f"{prefix}{index}"
    if markers:
        os.close(os.open(f"{markers}/{name}", os.O_CREAT | os.O_WRONLY))
    created[name] = time.monotonic()
    os.mkdir(f"{folder}/{name}")
creation_time = time.monotonic() - started

waits = []
waiting = list(created)
while waiting and time.monotonic() - started < deadline:
    poll_started = time.monotonic()
    still_waiting = []
    for name in waiting:
        if is_limited(name):
            waits.append(time.monotonic() - created[name])
        else:
            still_waiting.append(name)
    waiting = still_waiting
    # Polling uses CPU time that the measured program needs, so it pauses in proportion.
    time.sleep(max(0.005, min(1, 4 * (time.monotonic() - poll_started))))

waits.sort()
print(
    json.dumps(
        {
            "made": round(creation_time, 3),
            "all": round(time.monotonic() - started, 3),
            "p50": round(waits[len(waits) // 2], 3) if waits else None,
            "last": round(waits[-1], 3) if waits else None,
            "missed": len(waiting),
        }
    )
)
