"""What a user can put in place of a file or a folder, so that whoever opens it waits, reads for ever or harms a machine."""

import os
import socket
from pathlib import Path

import pytest

SPECIAL = ("pipe", "socket", "device")


def make_special(kind: str, at: Path) -> None:
    """Makes a pipe, a socket to which nobody listens, or a device. A home cannot get a device over NFS, but its storage host could."""
    if kind == "pipe":
        os.mkfifo(at)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(at))
    else:
        if os.getuid() != 0:
            pytest.skip("only root can make a device")
        os.mknod(at, 0o20666, os.makedev(1, 5))  # /dev/zero: it never ends
