"""Makes new folders at once, and tells how long each waits until its limit is in force.

folders.py FOLDER PREFIX COUNT LIMIT_BYTES DEADLINE_SECONDS [MARKERS]

With MARKERS, a folder, each gets a mark there before it is made, as the hub does, and waits until that is gone as well. Of a
folder with a project id of its own XFS says the limit in place of the disk's size. Ends with one line of JSON, in seconds.
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
    # To look costs the machine's processor, which what is measured needs.
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
