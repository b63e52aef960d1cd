"""Writes to a file until one write waited for longer than 4 s; tells when that write came back, in seconds since 1970.

wait-for-storage.py FILE SECONDS: it gives up after so many.
"""

import os
import sys
import time

file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    begun = time.monotonic()
    os.write(file, b"%.3f\n" % time.time())
    os.fsync(file)
    if time.monotonic() - begun > 4:
        print(time.time())
        break
    time.sleep(0.2)
