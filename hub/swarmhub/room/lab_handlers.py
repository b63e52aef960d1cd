"""What the extension in JupyterLab asks (hub/labextension/): the announcement, without a login; notices and help of one user, by token.

With subdomains a user's server is another origin, so any origin may read the answers. That gives nothing away: the announcement is on
the login page too, no cookie is sent or read, and only a token shows or changes a call for help.
"""

import time

from jupyterhub.services.auth import HubOAuth
from tornado.web import HTTPError, RequestHandler

from .actions import Hub
from .news import News

_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization",
    "Access-Control-Max-Age": "600",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
_LONGEST_TOKEN = 256
_PAUSE = 1  # seconds between two changes by one user


class _LabHandler(RequestHandler):
    @property
    def news(self) -> News:
        return self.settings["news"]

    def set_default_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.set_header(name, value)

    def check_xsrf_cookie(self) -> None:
        """Needs none: cookies mean nothing here."""

    async def _find_user(self) -> str | None:
        """Returns the user of the token of this request; None without a valid one."""
        kind, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if kind != "token" or not 0 < len(token) <= _LONGEST_TOKEN:
            return None
        auth: HubOAuth = self.settings["hub_auth"]
        found = await auth.user_for_token(token, sync=False)
        return found["name"] if found and found.get("kind") == "user" else None

    def options(self) -> None:
        """Answers the browser's question before a request with a token."""
        self.set_status(204)

    def write_error(self, status_code: int, **_options) -> None:
        self.finish({"status": status_code})


class Announcement(_LabHandler):
    """The announcement, for everybody, and with a token the notice about the server of its user."""

    async def get(self) -> None:
        """Returns id and text of both; nothing without one."""
        name = await self._find_user()
        news = await self.news.get()
        said, notice = news["announcement"], news["notices"].get(name) if name else None
        self.write(({"id": said["id"], "text": said["text"]} if said else {}) | ({"notice": notice} if notice else {}))


class HelpOfUser(_LabHandler):
    """Whether the user of a token has asked for help."""

    async def get(self) -> None:
        """Returns it."""
        name = await self._user()
        self.write({"help": name in (await self.news.get())["help"]})

    async def post(self) -> None:
        """Asks for help."""
        await self._set(is_wanted=True)

    async def delete(self) -> None:
        """Takes it back."""
        await self._set(is_wanted=False)

    async def _set(self, *, is_wanted: bool) -> None:
        name = await self._user()
        changed: dict[str, float] = self.settings["help_changed"]
        now = time.monotonic()
        if now - changed.get(name, -_PAUSE) < _PAUSE:
            raise HTTPError(429)
        changed[name] = now
        hub: Hub = self.settings["hub"]
        try:
            await hub.help(name, is_wanted=is_wanted)
        except OSError as error:
            raise HTTPError(503) from error
        self.news.forget()
        self.settings["feed"].poll_soon()
        self.write({"help": is_wanted})

    async def _user(self) -> str:
        name = await self._find_user()
        if not name:
            raise HTTPError(403)
        return name
