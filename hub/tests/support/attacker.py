"""Another process that changes files in an endless loop, as a hostile student's program would."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START = """
import os, random, sys, time
from contextlib import suppress
os.chdir(sys.argv[1])
print("runs", flush=True)
while True:
    with suppress(OSError):
"""


@contextmanager
def attacker(folder: Path, *steps: str) -> Iterator[None]:
    """Runs the steps, lines of Python, in this folder again and again until the end of the block."""
    program = _START + "".join(f"        {step}\n" for step in steps)
    process = subprocess.Popen([sys.executable, "-S", "-c", program, str(folder)], stdout=subprocess.PIPE)  # noqa: S603
    try:
        process.stdout.readline()
        yield
    finally:
        assert process.poll() is None, "the attacker ran to the end"
        process.kill()
        process.communicate()
