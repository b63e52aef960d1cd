"""The buttons that hand files out and collect them. What a browser sends goes to the disk first, and so to the hub."""

import tempfile
from urllib.parse import urlencode

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated, stream_request_body

from .actions import HubError
from .buttons import _Button
from .sent_files import MOST_SENT, SEND_SECONDS

_HUB_SECONDS = 1000  # longer than the hub gives its programs


class _FileButton(_Button):
    sending: set = set()  # noqa: RUF012  of all requests

    async def answer(self, path: str, body: object) -> None:
        """Writes what the hub returns; its refusal is a sentence."""
        try:
            self.write(await self.hub.ask(path, "POST", body, _HUB_SECONDS))
        except OSError as error:
            raise HTTPError(400 if isinstance(error, HubError) else 502, str(error) or "The hub does not answer.") from error


@stream_request_body
class Files(_FileButton):
    """The files of a teacher, of whom the hub tells what would happen to them."""

    async def prepare(self) -> None:
        """Asks whether this is a teacher before the files come, since they are large."""
        super().prepare()
        await self.check_anew()
        self.request.connection.set_max_body_size(MOST_SENT)
        self.request.connection.set_body_timeout(SEND_SECONDS)
        if self.sending:
            raise HTTPError(409, "Files are being sent to this class just now. Please try again in a minute.")
        self.sending.add(self)
        self._content = tempfile.TemporaryFile()  # noqa: SIM115

    def data_received(self, chunk: bytes) -> None:
        """Writes what has come to the disk."""
        self._content.write(chunk)

    @authenticated
    async def post(self) -> None:
        """Returns for each home what would happen, and the word for `handout`."""
        await self.answer("/room/files", self._content)

    def on_finish(self) -> None:
        self.sending.discard(self)

    def on_connection_close(self) -> None:
        self.sending.discard(self)
        super().on_connection_close()


class HandOut(_FileButton):
    """Hands out to everybody what was sent before."""

    @authenticated
    async def post(self) -> None:
        """Needs the word in `sent`; returns for each home what has happened."""
        await self.check_anew()
        (word,) = self.body("sent", sent=str)
        self.note("hands out", "files")
        await self.answer("/room/handout", {"sent": word})


class Collect(_FileButton):
    """Collects a file or a folder of all students."""

    @authenticated
    async def post(self) -> None:
        """Needs a `path` in the homes; returns for each student what was found, and the word for `collected`."""
        await self.check_anew()
        (path,) = self.body("path", path=str)
        self.note("collects", path)
        await self.answer("/room/collect", {"path": path})


class Collected(_FileButton):
    """The archive of what was collected."""

    @authenticated
    async def get(self) -> None:
        """Needs the word in `archive`."""
        await self.check_anew()
        query = urlencode({"archive": self.get_query_argument("archive")})
        try:
            async with self.hub.download(f"/room/collected?{query}") as (size, chunks):
                self.set_header("Content-Type", "application/zip")
                self.set_header("Content-Length", str(size))
                async for chunk in chunks:
                    self.write(chunk)
                    await self.flush()
        except StreamClosedError:  # the browser has left
            return
        except OSError as error:
            raise HTTPError(410, "The hub no longer keeps this archive. Please collect again.") from error
