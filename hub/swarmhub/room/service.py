"""The page of the room, a service that the hub starts: `python -m swarmhub.room.service PORT HUB_API CLASS`.

It has no state and no right of its own but what its token allows, and it asks the hub for everything. Users' containers reach its
port, so each handler but that of the page's files asks who it is.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import sys
from hmac import compare_digest
from pathlib import Path
from urllib.parse import urlencode

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.web import Application, HTTPError, RedirectHandler, RequestHandler, StaticFileHandler, authenticated

from .actions import Hub, HubError
from .buttons import Act, Announce, Doors
from .certificate import certificate_end
from .feed import Feed
from .file_buttons import Collect, Collected, Files, HandOut
from .lab_handlers import Announcement, HelpOfUser
from .metrics import metrics
from .news import News
from .page_handler import PageHandler, ScriptHandler

_FILES = Path(__file__).parent / "page"
_MOST_READERS = 100
_BODY_BYTES = 512 << 10  # of 1000 names


class Page(PageHandler):
    """The page, for a tab of its own: the page of a user's server has the same origin, and could read the token in it."""

    def prepare(self) -> None:
        """Refuses frames and scripts."""
        if self.fetch("Mode") not in (None, "navigate") or self.fetch("Dest") not in (None, "document"):
            raise HTTPError(403, "This page opens only in a tab of its own, because other pages must not be able to read it.")

    @authenticated
    def get(self) -> None:
        """Returns the page."""
        if self.request.protocol == "https":
            self.settings["names"][:] = [self.request.host_name]
        values = {"class_name": self.settings["class_name"], "version": self.settings["version"]}
        self.render(str(_FILES / "room.html"), xsrf=self.xsrf_token.decode(), **values)


class Events(ScriptHandler):
    """The state, again and again, as server-sent events."""

    @authenticated
    async def get(self) -> None:
        """Writes until the browser leaves."""
        feed: Feed = self.settings["feed"]
        if feed.readers >= _MOST_READERS:
            raise HTTPError(503, "Too many pages are open.")
        self.set_header("Content-Type", "text/event-stream")
        events = feed.events()
        with contextlib.suppress(StreamClosedError):
            async with contextlib.aclosing(events):
                async for text in events:
                    self.write(text)
                    await self.flush()


class Output(ScriptHandler):
    """Why a start failed, with the end of the container's output."""

    @authenticated
    async def get(self) -> None:
        """Returns its lines."""
        query = urlencode({"user": self.get_query_argument("user", strip=False)})
        try:
            self.write(await self.settings["hub"].ask(f"/room/output?{query}"))
        except OSError as error:
            raise HTTPError(502, str(error) if isinstance(error, HubError) else "The hub does not answer.") from error


class Metrics(RequestHandler):
    """The figures for Prometheus, with a token of its own, which allows nothing else."""

    async def get(self) -> None:
        """Returns them as text."""
        said = self.request.headers.get("Authorization", "")
        if not compare_digest(said.encode(), f"Bearer {self.settings['metrics_token']}".encode()):
            raise HTTPError(403)
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        try:
            self.write(metrics(await self.settings["hub"].ask("/room")))
        except OSError as error:
            raise HTTPError(503) from error


class _File(StaticFileHandler):
    """A script or a style; its address has a hash of all of them."""

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.set_header("X-Content-Type-Options", "nosniff")


def application(hub: Hub, class_name: str, cookie_secret: str, metrics_token: str) -> Application:
    """Returns the service; the hub has put its address and its token into the environment."""
    auth = HubOAuth.instance()
    names: list[str] = []  # the host at which the last page was opened, if by HTTPS

    async def find_certificate_end() -> float | None:
        return await certificate_end(names[0]) if names else None

    prefix = auth.base_url
    files = [path.read_bytes() for path in sorted(_FILES.iterdir())]
    return Application(
        [
            (prefix, Page),
            (prefix.rstrip("/"), RedirectHandler, {"url": prefix}),
            (f"{prefix}oauth_callback", HubOAuthCallbackHandler),
            (f"{prefix}events", Events),
            (f"{prefix}output", Output),
            (f"{prefix}act", Act),
            (f"{prefix}announce", Announce),
            (f"{prefix}doors", Doors),
            (f"{prefix}files", Files),
            (f"{prefix}handout", HandOut),
            (f"{prefix}collect", Collect),
            (f"{prefix}collected", Collected),
            (f"{prefix}announcement", Announcement),
            (f"{prefix}help", HelpOfUser),
            (f"{prefix}metrics", Metrics),
            (rf"{prefix}static/[0-9a-f]+/([a-z]+\.(?:css|js|svg))", _File, {"path": str(_FILES)}),
        ],
        hub_auth=auth,
        hub=hub,
        names=names,
        news=News(hub.ask),
        help_changed={},
        feed=Feed(hub.ask, find_certificate_end),
        class_name=class_name,
        metrics_token=metrics_token,
        version=hashlib.sha256(b"".join(files)).hexdigest()[:12],
        cookie_secret=cookie_secret,
        log_function=lambda _handler: None,  # the query of `events` has a token
        xsrf_cookies=True,
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Lax"},
    )


async def main(port: int, hub_api: str, class_name: str) -> None:
    """Serves until the hub ends it."""
    hub = Hub(hub_api, os.environ["JUPYTERHUB_API_TOKEN"])
    app = application(hub, class_name, os.environ["ROOM_COOKIE_SECRET"], os.environ["ROOM_METRICS_TOKEN"])
    HTTPServer(app, xheaders=True, max_body_size=_BODY_BYTES, body_timeout=20, idle_connection_timeout=60).listen(port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="[%(levelname).1s %(asctime)s room] %(message)s")
    with contextlib.suppress(KeyboardInterrupt):  # the hub stops its services with this signal
        asyncio.run(main(int(sys.argv[1]), *sys.argv[2:4]))
