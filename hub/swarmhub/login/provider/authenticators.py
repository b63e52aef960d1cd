"""Logins at an identity provider, with oauthenticator's exchange of codes and tokens and our own rules about what it answers."""

from urllib.parse import urlencode

import jwt
from jupyterhub import orm
from oauthenticator.oauth2 import OAuthenticator
from tornado.httpclient import HTTPResponse
from traitlets import Instance

from ..access import AccessRules
from . import refusals
from .accounts import Accounts
from .connection import Connection, json_object
from .identity import Identity, identity
from .options import ProviderOptions
from .pages import CallbackHandler, SignInHandler
from .refusals import SignInRefusedError

# The words of RFC 6749 (5.2) and of GitHub for a wrong client ID, secret or callback address.
_CLASS_IS_WRONG = {"invalid_client", "unauthorized_client", "incorrect_client_credentials", "redirect_uri_mismatch"}
_CODE_IS_OLD = {"invalid_grant", "bad_verification_code"}


class UnlikeAnswerError(Exception):
    """Answers that contradict each other."""


class ProviderAuthenticator(AccessRules, OAuthenticator):
    """What holds for every provider: who logs in is decided by the account, and everything that goes wrong is a sentence."""

    # How the provider may take the secret. One that takes several may still expect a certain one of each client.
    secret_ways = ("body",)
    asks_for_account = True  # the login page offers to use another account
    login_handler = SignInHandler
    callback_handler = CallbackHandler

    options = Instance(ProviderOptions, config=True, help="the provider in hub.json")
    connection = Instance(Connection, config=True, help="the requests to the provider")
    accounts = Instance(Accounts, config=True, help="which account owns each name")

    async def prepare_sign_in(self) -> None:
        """Finds the provider's addresses; raises SignInRefusedError."""

    async def authenticate(self, handler, data=None, **kwargs):
        """Returns the user of a callback; raises SignInRefusedError. None for any other request, however it looks."""
        # The API passes the body of an anonymous request for a token to this function (jupyterhub/apihandlers/users.py).
        if not isinstance(handler, CallbackHandler):
            return None
        try:
            await self.prepare_sign_in()
            return await super().authenticate(handler, data, **kwargs)
        except SignInRefusedError:
            raise
        except Exception as error:
            # oauthenticator reads keys of what the provider sends without asking whether they are there. The text of an error may
            # have tokens, but not that of these.
            detail = str(error)[:200] if isinstance(error, UnlikeAnswerError | jwt.InvalidTokenError | KeyError) else ""
            self.log.error("%s: unreadable answer (%s %r)", self.options.service, type(error).__name__, detail)
            raise refusals.unreadable(self.options.service) from None

    async def httpfetch(self, url, label="fetching", parse_json=True, raise_error=True, **options):
        """Makes all of oauthenticator's requests: see Connection."""
        options.pop("validate_cert", None)
        response = await self.connection.request(url, **options)
        return self.connection.parse(response) if parse_json else response

    async def get_token_info(self, handler, params):
        """Exchanges the code; raises SignInRefusedError with what the provider has against it."""
        plain = {key: value for key, value in params.items() if value is not None and key not in ("client_id", "client_secret")}
        for way in list(self.secret_ways):
            self.basic_auth = way == "header"
            secret = {} if self.basic_auth else {"client_id": self.client_id, "client_secret": self.client_secret}
            body = urlencode(plain | secret)
            headers = self.build_token_info_request_headers()
            response = await self.connection.request(self.token_url, method="POST", headers=headers, body=body)
            found = json_object(response) or {}
            if found.get("error") not in _CLASS_IS_WRONG and response.code != 401:
                self.secret_ways = [way, *(each for each in self.secret_ways if each != way)]  # the next login begins with it
                break
        if "error" in found or response.code in (400, 401):  # GitHub answers errors with status 200
            raise self._refused_exchange(found, response)
        found = self.connection.parse(response)
        if not isinstance(found.get("access_token"), str):
            raise refusals.unreadable(self.options.service)
        return found | {"token_type": str(found.get("token_type") or "Bearer")}

    def user_info_to_username(self, user_info):
        """Returns the name that the rules of this class make of the account."""
        return identity(self.options, user_info).name

    async def update_auth_model(self, auth_model):
        """Makes the list of admins exact: who is no longer on it loses the rights at the next login at the latest."""
        return auth_model | {"admin": auth_model["name"] in self.admin_users}

    async def get_user_groups(self, auth_state):
        """Returns the groups of the account that the hub keeps; those of the roster are looked up when they count (membership.py)."""
        return set(self.access.membership.kept(self.identity_of(auth_state).groups))

    def identity_of(self, auth_state: dict) -> Identity:
        """Returns the account of a login."""
        return identity(self.options, auth_state[self.user_auth_state_key])

    def check_blocked_users(self, username, authentication=None):
        """Raises SignInRefusedError where the rules for every method refuse the user."""
        groups = authentication["groups"]
        if sentence := self.access.refusal_for(username, groups):
            self.shut_out(username, authentication)
            raise refusals.not_listed(self.options.service, self.identity_of(authentication["auth_state"]).shown, sentence)
        return super().check_blocked_users(username, authentication)

    async def check_allowed(self, username, auth_model):
        """Returns True for whom the class is open to, and whose name is not that of another account; raises SignInRefusedError."""
        found = self.identity_of(auth_model["auth_state"])
        if not self.access.is_staff(username):
            try:
                await self.check_members(found, auth_model["auth_state"])
            except SignInRefusedError as refusal:
                if refusal.status_code == 403:  # others say that the provider gave no answer
                    self.shut_out(username, auth_model)
                raise
        if not self.accounts.is_free(username, found.account) and self._has_user(username):
            self.log.warning("%s: account %r may not take the name %r", self.options.service, found.account[:100], username[:100])
            raise refusals.name_taken(self.options.service, username)
        self.accounts.own(username, found.account)
        return True

    def is_same_account(self, username, authentication):
        """Returns whether the account owns the name."""
        return self.accounts.is_owner(username, self.identity_of(authentication["auth_state"]).account)

    async def check_members(self, found: Identity, auth_state: dict) -> None:
        """Raises SignInRefusedError for whom the provider's own rule refuses."""

    def _has_user(self, name: str) -> bool:
        return self.parent is None or orm.User.find(self.parent.db, name) is not None

    def _refused_exchange(self, found: dict, response: HTTPResponse) -> SignInRefusedError:
        service, code = self.options.service, str(found.get("error", ""))
        description = str(found.get("error_description", ""))
        self.log.error("%s refuses the code with status %s: %.100r %.300r", service, response.code, code, description)
        if code in _CODE_IS_OLD:
            return refusals.too_old()
        if code in _CLASS_IS_WRONG or response.code == 401:
            return refusals.class_refused(service, code if code in _CLASS_IS_WRONG else "status 401")
        return refusals.unreadable(service)
