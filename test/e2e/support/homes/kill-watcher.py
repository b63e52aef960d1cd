"""Makes homes in a burst, and kills the quota watcher with -9 at one of its steps; tells what it left behind.

kill-watcher.py STEP PREFIX COUNT [no]

STEP is a step of the watcher's, `during:NAME` or `after:NAME`. A third of the homes is somebody's bare mkdir, the others have
a mark first, as the hub's; some have a file from the start. With `no` nobody is killed: who asked does that. One line of JSON.
"""

import json
import os
import signal
import subprocess
import sys
import time

moment, prefix, count, spared = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:] == ["no"]
when, step = moment.split(":")
storage = "/srv/swarmhub"
words = {
    "look": b"lsattr -pd",
    "survey": b"lsattr -pa",
    "limit": b"limit -p bhard",
    "assign": b"chproj",
    "tree": b"project -s",
    "accounts": b"report -p",
}


def size(folder):
    found = os.statvfs(folder)
    return found.f_blocks * found.f_frsize


def watcher():
    answer = subprocess.run(["docker", "inspect", "-f", "{{.State.Pid}}", "watcher-quota"], stdout=subprocess.PIPE, check=True)
    return int(answer.stdout)


def await_watcher():
    end = time.monotonic() + 120
    while time.monotonic() < end:
        pid = watcher()
        # Docker may not have heard yet that it ended.
        if pid and os.path.exists(f"/proc/{pid}/cgroup"):
            return pid
        time.sleep(0.1)
    raise SystemExit("the watcher does not come back")


def commands(pid):
    """What runs in the watcher's container, each command with its words."""
    with open(f"/proc/{pid}/cgroup") as lines:
        group = [line.rstrip("\n").split(":", 2)[2] for line in lines][-1]
    with open(f"/sys/fs/cgroup{group}/cgroup.procs") as pids:
        for one in pids:
            try:
                with open(f"/proc/{one.strip()}/cmdline", "rb") as line:
                    yield line.read().replace(b"\0", b" ")
            except OSError:
                pass


made = []


def make(how_many):
    for _ in range(how_many):
        name = f"{prefix}{len(made)}"
        if len(made) % 3:
            os.close(os.open(f"{storage}/pending/{name}", os.O_CREAT | os.O_WRONLY))
        home = f"{storage}/homes/{name}"
        os.mkdir(home, 0o700)
        if len(made) % 7 == 0:
            with open(f"{home}/file", "w") as file:
                file.write("here before the limit\n")
        made.append(name)


def is_there(pid):
    if step == "mark":
        return any(index % 3 and not os.path.exists(f"{storage}/pending/{name}") for index, name in enumerate(made))
    return any(words[step] in command for command in commands(pid))


disk = size(storage)
unlimited = set()


def look_at(names):
    for name in names:
        if size(f"{storage}/homes/{name}") >= disk:
            unlimited.add(name)


def reach():
    """Waits for the moment, with more homes where the watcher was quicker; answers the watcher's pid, and whether it came."""
    pid = await_watcher()
    begun = time.monotonic()
    more = begun + 5
    was_there = False
    while time.monotonic() - begun < 60:
        try:
            there = is_there(pid)
        except FileNotFoundError:
            pid, there = await_watcher(), False
        if (there and (when == "during" or step == "mark")) or (was_there and not there):
            return pid, True
        was_there = was_there or there
        if time.monotonic() > more:
            make(20)
            more += 5
        look_at(made[-5:])
        time.sleep(0.0005)
    return pid, False


# Some while the watcher may still be down.
make(count // 2)
await_watcher()
make(count - count // 2)
if spared:
    os.sync()
pid, reached = reach()
if not spared:
    os.kill(pid, signal.SIGKILL)
# Nothing is mended until it is back.
look_at(os.listdir(f"{storage}/homes"))
marked = set(os.listdir(f"{storage}/pending"))
sizes = [size(f"{storage}/homes/{name}") for name in made]
print(
    json.dumps(
        {
            "reached": reached,
            "made": len(made),
            "marked": sum(name in marked for name in made),
            "own": sum(one != size(f"{storage}/homes") for one in sizes),
            "unlimited": sorted(unlimited),
            "early": [
                name
                for index, (name, one) in enumerate(zip(made, sizes))
                if index % 3 and name not in marked and one >= size(f"{storage}/homes")
            ],
        }
    )
)
