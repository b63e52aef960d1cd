"""A user's server with the login of JupyterHub's own: a page, an API and a kernel's websocket. All is read from its environment.

That of mallory has a page for all visitors as well, and hostile answers.
"""

import asyncio
import os
from urllib.parse import urlparse

from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated
from tornado.web import Application, RedirectHandler, RequestHandler, authenticated
from tornado.websocket import WebSocketHandler

user = os.environ["JUPYTERHUB_USER"]
prefix = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
hub_home = os.environ["JUPYTERHUB_HOST"] + "/hub/home"


class Lab(HubOAuthenticated, RequestHandler):
    """A page with a secret of its visitor, like JupyterLab's, and with its link to the hub."""

    @authenticated
    def get(self) -> None:
        visitor = self.get_current_user()["name"]
        secret = f"{user.upper()}-TOKEN"
        self.write(f'<p id="server">the server of {user} for {visitor}</p><a href="{hub_home}">Hub Control Panel</a>{secret}')


class Kernel(HubOAuthenticated, WebSocketHandler):
    """Echoes; Tornado refuses other origins."""

    @authenticated
    async def get(self) -> None:
        await super().get()

    def on_message(self, message: str) -> None:
        self.write_message(f"{user}: {message}")


class Open(RequestHandler):
    """A page for all visitors."""

    def get(self, name: str) -> None:
        host = urlparse(os.environ["JUPYTERHUB_HOST"]).hostname
        if name == "sw.js":
            self.set_header("Content-Type", "text/javascript")
            self.set_header("Service-Worker-Allowed", "/")
        elif name == "cookies":
            self.add_header("Set-Cookie", f"planted=1; Path=/; Domain={host}")
            self.add_header("Set-Cookie", "own=1; Path=/")
        elif name == "clear":
            self.set_header("Clear-Site-Data", '"cookies"')
        else:
            self.write(f"<p>{user}</p>")


async def main() -> None:
    pages = [
        (prefix, RedirectHandler, {"url": f"{prefix}lab"}),
        (f"{prefix}oauth_callback", HubOAuthCallbackHandler),
        (f"{prefix}lab", Lab),
        (f"{prefix}api/kernels/1/channels", Kernel),
    ]
    if user == "mallory":
        pages.append((f"{prefix}open/(.*)", Open))
    url = urlparse(os.environ["JUPYTERHUB_SERVICE_URL"])
    application = Application(pages, cookie_secret=os.urandom(32), xsrf_cookies=False)
    application.listen(url.port, url.hostname)
    await asyncio.Event().wait()


asyncio.run(main())
