"""Attempts of a user's container to escape its home, as root and as the user: each must be refused, or its space be counted.

Run in the container: python3 isolation.py HOME ADDRESS…, with the addresses of the machines of the class. Prints a line for each
attempt and exits with 1 if one of them succeeded. The home stays unchanged, but for what the kernel keeps.
"""

import contextlib
import ctypes
import errno
import faulthandler
import fcntl
import mmap
import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

HOME, ADDRESSES = Path(sys.argv[1]), sys.argv[2:]
WORK = HOME / ".isolation"
FULL = {errno.ENOSPC, errno.EDQUOT}
MB = 1 << 20
libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    succeeded = 0
    for attempt in ATTEMPTS:
        # A call that waits for the storage for ever is shown with its line.
        faulthandler.dump_traceback_later(120)
        clear()
        WORK.mkdir()
        try:
            result = attempt()
        except AssertionError as error:
            succeeded += 1
            print(f"SUCCEEDED  {attempt.__name__}: {error}", flush=True)
        else:
            print(f"ok  {attempt.__name__}: {result}", flush=True)
        finally:
            clear()
    print(f"{len(ATTEMPTS)} attempts, {succeeded} succeeded, as user {os.getuid()}")
    return 1 if succeeded else 0


def clear() -> None:
    """Removes the files of an attempt; while the server deletes a sparse file of a terabyte, the folder may remain for a moment.

    Debian's kernel 6.12.118 may keep one that did not fit, as .nfs…: the next start of the server frees its space.
    """
    end = time.monotonic() + 60
    while WORK.exists() and time.monotonic() < end:
        shutil.rmtree(WORK, ignore_errors=True)
        time.sleep(0.2)
    if WORK.exists():
        left = [each.name for each in WORK.iterdir()]
        assert all(name.startswith(".nfs") for name in left), left
        print(f"the kernel keeps {left}", flush=True)
        WORK.rename(HOME / f".kept-{time.time_ns()}")


def refused(*numbers: int):
    """Returns a function that calls another one and checks its error; without numbers every error is accepted."""

    def check(call, *arguments) -> str:
        try:
            call(*arguments)
        except OSError as error:
            assert not numbers or error.errno in numbers, error
            return os.strerror(error.errno)
        raise AssertionError(f"{arguments} was allowed")

    return check


def system_call(name: str, *arguments) -> None:
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def another_home_by_path() -> str:
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    over_nfs = [fields[4] for fields in mounts if fields[fields.index("-") + 1].startswith("nfs")]
    assert over_nfs == [str(HOME)], over_nfs
    siblings = sorted(path.name for path in HOME.parent.iterdir())
    assert siblings == [HOME.name], siblings
    for path in ("/srv/swarmhub", "/storage", HOME / "../../homes", f"/proc/1/root{HOME}/../ben"):
        refused(errno.ENOENT, errno.EACCES)(os.listdir, path)
    return "only the user's own home is mounted"


def a_home_by_its_file_handle() -> str:
    # Like the exploit "Shocker": open_by_handle_at with an invented handle needs no path.
    handle = ctypes.create_string_buffer(struct.pack("Ii", 8, 1) + bytes(128))
    folder = os.open(HOME, os.O_RDONLY)
    try:
        return refused(errno.EPERM)(system_call, "open_by_handle_at", folder, handle, os.O_RDONLY)
    finally:
        os.close(folder)


def mounting_the_export() -> str:
    arguments = (b":/srv/swarmhub", b"/mnt", b"nfs4", 0, f"addr={ADDRESSES[0]},clientaddr=0.0.0.0".encode())
    result = refused(errno.EPERM, errno.EACCES)(system_call, "mount", *arguments)
    new_user, new_mounts = 0x10000000, 0x20000
    refused(errno.EPERM, errno.ENOSPC)(system_call, "unshare", new_user | new_mounts)
    return result


def speaking_nfs_from_user_space() -> str:
    route = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    gateways = {socket.inet_ntoa(struct.pack("=I", int(fields[2], 16))) for fields in route} - {"0.0.0.0"}
    for address in {*ADDRESSES, *gateways}:
        for source in (0, 701):  # some servers accept only source ports that need root
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                client.bind(("", source))
                client.settimeout(1.5)
                answer = client.connect_ex((address, 2049))
                assert answer != 0, f"{address}:2049 answers port {source}"
    return f"no answer from {len({*ADDRESSES, *gateways})} addresses"


def another_project_id() -> str:
    get, put, flags = 0x801C581F, 0x401C5820, 0x40086602
    attributes = struct.pack("IIIII8x", 0, 0, 0, 0, 0)
    results = set()
    for path in (HOME, WORK):
        folder = os.open(path, os.O_RDONLY)
        try:
            for request, value in ((get, attributes), (put, attributes), (flags, struct.pack("q", 0))):
                results.add(refused()(fcntl.ioctl, folder, request, value))
        finally:
            os.close(folder)
    tools = {"chattr": ["chattr", "-p", "0", HOME], "xfs_io": ["xfs_io", "-c", "chproj 0", HOME], "xfs_quota": ["xfs_quota", "-xc", "report", HOME]}
    found = [name for name in tools if shutil.which(name)]
    for name in found:
        ended = subprocess.run(tools[name], capture_output=True, check=False)
        assert ended.returncode != 0 or name != "chattr", ended
    return f"{', '.join(sorted(results))}; installed tools: {', '.join(found) or 'none'}"


def links_and_renames_out_of_the_home() -> str:
    mine = WORK / "mine"
    mine.write_text("x")
    for call in (os.link, os.rename):
        for target in ("/tmp/mine", "/dev/shm/mine"):
            refused(errno.EXDEV)(call, mine, target)
    outward = WORK / "outward"
    outward.symlink_to("../../../homes/ben")
    refused(errno.ENOENT)(os.listdir, outward)
    return "Invalid cross-device link"


def holes_in_files() -> str:
    """A sparse file, as large as this process may make it, takes no space, but its written blocks do."""
    largest, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = 1 << 40 if largest == resource.RLIM_INFINITY else min(largest, 1 << 40)
    return fill(lambda file, written: os.pwrite(file, os.urandom(MB), written * 16), size=size)


def clones_of_a_file() -> str:
    """XFS shares their blocks, and still counts each clone."""
    original, limit = WORK / "original", limit_of_home()
    with original.open("w+b") as file:
        file.write(os.urandom(limit // 4))
        file.flush()
        os.fsync(file.fileno())
        for copy in range(8):
            with (WORK / str(copy)).open("wb") as clone:
                try:
                    fcntl.ioctl(clone, 0x40049409, file.fileno())
                except OSError as error:
                    assert error.errno in FULL | {errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL}, error
                    return f"{os.strerror(error.errno)} at clone {copy + 1} of a quarter of the home"
    raise AssertionError(f"8 clones of {limit // 4} bytes in a home of {limit}")


def writes_through_a_map() -> str:
    limit = limit_of_home()
    path = WORK / "mapped"
    with path.open("w+b") as file:
        file.truncate(3 * limit)
        child = os.fork()
        if child == 0:
            status = 0
            try:
                with mmap.mmap(file.fileno(), 3 * limit) as pages:
                    for at in range(0, 3 * limit, MB):
                        pages[at : at + MB] = b"x" * MB
                    pages.flush()
            except OSError as error:
                status = error.errno
            os._exit(status)
        status = os.waitpid(child, 0)[1]
    used = path.stat().st_blocks * 512
    assert used <= limit, f"{used} bytes of blocks in a home of {limit}"
    assert status != 0, "all of it was written"
    return f"{used} of {3 * limit} bytes kept, then {os.strerror(os.waitstatus_to_exitcode(status)) if status > 255 else 'a signal'}"


def writes_after_the_limit() -> str:
    """Each further write fails, with all flags."""
    result = fill(lambda file, written: os.pwrite(file, os.urandom(MB), written), keep=True)
    for flags in (os.O_SYNC, os.O_APPEND):
        refused(*FULL)(write_file, WORK / "more", flags, os.urandom(8 * MB))
    room = os.statvfs(HOME)
    assert room.f_bavail * room.f_frsize < 4 * MB
    return result


def many_small_files() -> str:
    limit = os.statvfs(HOME).f_files
    made = 0
    try:
        while made <= limit:
            (WORK / str(made)).touch()
            made += 1
    except OSError as error:
        assert error.errno in FULL, error
        return f"{os.strerror(error.errno)} at {made} files of {limit}"
    raise AssertionError(f"{made} files in a home of {limit}")


def limit_of_home() -> int:
    room = os.statvfs(HOME)
    assert room.f_blocks * room.f_frsize < 1 << 30, "the home has no limit"
    return room.f_blocks * room.f_frsize


def write_file(path: Path, flags: int, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | flags)
    try:
        os.write(file, content)
        os.fsync(file)
    finally:
        # Over NFS it reports the same error again.
        with contextlib.suppress(OSError):
            os.close(file)


def fill(write, size: int = 0, keep: bool = False) -> str:
    """Writes until the home is full; returns the error and the sizes."""
    limit, written = limit_of_home(), 0
    file = os.open(WORK / "filling", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        os.ftruncate(file, size)
        while written <= limit:
            write(file, written)
            os.fsync(file)
            written += MB
    except OSError as error:
        assert error.errno in FULL, error
        used = os.fstat(file).st_blocks * 512
        assert used <= limit, f"{used} bytes of blocks in a home of {limit}"
        return f"{os.strerror(error.errno)} after {written} bytes of {limit}"
    finally:
        with contextlib.suppress(OSError):
            os.close(file)
        if not keep:
            (WORK / "filling").unlink()
    raise AssertionError(f"{written} bytes in a home of {limit}")


ATTEMPTS = (
    another_home_by_path,
    a_home_by_its_file_handle,
    mounting_the_export,
    speaking_nfs_from_user_space,
    another_project_id,
    links_and_renames_out_of_the_home,
    clones_of_a_file,
    many_small_files,
    # From here on, the home may stay full.
    writes_through_a_map,
    writes_after_the_limit,
    holes_in_files,
)

if __name__ == "__main__":
    sys.exit(main())
