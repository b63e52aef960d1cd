"""What the handlers of the page have in common: who asks, from where, and the token that only the page's script knows."""

import json
from http import HTTPStatus

from jupyterhub.services.auth import HubOAuth, HubOAuthenticated
from tornado.web import HTTPError, RequestHandler

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "noopener-allow-popups",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class PageHandler(HubOAuthenticated, RequestHandler):
    """A handler for people whom the hub lets in, with headers that keep other pages away."""

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


class ScriptHandler(PageHandler):
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
