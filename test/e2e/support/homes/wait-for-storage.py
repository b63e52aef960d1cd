"""Writes to a file until one write takes longer than 4 s; prints the time at the end of this write, in seconds since 1970.

wait-for-storage.py FILE SECONDS: stops after this number of seconds.
"""

import os
import sys
import time

file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    started = time.monotonic()
    os.write(file, b"%.3f\n" % time.time())
    os.fsync(file)
    if time.monotonic() - started > 4:
        print(time.time())
        break
    time.sleep(0.2)
