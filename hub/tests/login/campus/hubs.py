"""A real hub whose users log in at a stand-in for a server of a university."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from ...support.real_hub import Browser, RunningHub
from ...support.stand_in import make_certificates
from ..support import change_settings


class Redirects(urllib.request.HTTPRedirectHandler):
    """Remembers the addresses of all redirects."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def redirect_request(self, request, file, code, message, headers, url):
        self.seen.append(url)
        return super().redirect_request(request, file, code, message, headers, url)


class CampusHub(RunningHub):
    """Trusts the stand-in's authority; its own address is its public one."""

    def __init__(self, root: Path, ca: Path, *options: str, password: str = "", **changes: object) -> None:
        self.ca, self.password = ca, password
        super().__init__(root, "http://127.0.0.1:1", "--JupyterHub.default_url=/hub/home", *options, **changes)

    def start_hub(self) -> None:
        self.address = f"http://127.0.0.1:{self.hub_port}"
        change_settings(self, publicUrl=self.address)
        (self.root / "run/secrets/login-ca").write_bytes(self.ca.read_bytes())
        if self.password:
            (self.root / "run/secrets/login-password").write_text(self.password)
        super().start_hub()

    def browser(self) -> Browser:
        browser, redirects = super().browser(), Redirects()
        tls = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self.ca))
        browser.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(browser.cookies), tls, redirects)
        browser.redirects = redirects.seen
        return browser


def server_tls(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Returns a root certificate, and the context of a server for localhost that has one of it."""
    ca, certificate = make_certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return ca, context


def launch(browser: Browser, platform: str, *, start: dict, forms: list | None = None) -> tuple[int, str]:
    """Opens the class as a browser does from a course: a form to the hub, a redirect to the platform, a form back to the hub."""
    status, text = browser.open(f"/hub/lti13/oauth_login?{urllib.parse.urlencode(start)}")
    if not text.startswith("{"):
        return status, text
    assert browser.redirects[-1].startswith(f"{platform}/auth?")
    form = json.loads(text)
    if forms is not None:
        forms.append(form)
    return browser.open("/hub/lti13/oauth_callback", form)
