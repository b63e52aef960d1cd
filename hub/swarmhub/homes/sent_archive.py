"""Unpacks the files that `swarmhub handout` sends."""

import os
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from .versions import Version


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
            content = entries.extractfile(entry).read(file.size + 1)
            if sha256(content).hexdigest() != file.hash:
                raise Refused(f"{file.path} arrived damaged")
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as copy:
                copy.write(content)
                copy.flush()
                os.fsync(copy.fileno())
    if expected:
        raise Refused(f"{next(iter(expected))} did not arrive")
