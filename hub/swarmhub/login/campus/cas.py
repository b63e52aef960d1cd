"""Logins at a CAS server (protocol 3.0, https://apereo.github.io/cas/development/protocol/CAS-Protocol-Specification.html)."""

import re
import secrets
from urllib.parse import urlencode
from xml.etree import ElementTree

from jupyterhub import log, orm
from jupyterhub.handlers import BaseHandler, LogoutHandler
from tornado.httputil import url_concat
from tornado.log import app_log
from traitlets import Instance, Unicode

from ..access import end_sessions
from ..provider import refusals
from ..provider.connection import Connection
from ..provider.refusals import SignInRefusedError
from .cas_tickets import CasTickets
from .rules import CampusAuthenticator, CampusPages

_CAS = "{http://www.yale.edu/tp/cas}"
_SESSION = "{urn:oasis:names:tc:SAML:2.0:protocol}SessionIndex"
_STATE = "swarmhub-cas"


class CasHandler(CampusPages, BaseHandler):
    """`/hub/cas`: sends browsers to the CAS server, and takes the tickets with which they come back."""

    cookie_path = "cas"

    async def get(self) -> None:
        cas = self.authenticator
        state, ticket = self.kept_in_browser(_STATE), self.get_argument("ticket", "")
        target = self._validate_next_url(self.get_argument("next", ""))
        if not ticket or not self.get_argument("state", ""):
            self._ask(state or secrets.token_urlsafe(16), target)
            return
        # A ticket counts for its service only. With a secret of this browser in it, nobody can log another browser in as himself.
        if not state or not secrets.compare_digest(self.get_argument("state").encode(), state.encode()):
            raise refusals.lost_state()
        user = await self.login_user({"ticket": ticket, "service": cas.service_for(state, target)})
        if user is None:
            raise SignInRefusedError(403, "This account may not log in here. Ask your instructor.", other_account=True)
        self.redirect(self.get_next_url(user))

    def _ask(self, state: str, target: str) -> None:
        cas = self.authenticator
        self.keep_in_browser(_STATE, state)
        other = {"renew": "true"} if self.get_argument("account", "") == "other" else {}
        self.redirect(f"{cas.server}/login?{urlencode({'service': cas.service_for(state, target)} | other)}")

    async def post(self) -> None:
        """Single log-out: the CAS server says which ticket has ended. The ticket is its secret."""
        name = self.authenticator.tickets.take(_ended_ticket(self.get_body_argument("logoutRequest", "")))
        user = orm.User.find(self.db, name) if name else None
        if user:
            end_sessions(user)
            self.log.info("%s logged out at %s", name, self.authenticator.service)

    def check_xsrf_cookie(self) -> None:
        # The CAS server has no cookies, and a login has its own secret.
        return

    def append_query_parameters(self, url: str, exclude: list[str] | None = None) -> str:
        return url  # the ticket would stay in the address

    def _request_summary(self) -> str:
        # tornado writes the whole address into its own lines, with the ticket.
        return f"{self.request.method} {self.request.path} ({self.request.remote_ip})"


class CasLogout(LogoutHandler):
    """Logs out at the CAS server too: otherwise the next login would bring the same account back without a question."""

    async def render_logout_page(self) -> None:
        self.redirect(self.authenticator.after_logout)


class CasAuthenticator(CampusAuthenticator):
    """Believes the CAS server about the tickets of its own handler; the service's address comes from the configuration only."""

    server = Unicode(config=True, help="the address of the CAS server, without a slash at the end")
    address = Unicode(config=True, help="the address of CasHandler, which is the service for the CAS server")
    after_logout = Unicode(config=True, help="where a browser goes after it has logged out here")
    groups_attribute = Unicode("", config=True, help="the attribute with the groups of a user; none: no groups")
    connection = Instance(Connection, config=True)
    tickets = Instance(CasTickets, config=True)
    asks_for_account = True  # the login page offers to use another account

    @property
    def login_service(self) -> str:
        """The name on the button of the login page."""
        return self.service

    def get_handlers(self, app: object) -> list:
        # The log has the addresses of all requests.
        log.SCRUB_PARAM_KEYS = (*log.SCRUB_PARAM_KEYS, "ticket")
        return [("/cas", CasHandler), ("/logout", CasLogout)]

    def login_url(self, base_url: str) -> str:
        return f"{base_url}cas"

    def service_for(self, state: str, target: str) -> str:
        """Returns the address to which a browser comes back; the same again for the same arguments, as tickets demand."""
        return url_concat(self.address, {"state": state} | ({"next": target} if target else {}))

    async def authenticate(self, handler: BaseHandler, data: dict) -> dict | None:
        """Returns the user of a ticket; raises SignInRefusedError. None for any other request, however it looks."""
        # The API passes the body of an anonymous request for a token to this function (jupyterhub/apihandlers/users.py). The operator of
        # any other service of this CAS server has tickets, which count for that service.
        if not isinstance(handler, CasHandler):
            return None
        query = urlencode({"service": data["service"], "ticket": data["ticket"]})
        response = await self.connection.request(f"{self.server}/p3/serviceValidate?{query}")
        if response.code != 200:
            app_log.error("%s: the verdict on a ticket has status %s", self.service, response.code)
            raise refusals.silent(self.service) if response.code >= 500 else refusals.unreadable(self.service)
        try:
            name, groups = read_verdict(response.body.decode(), self.groups_attribute)
        except RefusedTicketError as error:
            app_log.warning("%s refuses a ticket: %.100r", self.service, str(error))
            raise self._refused(str(error)) from error
        except ValueError as error:
            app_log.error("%s: the verdict on a ticket is unreadable: %.200s", self.service, error)
            raise refusals.unreadable(self.service) from error
        user = self.user(self.name_from(name, "cas:user"), groups)
        self.tickets.add(data["ticket"], user["name"])
        return user

    def _refused(self, code: str) -> SignInRefusedError:
        if code == "INVALID_TICKET":
            return refusals.too_old()
        return refusals.class_refused(self.service, code if re.fullmatch(r"[A-Z_]{1,40}", code) else "unknown error")


class RefusedTicketError(Exception):
    """The CAS server refused the ticket; the message is its code."""


def read_verdict(text: str, groups_attribute: str) -> tuple[str | None, frozenset[str]]:
    """Returns the name and the groups in the answer about a ticket; raises RefusedTicketError, or ValueError for nonsense."""
    root = _parse(text)
    success, failure = (root.find(f"{_CAS}authentication{word}") for word in ("Success", "Failure"))
    if root.tag != f"{_CAS}serviceResponse" or (success is None) == (failure is None):
        raise ValueError("not a verdict of CAS")
    if failure is not None:
        raise RefusedTicketError(failure.get("code", ""))
    attributes = success.find(f"{_CAS}attributes")
    groups = [] if attributes is None else attributes.findall("*")
    return success.findtext(f"{_CAS}user"), frozenset(
        each.text.strip() for each in groups if groups_attribute and each.tag == f"{_CAS}{groups_attribute}" and each.text
    )


def _ended_ticket(text: str) -> str:
    try:
        return next(_parse(text).iter(_SESSION)).text or ""
    except (ValueError, StopIteration):
        return ""


def _parse(text: str) -> ElementTree.Element:
    # Entities are defined only in a document type, and no message of CAS has one.
    if "<!DOCTYPE" in text:
        raise ValueError("a document type")
    try:
        return ElementTree.fromstring(text)  # noqa: S314
    except ElementTree.ParseError as error:  # a SyntaxError
        raise ValueError(f"no XML: {error}") from error
