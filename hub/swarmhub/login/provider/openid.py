"""OpenID Connect, also that of Google, Globus and CILogon."""

import jwt
from traitlets import Instance

from ..signing_keys import SigningKeys
from .authenticators import ProviderAuthenticator, UnlikeAnswerError
from .discovery import Discovery
from .sign_out import BackChannelHandler, SignOutHandler, keep_id_token

# A manager's clock may differ from the provider's by this much, in seconds.
_CLOCK_DIFFERENCE = 120


class OpenIdAuthenticator(ProviderAuthenticator):
    """The issuer says where everything is."""

    discovery = Instance(Discovery, config=True, help="where the addresses come from")
    logout_handler = SignOutHandler
    issuer = keys_address = ""
    _keys: SigningKeys | None = None

    def get_handlers(self, app):
        """Adds the address to which a provider reports logouts."""
        return [*super().get_handlers(app), ("/oidc/logout", BackChannelHandler)]

    def signing_keys(self) -> SigningKeys:
        """Returns the keys of the provider, after `prepare_sign_in`; raises LookupError if it publishes none."""
        if not self.keys_address:
            raise LookupError("the provider publishes no keys")
        if self._keys is None or self._keys.url != self.keys_address:
            self._keys = SigningKeys(self.connection, self.keys_address)
        return self._keys

    async def prepare_sign_in(self) -> None:
        found = await self.discovery.addresses()
        self.issuer, self.authorize_url, self.token_url, self.userdata_url = found.issuer, found.authorize, found.token, found.userinfo
        self.keys_address = found.keys
        if set(self.secret_ways) != set(found.secret_ways):
            self.secret_ways = list(found.secret_ways)
        wants_groups = self.options.groups and found.has_groups_scope
        self.scope = [*_SCOPES.get(self.options.kind, _SCOPES["oidc"]), *(["groups"] if wants_groups else [])]

    async def token_to_user(self, token_info):
        """Returns the claims of the ID token, and those that only the second answer has, which must be about the same account."""
        # The token comes from the provider itself over TLS, so its signature adds nothing (OpenID Connect Core 1.0, 3.1.3.7, 6).
        claims = jwt.decode(
            token_info["id_token"],
            audience=self.client_id,
            leeway=_CLOCK_DIFFERENCE,
            options={"verify_signature": False, "verify_aud": True, "verify_exp": True, "require": ["iss", "sub", "aud", "exp"]},
        )
        # Google leaves out https:// (https://developers.google.com/identity/openid-connect/openid-connect).
        if claims["iss"] not in {self.issuer, *([self.issuer.removeprefix("https://")] if self.options.kind == "google" else [])}:
            raise UnlikeAnswerError("the ID token has another issuer")
        more = await super().token_to_user(token_info)
        if more.get("sub") != claims["sub"]:
            raise UnlikeAnswerError("the ID token is for another account")
        return claims | more

    async def authenticate(self, handler, data=None, **kwargs):
        """The same, and keeps the ID token in the browser for its logout."""
        found = await super().authenticate(handler, data, **kwargs)
        if found:
            keep_id_token(handler, found["auth_state"]["token_response"].get("id_token"))
        return found


_SCOPES = {
    "oidc": ["openid", "profile", "email"],
    "globus": ["openid", "profile", "email"],  # the default of oauthenticator also asks for all files of the user
    "cilogon": ["openid", "profile", "email", "org.cilogon.userinfo"],
}
