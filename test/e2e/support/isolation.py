"""What a user's container tries against the class, as root and as the user: each must be refused or counted.

Run inside it: python3 isolation.py HOME ADDRESS…, with the addresses of the class's machines. Prints a line for each attempt
and ends with 1 when one of them got through. It leaves the home as it was.
"""

import contextlib
import ctypes
import errno
import faulthandler
import fcntl
import mmap
import os
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
    got_through = 0
    for attempt in ATTEMPTS:
        # What waits for the storage for ever is to say where.
        faulthandler.dump_traceback_later(120)
        clear()
        WORK.mkdir()
        try:
            said = attempt()
        except AssertionError as error:
            got_through += 1
            print(f"GOT THROUGH  {attempt.__name__}: {error}", flush=True)
        else:
            print(f"ok  {attempt.__name__}: {said}", flush=True)
        finally:
            clear()
    print(f"{len(ATTEMPTS)} attempts, {got_through} got through, as {os.getuid()}")
    return 1 if got_through else 0


def clear() -> None:
    """Removes what an attempt left; a server that still takes a terabyte of holes apart may keep the folder for a moment."""
    end = time.monotonic() + 30
    while WORK.exists() and time.monotonic() < end:
        shutil.rmtree(WORK, ignore_errors=True)


def refused(*numbers: int):
    """What a call must fail with; any error will do where none is named."""

    def of(call, *words) -> str:
        try:
            call(*words)
        except OSError as error:
            assert not numbers or error.errno in numbers, error
            return os.strerror(error.errno)
        raise AssertionError(f"{words} was allowed")

    return of


def system_call(name: str, *words) -> None:
    if getattr(libc, name)(*words) < 0:
        raise OSError(ctypes.get_errno(), name)


def another_home_by_path() -> str:
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    over_nfs = [words[4] for words in mounts if words[words.index("-") + 1].startswith("nfs")]
    assert over_nfs == [str(HOME)], over_nfs
    beside = sorted(path.name for path in HOME.parent.iterdir())
    assert beside == [HOME.name], beside
    for path in ("/srv/swarmhub", "/storage", HOME / "../../homes", f"/proc/1/root{HOME}/../ben"):
        refused(errno.ENOENT, errno.EACCES)(os.listdir, path)
    return "only the own home is mounted"


def a_home_by_its_file_handle() -> str:
    # As "Shocker" did: open_by_handle_at with a made-up handle needs no path.
    handle = ctypes.create_string_buffer(struct.pack("Ii", 8, 1) + bytes(128))
    folder = os.open(HOME, os.O_RDONLY)
    try:
        return refused(errno.EPERM)(system_call, "open_by_handle_at", folder, handle, os.O_RDONLY)
    finally:
        os.close(folder)


def mounting_the_export() -> str:
    words = (b":/srv/swarmhub", b"/mnt", b"nfs4", 0, f"addr={ADDRESSES[0]},clientaddr=0.0.0.0".encode())
    said = refused(errno.EPERM, errno.EACCES)(system_call, "mount", *words)
    new_user, new_mounts = 0x10000000, 0x20000
    refused(errno.EPERM, errno.ENOSPC)(system_call, "unshare", new_user | new_mounts)
    return said


def talking_nfs_from_user_space() -> str:
    route = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    gateways = {socket.inet_ntoa(struct.pack("=I", int(words[2], 16))) for words in route} - {"0.0.0.0"}
    for address in {*ADDRESSES, *gateways}:
        for source in (0, 701):  # a server that asks for it takes only ports that root has
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
    said = set()
    for path in (HOME, WORK):
        folder = os.open(path, os.O_RDONLY)
        try:
            for request, value in ((get, attributes), (put, attributes), (flags, struct.pack("q", 0))):
                said.add(refused()(fcntl.ioctl, folder, request, value))
        finally:
            os.close(folder)
    tools = {"chattr": ["chattr", "-p", "0", HOME], "xfs_io": ["xfs_io", "-c", "chproj 0", HOME], "xfs_quota": ["xfs_quota", "-xc", "report", HOME]}
    found = [name for name in tools if shutil.which(name)]
    for name in found:
        ended = subprocess.run(tools[name], capture_output=True, check=False)
        assert ended.returncode != 0 or name != "chattr", ended
    return f"{', '.join(sorted(said))}; tools here: {', '.join(found) or 'none'}"


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
    """A file of a TB takes no room; what is written into it does."""
    return fill(lambda file, written: os.pwrite(file, os.urandom(MB), written * 16), size=1 << 40)


def clones_of_a_file() -> str:
    """XFS shares their blocks, and still counts each."""
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
    assert status != 0, "all of it was taken"
    return f"{used} of {3 * limit} bytes kept, then {os.strerror(os.waitstatus_to_exitcode(status)) if status > 255 else 'a signal'}"


def writes_after_the_limit() -> str:
    """Each write fails, by whichever way it comes."""
    said = fill(lambda file, written: os.pwrite(file, os.urandom(MB), written), keep=True)
    for flags in (os.O_SYNC, os.O_APPEND):
        refused(*FULL)(write_file, WORK / "more", flags, os.urandom(8 * MB))
    room = os.statvfs(HOME)
    assert room.f_bavail * room.f_frsize < 4 * MB
    return said


def many_small_files() -> str:
    most = os.statvfs(HOME).f_files
    made = 0
    try:
        while made <= most:
            (WORK / str(made)).touch()
            made += 1
    except OSError as error:
        assert error.errno in FULL, error
        return f"{os.strerror(error.errno)} at {made} files of {most}"
    raise AssertionError(f"{made} files in a home of {most}")


def limit_of_home() -> int:
    room = os.statvfs(HOME)
    assert room.f_blocks * room.f_frsize < 1 << 30, "the home has no limit of its own"
    return room.f_blocks * room.f_frsize


def write_file(path: Path, flags: int, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | flags)
    try:
        os.write(file, content)
        os.fsync(file)
    finally:
        # Over NFS it tells of the same failure once more.
        with contextlib.suppress(OSError):
            os.close(file)


def fill(write, size: int = 0, keep: bool = False) -> str:
    """Writes until the home is full; answers what was said."""
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
    talking_nfs_from_user_space,
    another_project_id,
    links_and_renames_out_of_the_home,
    holes_in_files,
    clones_of_a_file,
    writes_through_a_map,
    writes_after_the_limit,
    many_small_files,
)

if __name__ == "__main__":
    sys.exit(main())
