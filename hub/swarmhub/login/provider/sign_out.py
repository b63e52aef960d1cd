"""Logging out at an OpenID Connect provider: by the button of the class, and by the provider when the account has logged out there.

OpenID Connect RP-Initiated Logout 1.0, and Back-Channel Logout 1.0.
"""

import time
from typing import TYPE_CHECKING

import jwt
from jupyterhub import orm
from jupyterhub.handlers import BaseHandler, LogoutHandler
from tornado.httputil import url_concat

from ..access import end_sessions
from ..kept_in_browser import KeptInBrowser
from .refusals import SignInRefusedError

if TYPE_CHECKING:
    from .authenticators import OpenIdAuthenticator

COOKIE, COOKIE_PATH = "swarmhub-id-token", "logout"
# Longer ones do not fit into a cookie (4096 bytes), which has them in Base64 and signed.
_MOST_CHARACTERS = 2700
_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_CLOCK_DIFFERENCE = 120
_MAX_AGE = 600  # seconds since the provider wrote the message


def keep_id_token(handler: KeptInBrowser, token: object) -> None:
    """Keeps the ID token in the browser that logs in, for its logout: with it a provider asks no question. The hub keeps none."""
    handler.keep_in_browser(COOKIE, token if isinstance(token, str) and len(token) <= _MOST_CHARACTERS else "")


class SignOutHandler(KeptInBrowser, LogoutHandler):
    """Logs out at the provider too: otherwise the next login would bring the same account back without a question."""

    cookie_path = COOKIE_PATH

    async def handle_logout(self) -> None:
        """Reads what the login has left in this browser."""
        self._id_token, self._was_in = self.kept_in_browser(COOKIE), self.current_user is not None
        if self._id_token:
            self.keep_in_browser(COOKIE, "")

    async def render_logout_page(self) -> None:
        """Sends the browser to the provider, which sends it back; a provider without such an address is not asked."""
        address = await _logout_address(self.authenticator, self._id_token) if self._was_in or self._id_token else None
        if address is None:
            await super().render_logout_page()
        else:
            self.redirect(address)


async def _logout_address(method: "OpenIdAuthenticator", id_token: str) -> str | None:
    try:
        found = await method.discovery.addresses()
    except SignInRefusedError:  # it is down: the login at the class has ended all the same
        return None
    if not found.end_session:
        return None
    # The address that is registered already; CallbackHandler sends the browser on to the login page.
    arguments = {"client_id": method.client_id, "post_logout_redirect_uri": method.oauth_callback_url}
    return url_concat(found.end_session, arguments | ({"id_token_hint": id_token} if id_token else {}))


class BackChannelHandler(BaseHandler):
    """`/hub/oidc/logout`: the provider says that an account has logged out there; all its logins and tokens here end."""

    async def post(self) -> None:
        """Answers 200 for a message that the provider has signed for this class, else 400."""
        self.set_header("Cache-Control", "no-store")
        method: OpenIdAuthenticator = self.authenticator
        try:
            account = await _account_in(self.get_body_argument("logout_token", ""), method)
        except Exception as error:  # a right signature says nothing about the types of the claims
            self.log.warning("%s: a message about a logout is not valid: %s: %.200s", method.options.service, type(error).__name__, error)
            self.set_status(400)
            return
        for name in method.accounts.names_of(account):
            if user := orm.User.find(self.db, name):
                end_sessions(user)
                self.log.info("%s logged out at %s", name, method.options.service)

    def check_xsrf_cookie(self) -> None:
        # The provider has no cookies; its signature is the proof.
        return


async def _account_in(token: str, method: "OpenIdAuthenticator") -> str:
    await method.prepare_sign_in()
    key = await method.signing_keys().find(jwt.get_unverified_header(token).get("kid"))
    found = jwt.decode(
        token,
        key,
        algorithms=_ALGORITHMS,
        audience=method.client_id,
        issuer=method.issuer,
        leeway=_CLOCK_DIFFERENCE,
        options={"require": ["iss", "aud", "iat", "sub", "events"]},
    )
    # An ID token is signed by the same key for the same class, but it has a nonce and no event.
    if "nonce" in found or _EVENT not in found["events"] or found["iat"] < time.time() - _MAX_AGE:
        raise ValueError("not a message about a logout, or an old one")
    return found["sub"]
