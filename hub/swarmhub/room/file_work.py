"""Handing out and collecting for the page of the room, with the programs that the operator's commands run in the hub's container."""

import asyncio
import contextlib
import json
import logging
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Generic, TypeVar

from ..homes.collecting import is_usable
from ..homes.sent_archive import Refused
from ..homes.storage_calls import call_storage
from ..homes.teacher_command import REFUSED
from .class_homes import Students, find_homes
from .handed_rows import handed_rows
from .sent_files import Sent, Unusable, read_sent

MOST_OF_HOME = 50 << 20  # as for `swarmhub collect`
_SECONDS, _WAIT_SECONDS = 900, 60
_KEPT_SECONDS = 900
_log = logging.getLogger("room")
Thing = TypeVar("Thing")


class Busy(Exception):
    """Another teacher's files are handed out or collected."""


class Kept(Generic[Thing]):
    """The newest few things, each for a quarter of an hour, under a word that nobody can guess."""

    def __init__(self, most: int) -> None:
        self._most, self._things = most, {}

    def add(self, thing: Thing) -> str:
        """Returns the word."""
        while len(self._things) >= self._most:
            self._things.pop(next(iter(self._things)))
        word = secrets.token_urlsafe(16)
        self._things[word] = thing
        asyncio.get_running_loop().call_later(_KEPT_SECONDS, self.take, word)
        return word

    def find(self, word: object) -> Thing | None:
        """Returns a thing; None if it is not kept."""
        return self._things.get(word) if isinstance(word, str) else None

    def take(self, word: str) -> None:
        """Forgets a thing. Its file is deleted when nobody reads it any more."""
        self._things.pop(word, None)


@dataclass(frozen=True)
class Archive:
    """What was collected, as a zip archive of `size` bytes."""

    content: BinaryIO
    size: int


class FileWork:
    """The work on the homes below `storage`, one at a time: each reads or writes all of them."""

    def __init__(self, storage: Path) -> None:
        self._storage, self._lock = storage, asyncio.Lock()
        self.sent: Kept[Sent] = Kept(4)
        self.archives: Kept[Archive] = Kept(2)

    async def check(self, content: BinaryIO) -> dict:
        """Keeps what was sent, and returns what would happen; raises Unusable, Busy, Refused, OSError and SpawnException."""
        sent = await asyncio.to_thread(read_sent, content)
        return {"files": sent.count, "bytes": sent.size} | await self._for_all("check", sent) | {"sent": self.sent.add(sent)}

    async def hand_out(self, word: object) -> dict:
        """Hands out what was kept under this word; raises LookupError, Busy, Refused, OSError and SpawnException."""
        sent = self.sent.find(word)
        if sent is None:
            raise LookupError
        done = await self._for_all("hand-out", sent)
        self.sent.take(word)
        return done

    async def _for_all(self, action: str, sent: Sent) -> dict:
        async with self._alone():
            owners = await call_storage(20, find_homes, self._storage)
            results = []
            for name in sent.names:
                with tempfile.TemporaryFile() as request:
                    has_archive = action == "hand-out"
                    await asyncio.to_thread(sent.write_request, name, owners, request, has_archive=has_archive)
                    results.append(json.loads(await _run(["swarmhub.homes.teacher_command", action], request)))
        versions = {name: result["number"] for name, result in zip(sent.names, results, strict=True)}
        return {"versions": versions, "rows": handed_rows([result["rows"] for result in results], owners)}

    async def collect(self, path: str, students: Students) -> dict:
        """Collects a path of all students' homes; raises Unusable, Busy, Refused and OSError."""
        parts = path.removeprefix("./").rstrip("/").split("/")
        if any(part.startswith(".") or not is_usable(part) for part in parts) or "" in parts:
            raise Unusable("Name a visible file or folder as students see it in JupyterLab, such as week2/hw1.ipynb.")
        folders = students.folders()
        request = {"path": "/".join(parts), "homes": list(folders), "limit": MOST_OF_HOME, "students": folders}
        content = tempfile.TemporaryFile()  # noqa: SIM115
        async with self._alone():
            with tempfile.TemporaryFile() as source:
                source.write(json.dumps(request).encode() + b"\n")
                source.seek(0)
                argv = ["swarmhub.homes.submitted_archive", str(content.fileno())]
                rows = json.loads(await _run(argv, source, [content.fileno()]))["rows"]
        shown = [{key: row[key] for key in ("what", "why", "changedAt", "size", "leftOut", "tooLarge")} for row in rows]
        found = [{"user": students.homes[row["home"]]} | more for row, more in zip(rows, shown, strict=True)]
        found += [{"user": user, "what": "missing", "why": "has never started a server"} for user in students.missing]
        answer = {"rows": sorted(found, key=lambda row: row["user"])}
        if any(row["what"] == "changed" for row in rows):
            name = PurePosixPath(parts[-1]).stem
            archive = Archive(content, content.seek(0, 2))
            answer |= {"archive": self.archives.add(archive), "bytes": archive.size, "name": f"{name}.zip"}
        return answer

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        try:
            await asyncio.wait_for(self._lock.acquire(), _WAIT_SECONDS)
        except TimeoutError:
            raise Busy from None
        try:
            yield
        finally:
            self._lock.release()


async def _run(argv: list[str], source: BinaryIO, descriptors: Iterable[int] = ()) -> bytes:
    """Runs a program of ours in a process of its own, which the hub's loop does not wait for; raises Refused and OSError."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *argv, stdin=source, stdout=pipe, stderr=pipe, pass_fds=tuple(descriptors)
    )
    try:
        async with asyncio.timeout(_SECONDS):
            output, problem = await process.communicate()
    except TimeoutError:
        process.kill()
        raise OSError("it takes longer than 15 minutes") from None
    if process.returncode == REFUSED:
        raise Refused(problem.decode(errors="replace").strip())
    if process.returncode:
        _log.error("%s ended with status %s: %s", argv[0], process.returncode, problem.decode(errors="replace")[-4000:])
        raise OSError("a program has failed, and the reason is in the hub's log")
    return output
