"""The files that a teacher's browser sends: one line of JSON with their paths and sizes, then their content, one after the other."""

import json
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from typing import BinaryIO

from ..homes.collecting import is_usable
from ..homes.open_safely import parts_of

MOST_BYTES, MOST_FILES = 100 << 20, 2000  # as for `swarmhub handout` (src/commands/handout/files.ts)
MOST_NAMES = 20  # each is checked by a program of its own
_MOST_LINE = 1 << 20
MOST_SENT = MOST_BYTES + _MOST_LINE
SEND_SECONDS = 600
_CHUNK = 1 << 20


class Unusable(ValueError):
    """What was sent cannot be handed out; the message is a sentence for the teacher."""


@dataclass(frozen=True)
class SentFile:
    """A file: its path in the homes, its size in bytes and its SHA-256, and where it starts in what was sent."""

    path: str
    size: int
    hash: str
    start: int


@dataclass(frozen=True)
class Sent:
    """What was sent: the files that are handed out under each name, which is that of a folder or of a single file."""

    content: BinaryIO
    names: dict[str, list[SentFile]]

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for files in self.names.values() for file in files)

    @property
    def count(self) -> int:
        """The number of all files."""
        return sum(map(len, self.names.values()))

    def write_request(self, name: str, homes: Iterable[str], into: BinaryIO, *, has_archive: bool) -> None:
        """Writes the input of homes/teacher_command.py for everybody; raises OSError."""
        files = [{"path": file.path, "hash": file.hash, "size": file.size, "executable": False} for file in self.names[name]]
        request = {"name": name, "files": files, "to": None, "groups": [], "homes": list(homes)}
        into.write(json.dumps(request).encode() + b"\n")
        if has_archive:
            with tarfile.open(fileobj=into, mode="w:gz", compresslevel=1) as archive:
                for file in self.names[name]:
                    entry = tarfile.TarInfo(file.path)
                    entry.size = file.size
                    self.content.seek(file.start)
                    archive.addfile(entry, self.content)
        into.seek(0)


def read_sent(content: BinaryIO) -> Sent:
    """Reads what was sent; raises Unusable, and OSError."""
    size = content.seek(0, 2)
    content.seek(0)
    found = _listed(content.readline(_MOST_LINE))
    _check_names([path for path, _ in found])
    total = sum(length for _, length in found)
    if total > MOST_BYTES:
        raise Unusable("The files are larger than 100 MB together. Put large data where all users can read it.")
    if content.tell() + total != size:
        raise Unusable("The files did not arrive completely. Please choose them again.")
    names: dict[str, list[SentFile]] = {}
    for path, length in found:
        start = content.tell()
        file = SentFile(path, length, _hash(content, length), start)
        names.setdefault(PurePosixPath(path).parts[0], []).append(file)
    return Sent(content, names)


def _listed(line: bytes) -> list[tuple[str, int]]:
    try:
        found = [(each["path"], each["size"]) for each in json.loads(line)["files"]]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise Unusable("The list of the files cannot be read. Please load this page again.") from error
    if not all(isinstance(path, str) and type(size) is int and size >= 0 for path, size in found):
        raise Unusable("The list of the files cannot be read. Please load this page again.")
    if not found:
        raise Unusable("There is no file to hand out.")
    if len(found) > MOST_FILES:
        raise Unusable(f"At most {MOST_FILES} files can be handed out at once.")
    return found


def _check_names(paths: list[str]) -> None:
    for path in paths:
        _check_path(path)
    folders = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    if len(set(paths)) < len(paths) or not folders.isdisjoint(paths):
        raise Unusable("Two of the files have the same name.")
    in_folder = {path.split("/")[0] for path in paths if "/" in path}
    if in_folder and (len(in_folder) > 1 or any("/" not in path for path in paths)):
        raise Unusable("Choose files, or one folder.")
    if not in_folder and len(paths) > MOST_NAMES:
        raise Unusable(f"At most {MOST_NAMES} single files can be handed out at once. Put them into a folder, and choose that.")


def _check_path(path: str) -> None:
    try:
        parts = parts_of(path)
    except ValueError as error:
        raise Unusable(f"{json.dumps(path)} is not a path inside a folder.") from error
    for part in parts:
        if part.startswith("."):
            raise Unusable(f"{json.dumps(path)} is hidden, and hidden files are not handed out.")
        # What not every machine can have would be left out of what is collected later.
        if not is_usable(part):
            raise Unusable(f"{json.dumps(path)} has a name that not every machine can have. Please rename it.")


def _hash(content: BinaryIO, size: int) -> str:
    digest = sha256()
    while size and (chunk := content.read(min(size, _CHUNK))):
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest()
