"""Logins at a CAS server (protocol 3.0, https://apereo.github.io/cas/development/protocol/CAS-Protocol-Specification.html)."""

import secrets
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from jupyterhub import orm
from jupyterhub.handlers import BaseHandler, LogoutHandler
from tornado.httputil import url_concat
from tornado.web import HTTPError
from traitlets import Instance, Unicode

from ..access import AccessRules, end_sessions
from .cas_tickets import CasTickets
from .server import Provider, ProviderError, refusal

_CAS = "{http://www.yale.edu/tp/cas}"
_SESSION = "{urn:oasis:names:tc:SAML:2.0:protocol}SessionIndex"
_STATE = "swarmhub-cas"


class CasHandler(BaseHandler):
    """`/hub/cas`: sends browsers to the CAS server, and takes the tickets with which they come back."""

    async def get(self) -> None:
        authenticator = self.authenticator
        state, ticket = (self.get_secure_cookie(_STATE) or b"").decode(), self.get_argument("ticket", "")
        target = self._validate_next_url(self.get_argument("next", ""))
        if not ticket or not self.get_argument("state", ""):
            state = state or secrets.token_urlsafe(16)
            self._set_cookie(_STATE, state, expires_days=None, path=authenticator.login_url(self.hub.base_url), samesite="Lax")
            query = {"service": authenticator.service_for(state, target)} | ({"renew": "true"} if self.get_argument("renew", "") else {})
            self.redirect(f"{authenticator.server}/login?{urlencode(query)}")
            return
        # A ticket counts for its service only. With a secret of this browser in it, nobody can log another browser in as himself.
        if not state or not secrets.compare_digest(self.get_argument("state").encode(), state.encode()):
            raise refusal(403, "This login began in another window, or too long ago.", link=("Log in again", self._again()))
        other_account = "Log in with another account", self._again("?renew=1")
        try:
            user = await self.login_user({"ticket": ticket, "service": authenticator.service_for(state, target)})
        except HTTPError as error:
            if hasattr(error, "jupyterhub_message"):
                raise
            # The sentence of AccessRules
            raise refusal(error.status_code, error.get_message(), link=other_account) from error
        if user is None:
            raise refusal(403, "You cannot log in here with this account.", link=other_account)
        self.redirect(self.get_next_url(user))

    async def post(self) -> None:
        """Single log-out: the CAS server says which ticket has ended. The ticket is its secret."""
        user = self.authenticator.tickets.take(_ended_ticket(self.get_body_argument("logoutRequest", "")))
        found = user and orm.User.find(self.db, user)
        if found:
            end_sessions(found)
            self.log.info("%s logged out at %s", user, self.authenticator.provider.name)

    def check_xsrf_cookie(self) -> None:
        # The CAS server has no cookies. A login needs none either: it has its own secret.
        return

    def append_query_parameters(self, url: str, exclude: list[str] | None = None) -> str:
        return url  # the ticket would stay in the address

    def _again(self, query: str = "") -> str:
        return self.authenticator.login_url(self.hub.base_url) + query


class CasLogout(LogoutHandler):
    """Logs out at the CAS server too: otherwise the next login would bring the same account back without a question."""

    async def render_logout_page(self) -> None:
        self.redirect(self.authenticator.logout_url())


class CasAuthenticator(AccessRules):
    """Believes the CAS server about the tickets of its own handler; the service's address comes from the configuration only."""

    server = Unicode(config=True, help="the address of the CAS server, without a slash at the end")
    service = Unicode(config=True, help="the address of CasHandler")
    groups_attribute = Unicode("", config=True, help="the attribute with the groups of a user; none: no groups")
    provider = Instance(Provider, config=True)
    tickets = Instance(CasTickets, config=True)
    allow_all = True  # AccessRules refuses before

    def get_handlers(self, app: object) -> list:
        return [("/cas", CasHandler), ("/logout", CasLogout)]

    def login_url(self, base_url: str) -> str:
        return f"{base_url}cas"

    def logout_url(self) -> str:
        parts = urlsplit(self.service)
        return url_concat(f"{self.server}/logout", {"service": f"{parts.scheme}://{parts.netloc}/hub/login"})

    def service_for(self, state: str, target: str) -> str:
        """Returns the address to which a browser comes back; the same again for the same arguments, as tickets demand."""
        return url_concat(self.service, {"state": state} | ({"next": target} if target else {}))

    async def authenticate(self, handler: BaseHandler, data: dict) -> dict | None:
        # The API gives the body of a request for a token to this function (jupyterhub/apihandlers/users.py). The operator of any other
        # service of this CAS server has tickets that count for that service.
        if not isinstance(handler, CasHandler):
            return None
        query = urlencode({"service": data["service"], "ticket": data["ticket"]})
        try:
            name, groups = _read(await self.provider.ask(f"{self.server}/p3/serviceValidate?{query}"), self.groups_attribute)
        except _Refused as error:
            self.log.warning("CAS refused a ticket: %s", error)
            if str(error) == "INVALID_TICKET":
                sentence, link = "This login was used before, or took too long.", ("Log in again", self.login_url(handler.hub.base_url))
                raise refusal(403, sentence, link=link) from error
            sentence = f"{self.provider.name} does not accept logins for this class. Tell your instructor."
            raise refusal(403, sentence, str(error)) from error
        except ProviderError as error:
            raise self.provider.is_silent(error) from error
        name = self.provider.user_name(name)
        self.tickets.add(data["ticket"], name)
        return {"name": name, "admin": name in self.admin_users, "groups": sorted(groups)}


class _Refused(Exception):
    """The CAS server refused the ticket; the message is its code."""


def _read(text: str, groups_attribute: str) -> tuple[str | None, frozenset[str]]:
    """Returns the name and the groups in the answer about a ticket; raises _Refused or ProviderError."""
    root = _parse(text)
    success, failure = (root.find(f"{_CAS}authentication{word}") for word in ("Success", "Failure"))
    if root.tag != f"{_CAS}serviceResponse" or (success is None) == (failure is None):
        raise ProviderError("the answer is not of a CAS server")
    if failure is not None:
        raise _Refused(failure.get("code", "")[:64])
    attributes = success.find(f"{_CAS}attributes")
    groups = [] if attributes is None else attributes.findall("*")
    return success.findtext(f"{_CAS}user"), frozenset(
        each.text.strip() for each in groups if groups_attribute and each.tag == f"{_CAS}{groups_attribute}" and each.text
    )


def _ended_ticket(text: str) -> str:
    try:
        return next(_parse(text).iter(_SESSION)).text or ""
    except (ProviderError, StopIteration):
        return ""


def _parse(text: str) -> ElementTree.Element:
    # Entities are defined only in a document type, and no answer has one.
    if "<!DOCTYPE" in text:
        raise ProviderError("the answer has a document type")
    try:
        return ElementTree.fromstring(text)  # noqa: S314
    except (ElementTree.ParseError, ValueError) as error:
        raise ProviderError(f"no XML: {error}") from error
