"""Gives the hub's pages only to tabs, never to scripts, frames or windows of other pages.

Without subdomains, a page of a user's server has the origin of the hub: its script could read the XSRF token in a page of the hub
and act as the visitor. Browsers say in the Sec-Fetch headers what a request is for, and scripts cannot change these headers
(https://www.w3.org/TR/fetch-metadata/). Requests without them pass: programs, and browsers at a plain HTTP address.
"""

import json

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.handlers.base import BaseHandler, PrefixRedirectHandler, UserUrlHandler
from jupyterhub.handlers.pages import HealthCheckHandler

# With its opener, a page of the hub shares no window: the opener cannot read it (Chrome 131, Safari 18.4; not Firefox).
HEADERS = {"Cross-Origin-Opener-Policy": "noopener-allow-popups"}
SENTENCE = "This page opens only in a tab of its own, because other pages must not be able to read it."


def guard_pages() -> None:
    """Makes the hub refuse its pages, with status 403, to requests that are not a tab of the browser."""
    prepare = BaseHandler.prepare

    async def prepare_if_allowed(self):
        mode, destination = (self.request.headers.get(f"Sec-Fetch-{name}") for name in ("Mode", "Dest"))
        if not _is_tab(mode, destination):
            if not _is_allowed(self, mode):
                self.set_status(403)
                self.set_header("Content-Type", "text/plain")
                self.finish(SENTENCE)
                return
            if isinstance(self, UserUrlHandler):
                _answer_in_json(self)
        await prepare(self)

    BaseHandler.prepare = prepare_if_allowed


def _is_tab(mode: str | None, destination: str | None) -> bool:
    return mode in (None, "navigate") and destination in (None, "document")


def _is_allowed(handler: BaseHandler, mode: str | None) -> bool:
    # JupyterHub requires no XSRF token for `navigate` (frames) and for `no-cors` from the same origin (_xsrf_utils.py): it assumes
    # that such answers cannot be read, which is true only for another origin.
    if isinstance(handler, APIHandler | UserUrlHandler):
        return mode not in ("navigate", "no-cors")
    # A request to a server that has stopped comes first to the redirect, from /user/NAME to /hub/user/NAME, which has no content.
    return isinstance(handler, HealthCheckHandler | PrefixRedirectHandler)


def _answer_in_json(handler: UserUrlHandler) -> None:
    """Prevents pages, which contain the XSRF token, as the answer to a JupyterLab whose server has stopped."""
    handler.request.headers["Accept"] = "application/json"

    def write_error(status_code: int, **_: object) -> None:
        handler.set_header("Content-Type", "application/json")
        handler.finish(json.dumps({"status": status_code}))

    handler.write_error = write_error
