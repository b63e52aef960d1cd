"""Logins from a course in a learning platform (Moodle, Canvas), by LTI 1.3 (http://www.imsglobal.org/spec/lti/v1p3/)."""

from html import escape

import jwt
from jupyterhub import orm
from jupyterhub.handlers import BaseHandler
from ltiauthenticator.lti13.auth import LTI13Authenticator
from ltiauthenticator.lti13.error import ValidationError
from ltiauthenticator.lti13.handlers import LTI13CallbackHandler, LTI13LoginInitHandler
from ltiauthenticator.lti13.validator import LTI13LaunchValidator
from tornado.web import HTTPError
from traitlets import Instance, Set, Unicode

from ..provider import refusals
from ..provider.accounts import Accounts
from ..provider.connection import Connection
from ..provider.refusals import SignInRefusedError
from ..signing_keys import SigningKeys
from .rules import CampusAuthenticator, CampusPages

_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
_MEMBER = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
_LEEWAY = 10  # seconds by which the clocks may differ
_AGAIN = "Open the class from your course again."


class LtiStart(CampusPages, LTI13LoginInitHandler):
    """`/hub/lti13/oauth_login`: the platform sends a browser here, which is sent back for a signed launch."""

    sign_in_url, cookie_path = None, "lti13/"

    def _set_oauth_cookie(self, key: str, value: str) -> None:
        self.keep_in_browser(key, value)

    def post(self) -> None:
        lti = self.authenticator
        issuer, hint = self.get_argument("iss", ""), self.get_argument("login_hint", "")
        if not issuer or not hint:
            raise SignInRefusedError(400, lti.instruction)
        # The platform need not say the client (ltiauthenticator would send none).
        client = self.get_argument("client_id", "") or lti.client
        if (issuer, client) != (lti.issuer, lti.client):
            self.log.error("a launch of the issuer %.200r for the client %.200r", issuer, client)
            raise SignInRefusedError(403, "This class is connected with another learning platform. Please tell your instructor.")
        self.authorize_redirect(
            redirect_uri=lti.callback,
            login_hint=hint,
            nonce=self.generate_nonce(),
            client_id=client,
            state=self.generate_state(),
            lti_message_hint=self.get_argument("lti_message_hint", None),
        )

    get = post


class LtiLaunch(CampusPages, LTI13CallbackHandler):
    """`/hub/lti13/oauth_callback`: takes the signed launch."""

    sign_in_url, cookie_path = None, "lti13/"

    def _get_oauth_cookie(self, name: str) -> str:
        value = self.kept_in_browser(name)
        self.keep_in_browser(name, "")  # it counts once
        return value

    async def get(self) -> None:
        raise SignInRefusedError(405, self.authenticator.instruction)

    async def post(self) -> None:
        user = await self.login_user(await self._launch())
        if user is None:
            raise SignInRefusedError(403, "This account may not log in here. Ask your instructor.")
        self.redirect(self.get_next_url(user))

    async def _launch(self) -> dict:
        """Returns the claims of a launch that is signed by the platform, for this browser and this tool."""
        lti = self.authenticator
        try:
            self.check_state()
        except HTTPError as error:
            raise SignInRefusedError(400, f"This launch began in another window, or too long ago. {_AGAIN}") from error
        if "id_token" not in self.request.arguments:
            said = [self.get_argument(name, "")[:200] for name in ("error", "error_description")]
            self.log.error("%s launches nothing: %r %r", lti.service, *said)
            raise SignInRefusedError(403, f"{lti.service} did not let you in. {_AGAIN}")
        try:
            launch = await lti.read(self.get_argument("id_token"))
            self.check_nonce(launch)
        except SignInRefusedError:
            raise
        # A right signature says nothing about the types of the claims, and ltiauthenticator assumes them.
        except (jwt.PyJWTError, ValidationError, HTTPError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            self.log.error("%s: a launch is not valid: %s: %.200s", lti.service, type(error).__name__, error)
            raise SignInRefusedError(403, f"This launch is not valid. {_AGAIN}") from error
        return launch


class LtiAuthenticator(CampusAuthenticator, LTI13Authenticator):
    """LTI13Authenticator that believes only launches, checks the deployment, and takes the name from `uname` in the tool's settings.

    As it comes, it gives a token of any user to anybody (its `authenticate` takes the body of a request to the API for a launch), and it
    fetches the platform's keys at each launch while the whole hub waits. A launch has the platform's unchanging number of the account,
    so a user name that is given to somebody else later does not open the home of the first one.
    """

    login_handler, callback_handler = LtiStart, LtiLaunch
    client = Unicode(config=True, help="the client ID that the platform gave to this class")
    callback = Unicode(config=True, help="the address of LtiLaunch")
    deployments = Set(Unicode(), config=True, help="the deployment IDs of this class")
    connection = Instance(Connection, config=True)
    accounts = Instance(Accounts, config=True, help="which account owns each name")
    login_service = ""  # no button on the login page, which has `get_custom_html`

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.keys = SigningKeys(self.connection, self.jwks_endpoint)

    @property
    def instruction(self) -> str:
        return f"Open the class from your course in {self.service}."

    def get_handlers(self, app: object) -> list:
        # Without the page /lti13/config: it asks for rights that nothing here needs.
        return [(self.login_url(""), LtiStart), (self.callback_url(""), LtiLaunch)]

    def get_custom_html(self, base_url: str) -> str:
        """Returns the login page: nobody can log in here."""
        return f'<p id="open-from-course" class="text-center lead">{{% raw %}}{escape(self.instruction)}{{% endraw %}}</p>'

    async def read(self, token: str) -> dict:
        """Returns the claims of a launch; raises what ltiauthenticator and PyJWT raise, and SignInRefusedError."""
        key = await self.keys.find(jwt.get_unverified_header(token).get("kid"))
        launch = jwt.decode(token, key, algorithms=["RS256"], audience=self.client, issuer=self.issuer, leeway=_LEEWAY)
        validator = LTI13LaunchValidator(time_leeway=_LEEWAY)
        validator.validate_id_token(launch)
        validator.validate_azp_claim(launch, {self.client})
        if launch[f"{_CLAIM}message_type"] != "LtiResourceLinkRequest":
            raise ValidationError("not a launch of a link")
        if launch[f"{_CLAIM}deployment_id"] not in self.deployments:
            raise ValidationError(f"another deployment: {launch[f'{_CLAIM}deployment_id']!r}")
        return launch

    async def authenticate(self, handler: BaseHandler, data: dict) -> dict | None:
        """Returns the user of a launch; raises SignInRefusedError. None for any other request, however it looks."""
        if not isinstance(handler, LtiLaunch):
            return None
        # A platform that does not know the variable sends its name: "$User.username".
        found = _texts(data.get(f"{_CLAIM}custom")).get("uname", "")
        name = self.name_from("" if found.startswith("$") else found, "uname")
        if not isinstance(data.get("sub"), str):
            raise refusals.missing_claim(self.service, "sub")
        return self.user(name, _groups(data)) | {"account": data["sub"]}

    def shut_out(self, username: str, authentication: dict) -> None:
        """Ends nothing: a launch tells only the course that it comes from, and its user may be in others."""

    def check_allowed(self, username: str, authentication: dict | None = None) -> bool:
        """Allows an account to use its own name; raises SignInRefusedError for that of another account."""
        account = authentication["account"]
        if not self.accounts.is_free(username, account) and orm.User.find(self.parent.db, username):
            raise refusals.name_taken(self.service, username)
        self.accounts.own(username, account)
        return True


def _groups(launch: dict) -> frozenset[str]:
    """Returns the course by its ID, which no teacher can choose, and the roles in it: course:4, role:instructor."""
    course = _texts(launch.get(f"{_CLAIM}context")).get("id")
    roles = launch.get(f"{_CLAIM}roles")
    found = {f"course:{course}"} if course else set()
    for role in roles if isinstance(roles, list) else []:
        if isinstance(role, str) and role.startswith(_MEMBER):
            found.add(f"role:{role.removeprefix(_MEMBER).lower()}")
    return frozenset(found)


def _texts(claim: object) -> dict[str, str]:
    return {key: value for key, value in claim.items() if isinstance(value, str)} if isinstance(claim, dict) else {}
