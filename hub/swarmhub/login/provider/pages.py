"""The pages of a login at a provider: the way there, the way back, and a sentence for everything that can go wrong."""

import re

from oauthenticator.oauth2 import STATE_COOKIE_NAME, OAuthCallbackHandler, OAuthLoginHandler
from tornado.web import HTTPError

from ..kept_in_browser import KeptInBrowser
from . import refusals
from .refusals import SignInRefusedError
from .sign_out import COOKIE_PATH

# With "login" GitHub and Google would not ask; the others know only "login" for sure.
_PROMPTS = {"github": "select_account", "google": "select_account"}


class _Pages:
    """What both handlers share."""

    @property
    def _state_cookie_name(self) -> str:
        # A page of a user's server on a subdomain could otherwise plant the state of another login.
        is_https = self.authenticator.get_callback_url(self).startswith("https://")
        return f"__Host-{STATE_COOKIE_NAME}" if is_https else STATE_COOKIE_NAME

    async def _refuse(self, error: HTTPError) -> None:
        refused = error if isinstance(error, SignInRefusedError) else SignInRefusedError(error.status_code, _sentence_of(error))
        self.log.warning("Login refused: %r", refused.sentence[:400])
        self.set_status(refused.status_code)
        values = {"sentence": refused.sentence, "other_account": refused.other_account}
        values["sign_in_url"] = self.authenticator.login_url(self.hub.base_url)
        self.finish(await self.render_template("sign_in_refused.html", **values))

    def _request_summary(self) -> str:
        # tornado writes the whole address into its own lines, and that of the callback has the code.
        return f"{self.request.method} {self.request.path} ({self.request.remote_ip})"


class SignInHandler(_Pages, OAuthLoginHandler):
    """Sends the browser to the provider; with `?account=other` it asks which account."""

    async def get(self):
        """Redirects, or says why not."""
        try:
            await self.authenticator.prepare_sign_in()
            super().get()
        except HTTPError as error:
            await self._refuse(error)

    def set_state_cookie(self, state_cookie_value):
        """Keeps what the callback must bring back."""
        self._set_cookie(self._state_cookie_name, state_cookie_value, expires_days=1 / 24)

    def authorize_redirect(self, *args, extra_params=None, **kwargs):
        """Adds what this provider understands."""
        options = self.authenticator.options
        params = dict(extra_params or {})
        if self.get_argument("account", "") == "other":
            params["prompt"] = _PROMPTS.get(options.kind, "login")
        if options.identity_providers:
            params["selected_idp"] = ",".join(options.identity_providers)
        if options.kind == "google" and len(options.domains) == 1:
            params["hd"] = options.domains[0]
        return super().authorize_redirect(*args, extra_params=params, **kwargs)


class CallbackHandler(_Pages, KeptInBrowser, OAuthCallbackHandler):
    """Where the provider sends the browser back to, after a login and after a logout."""

    cookie_path = COOKIE_PATH

    async def get(self):
        """Logs in, or says why not."""
        if not self.request.query:  # of a logout (sign_out.py)
            self.redirect(self.settings["login_url"])
            return
        try:
            self.check_arguments()
            user = await self.login_user()
            if user is None:
                raise SignInRefusedError(403, "This account may not log in here. Ask your instructor.", other_account=True)
        except HTTPError as error:
            await self._refuse(error)
        else:
            self.redirect(self.get_next_url(user))

    def get_state_cookie(self):
        """Returns the state that this browser had when it left, once."""
        if self._state_cookie is None:
            name = self._state_cookie_name
            self._state_cookie = (self.get_secure_cookie(name, max_age_days=1 / 24) or b"").decode("utf8", "replace")
            self.clear_cookie(name, **({"secure": True} if name.startswith("__Host-") else {}))
        return self._state_cookie

    def check_state(self):
        """Compares the state with that of this browser; raises SignInRefusedError."""
        if not self.get_state_cookie():
            raise refusals.lost_state()
        try:
            super().check_state()
        except (HTTPError, ValueError, AttributeError):  # a state that is no JSON object
            raise refusals.lost_state() from None

    def check_error(self):
        """Raises SignInRefusedError if the provider sends an error; its own text may be an attacker's, so only the log has it."""
        code = self.get_argument("error", "")
        if not code:
            return
        service = self.authenticator.options.service
        self.log.error("%s answers with the error %.100r %.300r", service, code, self.get_argument("error_description", ""))
        if code in ("access_denied", "login_required", "interaction_required"):
            raise refusals.cancelled(service)
        if code in ("temporarily_unavailable", "server_error"):
            raise refusals.silent(service)
        raise refusals.class_refused(service, code if re.fullmatch(r"[a-z_]{1,40}", code) else "unknown error")

    def check_code(self):
        """Raises SignInRefusedError without a code."""
        if not self.get_argument("code", ""):
            raise refusals.lost_state()


def _sentence_of(error: HTTPError) -> str:
    if error.status_code >= 500:
        return "The sign-in failed. Try again in a minute. If it happens again, tell your instructor."
    return str(error.log_message or "") or "This sign-in is not complete. Sign in again."
