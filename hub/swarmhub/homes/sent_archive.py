"""Unpacks the files that `swarmhub handout` sends."""

import os
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import IO, BinaryIO

from .versions import Version

_PIECE = 2**20  # bytes


class Refused(Exception):
    """The request cannot be carried out; the message is for the operator."""


def unpack(archive: BinaryIO, wanted: Version, folder: Path) -> None:
    """Writes the files of a version from a tar.gz to a folder; raises Refused if one is missing or damaged, OSError and TarError."""
    expected = {file.path: file for file in wanted.files}
    with tarfile.open(fileobj=archive, mode="r|gz") as entries:
        for entry in entries:
            file = expected.pop(entry.name, None) if entry.isreg() else None
            if file is None:
                continue
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            if entry.size != file.size or _copy(entries.extractfile(entry), target) != file.hash:
                raise Refused(f"{file.path} arrived damaged")
    if expected:
        raise Refused(f"{next(iter(expected))} did not arrive")


def _copy(source: IO[bytes], target: Path) -> str:
    """Writes a new file and returns its SHA-256; a file may be larger than the memory of the hub."""
    digest = sha256()
    with target.open("xb") as copy:
        while chunk := source.read(_PIECE):
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()
