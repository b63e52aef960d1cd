"""Handing out and collecting in the hub's API, for the service of the room."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable
from pathlib import Path

from jupyterhub.spawner import SpawnException
from tornado.web import HTTPError, stream_request_body

from ..homes.sent_archive import Refused
from ..homes.storage_calls import call_storage
from .class_homes import find_homes, students_of
from .file_work import Busy, FileWork
from .handlers import RoomHandler
from .room import Room
from .sent_files import MOST_SENT, SEND_SECONDS, Unusable

_CHUNK = 1 << 18
_GONE = "The hub no longer keeps these files. Please choose them again."


def file_handlers(room: Room, storage: Path | None) -> list[tuple[str, type]]:
    """Returns the paths and their handlers; `storage` is None for homes that do not stay."""
    shared = {"room": room, "storage": storage, "work": storage and FileWork(storage)}
    found = {"files": _Files, "handout": _HandOut, "collect": _Collect, "collected": _Collected}
    # As attributes: traitlets would copy objects among a handler's arguments.
    return [(f"/api/room/{path}", type(handler.__name__, (handler,), shared)) for path, handler in found.items()]


class _FileHandler(RoomHandler):
    work: FileWork | None

    async def prepare(self) -> None:
        await super().prepare()
        if not self._finished and self.work is None:
            raise HTTPError(409, "The homes of this class are temporary, so no files can be handed out or collected.")

    async def answer(self, asked: Awaitable[dict]) -> None:
        """Writes what the work returns, or its refusal as a sentence."""
        try:
            self.write(await asked)
        except Unusable as error:
            raise HTTPError(400, str(error)) from error
        except LookupError as error:
            raise HTTPError(410, _GONE) from error
        except Busy as error:
            raise HTTPError(409, "Files of this class are handed out or collected just now. Please try again in a minute.") from error
        except Refused as error:
            raise HTTPError(409, f"The hub cannot do this: {error}") from error
        except SpawnException as error:
            raise HTTPError(503, "The storage of the homes does not answer. Please try again in a minute.") from error
        except OSError as error:
            raise HTTPError(503, f"The hub cannot do this: {error.strerror or error}.") from error

    def body(self, key: str) -> str:
        """Returns a text of the JSON that was sent."""
        found = self.get_json_body()
        value = found.get(key) if isinstance(found, dict) else None
        if not isinstance(value, str):
            raise HTTPError(400, f"The request has no {key} that can be used.")
        return value


@stream_request_body
class _Files(_FileHandler):
    """Takes files, keeps them for a while, and tells what would happen if they were handed out to everybody."""

    async def prepare(self) -> None:
        await super().prepare()
        if self._finished:
            return
        # Only here, and only for whoever may: all other bodies are in memory (web/request_limits.py).
        self.request.connection.set_max_body_size(MOST_SENT)
        self.request.connection.set_body_timeout(SEND_SECONDS)
        self._content = tempfile.TemporaryFile()  # noqa: SIM115

    async def data_received(self, chunk: bytes) -> None:
        await asyncio.to_thread(self._content.write, chunk)

    async def post(self) -> None:
        await self.answer(self.work.check(self._content))


class _HandOut(_FileHandler):
    """Hands out to everybody what was `sent` before."""

    async def post(self) -> None:
        await self.answer(self.work.hand_out(self.body("sent")))


class _Collect(_FileHandler):
    """Collects a `path` of the homes of all students."""

    async def post(self) -> None:
        await self.answer(self._collect(self.body("path")))

    async def _collect(self, path: str) -> dict:
        homes = await call_storage(20, find_homes, self.storage)
        return await self.work.collect(path, students_of(homes, self.room.everybody()))


class _Collected(_FileHandler):
    """The archive of what was collected."""

    async def get(self) -> None:
        archive = self.work.archives.find(self.get_query_argument("archive"))
        if archive is None:
            raise HTTPError(410, "The hub no longer keeps this archive. Please collect again.")
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Length", str(archive.size))
        position = 0
        # Another request may read the same file.
        while chunk := await asyncio.to_thread(os.pread, archive.content.fileno(), _CHUNK, position):
            self.write(chunk)
            await self.flush()
            position += len(chunk)
