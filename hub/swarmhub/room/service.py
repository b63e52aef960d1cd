"""The page of the room, a service that the hub starts: `python -m swarmhub.room.service PORT HUB_API CLASS`.

It has no state and no right of its own but what its token allows, and it asks the hub for everything. Users' containers reach its
port, so each handler but that of the page's files asks who it is.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import sys
from hmac import compare_digest
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler, HubOAuthenticated
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.log import app_log
from tornado.web import Application, HTTPError, RedirectHandler, RequestHandler, StaticFileHandler, authenticated

from .actions import CONFIRMED, MOST_USERS, Hub, HubError, for_each
from .certificate import certificate_end
from .feed import Feed
from .lab_handlers import Announcement, HelpOfUser
from .metrics import metrics
from .news import News

_FILES = Path(__file__).parent / "page"
_MOST_READERS = 100
_BODY_BYTES = 512 << 10  # of 1000 names
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "noopener-allow-popups",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class _Handler(HubOAuthenticated, RequestHandler):
    @property
    def hub_auth(self) -> HubOAuth:
        return self.settings["hub_auth"]

    def set_default_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.set_header(name, value)

    def fetch(self, name: str) -> str | None:
        """Returns what the browser says about the request; None for programs, and browsers at a plain HTTP address."""
        return self.request.headers.get(f"Sec-Fetch-{name}")

    def write_error(self, status_code: int, **options) -> None:
        error = options.get("exc_info", (None, None))[1]
        sentence = (isinstance(error, HTTPError) and error.log_message) or HTTPStatus(status_code).phrase
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"message": sentence}))


class Page(_Handler):
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


class _Api(_Handler):
    """What the page's script asks for."""

    def get_login_url(self) -> str:
        """Refuses: a redirect to the login would be repeated by the browser for ever."""
        raise HTTPError(403, "Please load this page again.")

    def prepare(self) -> None:
        """Refuses what is not a request of the page's script: it alone knows the token."""
        if self.fetch("Mode") not in (None, "cors", "same-origin") or self.fetch("Site") not in (None, "same-origin"):
            raise HTTPError(403, "This address is for the page of the room.")
        given = self.get_query_argument("_xsrf", None) or self.request.headers.get("X-XSRFToken")
        if not given or given.encode() != self.xsrf_token:
            raise HTTPError(403, "Please load this page again.")

    async def check_anew(self) -> None:
        """Refuses whoever has lost the right; JupyterHub remembers it for 300 s."""
        token = self.hub_auth.get_token(self) or ""
        user = await self.hub_auth.user_for_token(token, use_cache=False, sync=False) if token else None
        if not user or not self.hub_auth.check_scopes(self.hub_auth.access_scopes, user):
            raise HTTPError(403, "This page is for teachers and admins.")


class Events(_Api):
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


class Output(_Api):
    """Why a start failed, with the end of the container's output."""

    @authenticated
    async def get(self) -> None:
        """Returns its lines."""
        query = urlencode({"user": self.get_query_argument("user", strip=False)})
        try:
            self.write(await self.settings["hub"].ask(f"/room/output?{query}"))
        except OSError as error:
            raise HTTPError(502, str(error) if isinstance(error, HubError) else "The hub does not answer.") from error


class Act(_Api):
    """The buttons."""

    @authenticated
    async def post(self) -> None:
        """Does it for each of the users, and returns for each how it went."""
        await self.check_anew()
        action, users, limit = self._wanted()
        hub: Hub = self.settings["hub"]
        acts = {"start": hub.start, "stop": hub.stop, "restart": hub.restart, "interrupt": hub.interrupt, "helped": hub.helped}
        act = acts.get(action) or (lambda user: hub.quota(user, limit))
        # Names are anybody's text; as JSON they stay in one line.
        app_log.warning("%s: %s of %s", json.dumps(self.current_user["name"]), action, json.dumps(users)[:1000])
        results = await for_each(users, act)
        self.settings["feed"].poll_soon()
        self.write({"results": results})

    def _wanted(self) -> tuple[str, list[str], int]:
        try:
            body = json.loads(self.request.body)
        except (ValueError, RecursionError) as error:
            raise HTTPError(400, "The request needs a JSON object.") from error
        action, users, limit = (body.get(key) if isinstance(body, dict) else None for key in ("action", "users", "bytes"))
        if action not in ("start", "stop", "restart", "interrupt", "helped", "quota"):
            raise HTTPError(400, "There is no such action.")
        if not isinstance(users, list) or not 0 < len(users) <= MOST_USERS or not all(isinstance(each, str) for each in users):
            raise HTTPError(400, "The request needs a list of users.")
        if action == "quota" and (not isinstance(limit, int) or isinstance(limit, bool)):
            raise HTTPError(400, "The request needs a number of bytes.")
        if action in CONFIRMED and body.get("confirm") != self.settings["class_name"]:
            raise HTTPError(400, f"Type the name of the class to confirm: {self.settings['class_name']}")
        return action, users, limit


class Announce(_Api):
    """A word to everybody."""

    @authenticated
    async def post(self) -> None:
        """Says `text` until `until`, a time with its offset; both may be null."""
        await self.check_anew()
        try:
            body = json.loads(self.request.body)
            text, until = body["text"], body.get("until")
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
            raise HTTPError(400, "The request needs a JSON object.") from error
        if not all(each is None or isinstance(each, str) for each in (text, until)):
            raise HTTPError(400, "The request needs texts.")
        app_log.warning("%s: announce %s", json.dumps(self.current_user["name"]), json.dumps(text)[:200])
        try:
            await self.settings["hub"].announce(text, until)
        except OSError as error:
            raise HTTPError(400 if isinstance(error, HubError) else 502, str(error) or "The hub does not answer.") from error
        self.settings["news"].forget()
        self.settings["feed"].poll_soon()
        self.write({})


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
