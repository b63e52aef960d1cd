"""Creates homes in a burst, kills the quota watcher with SIGKILL at one of its steps, and prints the state of the homes.

kill-watcher.py STEP PREFIX COUNT [no]

STEP is `during:NAME` or `after:NAME`; NAME is a step of the watcher. A third of the homes has no pending marker, like after a plain
mkdir; the others get a marker first, like the hub's homes. Some have a file from the start. With `no` the watcher is not killed,
so that the caller can kill the machine. Prints one line of JSON.
"""

import json
import os
import signal
import subprocess
import sys
import time

moment, prefix, count, is_spared = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:] == ["no"]
when, step = moment.split(":")
storage = "/srv/swarmhub"
patterns = {
    "inspect": b"lsattr -pd",
    "full-scan": b"lsattr -pa",
    "limit": b"limit -p bhard",
    "assign": b"chproj",
    "tree": b"project -s",
    "accounts": b"report -p",
}


def size(folder):
    status = os.statvfs(folder)
    return status.f_blocks * status.f_frsize


def watcher_pid():
    result = subprocess.run(["docker", "inspect", "-f", "{{.State.Pid}}", "warm-quota"], stdout=subprocess.PIPE, check=True)
    return int(result.stdout)


def await_watcher():
    end = time.monotonic() + 120
    while time.monotonic() < end:
        pid = watcher_pid()
        # Docker may still list a process that has ended.
        if pid and os.path.exists(f"/proc/{pid}/cgroup"):
            return pid
        time.sleep(0.1)
    raise SystemExit("the watcher does not restart")


def commands(pid):
    """Yields the command line of each process in the watcher's container."""
    with open(f"/proc/{pid}/cgroup") as lines:
        group = [line.rstrip("\n").split(":", 2)[2] for line in lines][-1]
    with open(f"/sys/fs/cgroup{group}/cgroup.procs") as pids:
        for one in pids:
            try:
                with open(f"/proc/{one.strip()}/cmdline", "rb") as line:
                    yield line.read().replace(b"\0", b" ")
            except OSError:
                pass


created = []


def create_homes(number):
    for _ in range(number):
        name = f"{prefix}{len(created)}"
        if len(created) % 3:
            os.close(os.open(f"{storage}/pending/{name}", os.O_CREAT | os.O_WRONLY))
        home = f"{storage}/homes/{name}"
        os.mkdir(home, 0o700)
        if len(created) % 7 == 0:
            with open(f"{home}/file", "w") as file:
                file.write("older than the limit\n")
        created.append(name)


def is_running(pid):
    if step == "marker":
        return any(index % 3 and not os.path.exists(f"{storage}/pending/{name}") for index, name in enumerate(created))
    return any(patterns[step] in command for command in commands(pid))


disk = size(storage)
unlimited = set()


def check_limits(names):
    for name in names:
        if size(f"{storage}/homes/{name}") >= disk:
            unlimited.add(name)


def wait_for_step():
    """Waits for the step, and creates more homes if the watcher was faster. Returns the watcher's pid and whether the step was seen."""
    pid = await_watcher()
    started = time.monotonic()
    next_homes = started + 5
    was_running = False
    while time.monotonic() - started < 60:
        try:
            running = is_running(pid)
        except FileNotFoundError:
            pid, running = await_watcher(), False
        if (running and (when == "during" or step == "marker")) or (was_running and not running):
            return pid, True
        was_running = was_running or running
        if time.monotonic() > next_homes:
            create_homes(20)
            next_homes += 5
        check_limits(created[-5:])
        time.sleep(0.0005)
    return pid, False


# The first half may be created before the watcher has restarted.
create_homes(count // 2)
await_watcher()
create_homes(count - count // 2)
# A power cut loses what is not on the disk yet: the homes that wait_for_step creates while a watcher is faster than this program.
synced = len(created)
if is_spared:
    os.sync()
pid, reached = wait_for_step()
if not is_spared:
    os.kill(pid, signal.SIGKILL)
# The limits do not change until it has restarted.
check_limits(os.listdir(f"{storage}/homes"))
marked = set(os.listdir(f"{storage}/pending"))
sizes = [size(f"{storage}/homes/{name}") for name in created]
print(
    json.dumps(
        {
            "reached": reached,
            "made": len(created),
            "synced": synced,
            "marked": sum(name in marked for name in created),
            "own": sum(one != size(f"{storage}/homes") for one in sizes),
            "unlimited": sorted(unlimited),
            "early": [
                name
                for index, (name, one) in enumerate(zip(created, sizes))
                if index % 3 and name not in marked and one >= size(f"{storage}/homes")
            ],
        }
    )
)
