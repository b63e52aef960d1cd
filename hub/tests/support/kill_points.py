"""Kills a function before each of its file calls."""

import json
import subprocess
import sys
from pathlib import Path

HUB = Path(__file__).parents[2]

# One process imports the modules and forks a child for each kill point: importing takes as long as fifty children.
PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from threading import Event

from swarmhub.homes.first_files import copy_first_files
from swarmhub.homes.late_comers import catch_up_now
from swarmhub.homes.provisioning import make_home

work = {
    "make_home": lambda storage: make_home(storage, "alice", "alice", ["staff"]),
    "copy_first_files": lambda storage: copy_first_files(storage, "alice", Event()),
    "hand_out": lambda storage: catch_up_now(storage, storage / "locks", "alice", Event()),
}[sys.argv[1]]
CHANGES = {"open", "os.mkdir", "os.link", "os.symlink", "os.rename", "os.remove", "os.rmdir", "os.listdir", "os.scandir", "os.utime"}

def work_or_die(storage, left):
    def hook(event, _arguments):
        nonlocal left
        if event in CHANGES:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    work(storage)

ends = []
for calls, folder in enumerate(sys.argv[2:]):
    child = os.fork()
    if child == 0:
        try:
            work_or_die(Path(folder), calls)
            os._exit(0)
        except BaseException:
            os._exit(1)
    ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    if ends[-1] != -signal.SIGKILL:
        break
print(json.dumps(ends))
"""


def kill_at_each_point(work: str, storages: list[Path]) -> list[int]:
    """Returns the exit code of each run: with the n-th storage it is killed before its n-th file call, until one run completes."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM, work, *storages], cwd=HUB, check=True, stdout=subprocess.PIPE)  # noqa: S603
    return json.loads(ended.stdout)
