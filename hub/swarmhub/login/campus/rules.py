"""What the authenticators for the server of a university share: the name, the groups, and the words of refusals."""

from tornado.web import HTTPError
from traitlets import Bool, Unicode

from ..access import AccessRules
from ..claims import claims_in
from ..kept_in_browser import KeptInBrowser
from ..names import is_plain
from ..provider import refusals
from ..provider.refusals import SignInRefusedError


class CampusAuthenticator(AccessRules):
    """Makes users of accounts at a server of a university, whose names are given by the university and never change hands here."""

    service = Unicode(config=True, help="the name of the server in sentences")
    any_allow_config = Bool(True, help="JupyterHub warns without a rule, and AccessRules has the rules")

    def user(self, name: str, groups: frozenset[str]) -> dict:
        """Returns the user of an account for JupyterHub; who is no longer on the list of admins loses the rights."""
        return {"name": name, "admin": name in self.admin_users, "groups": self.access.membership.kept(claims_in(groups))}

    def name_from(self, found: object, claim: str) -> str:
        """Returns the user name for what the server says; raises SignInRefusedError if it is missing, or could be another user's."""
        name = found.strip() if isinstance(found, str) else ""
        if not name:
            raise refusals.missing_claim(self.service, claim)
        if not is_plain(name) or "/" in name or len(name) > 254:
            raise refusals.unusable_name(self.service, name[:64])
        return name.lower()

    def check_allowed(self, username: str, authentication: dict | None = None) -> bool:
        """Allows whom the rules of AccessRules let pass; they are applied before."""
        return True

    def check_blocked_users(self, username: str, authentication: dict | None = None) -> bool:
        """Raises SignInRefusedError where the rules refuse a user."""
        try:
            return super().check_blocked_users(username, authentication)
        except HTTPError as error:
            raise SignInRefusedError(403, str(error.log_message), other_account=True) from error


class CampusPages(KeptInBrowser):
    """A handler whose refusals are a page with the sentence and a way back; `sign_in_url` is None where there is none."""

    @property
    def sign_in_url(self) -> str | None:
        return self.authenticator.login_url(self.hub.base_url)

    def write_error(self, status_code: int, **kwargs: object) -> None:
        error = (kwargs.get("exc_info") or (None, None))[1]
        if not isinstance(error, SignInRefusedError):
            super().write_error(status_code, **kwargs)
            return
        words = {"sentence": error.sentence, "other_account": error.other_account, "sign_in_url": self.sign_in_url}
        self.finish(self.render_template("sign_in_refused.html", sync=True, **words))
