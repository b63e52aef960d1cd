"""Logins from a course in a learning platform (Moodle, Canvas), by LTI 1.3 (http://www.imsglobal.org/spec/lti/v1p3/)."""

import asyncio
import time
from collections.abc import Callable
from html import escape

import jwt
from jupyterhub.handlers import BaseHandler
from ltiauthenticator.lti13.auth import LTI13Authenticator
from ltiauthenticator.lti13.error import ValidationError
from ltiauthenticator.lti13.handlers import LTI13CallbackHandler, LTI13LoginInitHandler
from ltiauthenticator.lti13.validator import LTI13LaunchValidator
from tornado.web import HTTPError
from traitlets import Instance, Set, Unicode

from ..access import AccessRules
from .server import Provider, ProviderError, refusal

_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
_MEMBER = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
_LEEWAY = 10  # seconds by which the clocks may differ
_AGAIN = "Open the class from your course again."


class LtiStart(LTI13LoginInitHandler):
    """`/hub/lti13/oauth_login`: the platform sends a browser here, which is sent back for a signed launch."""

    def post(self) -> None:
        lti = self.authenticator
        issuer, hint = self.get_argument("iss", ""), self.get_argument("login_hint", "")
        if not issuer or not hint:
            raise refusal(400, lti.instruction)
        # The platform need not say the client (ltiauthenticator would send none).
        client = self.get_argument("client_id", "") or lti.client
        if (issuer, client) != (lti.issuer, lti.client):
            sentence = "This class is connected with another learning platform or tool. Tell your instructor."
            raise refusal(403, sentence, f"iss {issuer[:200]!r}, client_id {client[:200]!r}")
        self.authorize_redirect(
            redirect_uri=lti.callback,
            login_hint=hint,
            nonce=self.generate_nonce(),
            client_id=client,
            state=self.generate_state(),
            lti_message_hint=self.get_argument("lti_message_hint", None),
        )

    get = post


class LtiLaunch(LTI13CallbackHandler):
    """`/hub/lti13/oauth_callback`: takes the signed launch."""

    async def get(self) -> None:
        raise refusal(405, self.authenticator.instruction)

    async def post(self) -> None:
        user = await self.login_user(await self._launch())
        if user is None:
            raise refusal(403, "You cannot log in here with this account. Tell your instructor.")
        self.redirect(self.get_next_url(user))

    async def _launch(self) -> dict:
        """Returns the claims of a launch that is signed by the platform, for this browser and this tool."""
        lti = self.authenticator
        try:
            self.check_state()
        except HTTPError as error:
            raise refusal(400, f"This launch began in another window, or too long ago. {_AGAIN}", str(error)) from error
        if "id_token" not in self.request.arguments:
            detail = " ".join(self.get_argument(name, "")[:200] for name in ("error", "error_description"))
            raise refusal(403, f"{lti.provider.name} refused the launch. {_AGAIN}", detail)
        try:
            launch = await lti.read(self.get_argument("id_token"))
            self.check_nonce(launch)
        except ProviderError as error:
            raise lti.provider.is_silent(error) from error
        # A signature that is right says nothing about the types of the claims, and ltiauthenticator assumes them.
        except (jwt.PyJWTError, ValidationError, HTTPError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise refusal(403, f"This launch is not valid. {_AGAIN}", f"{type(error).__name__}: {error}") from error
        return launch


class LtiAuthenticator(AccessRules, LTI13Authenticator):
    """LTI13Authenticator that believes only launches, checks the deployment, and takes the name from `uname` in the tool's settings.

    As it comes, it gives a token of any user to anybody (its `authenticate` takes the body of a request to the API for a launch), and it
    fetches the platform's keys at each launch while the whole hub waits.
    """

    login_handler, callback_handler = LtiStart, LtiLaunch
    client = Unicode(config=True, help="the client ID that the platform gave to this class")
    callback = Unicode(config=True, help="the address of LtiLaunch")
    deployments = Set(Unicode(), config=True, help="the deployment IDs of this class")
    provider = Instance(Provider, config=True)
    allow_all = True  # AccessRules refuses before

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.keys = _Keys(self.provider, self.jwks_endpoint)

    @property
    def instruction(self) -> str:
        return f"Open the class from your course in {self.provider.name}."

    def get_handlers(self, app: object) -> list:
        # Without the page /lti13/config: it asks for rights that nothing here needs.
        return [(self.login_url(""), LtiStart), (self.callback_url(""), LtiLaunch)]

    def get_custom_html(self, base_url: str) -> str:
        """The login page: nobody can log in here."""
        return f'<p id="open-from-course" class="text-center lead">{{% raw %}}{escape(self.instruction)}{{% endraw %}}</p>'

    async def read(self, token: str) -> dict:
        """Returns the claims of a launch; raises what ltiauthenticator and PyJWT raise, and ProviderError."""
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
        if not isinstance(handler, LtiLaunch):
            return None
        # A platform that does not know the variable sends its name: "$User.username".
        found = _texts(data.get(f"{_CLAIM}custom")).get("uname", "")
        name = self.provider.user_name("" if found.startswith("$") else found)
        return {"name": name, "admin": name in self.admin_users, "groups": sorted(_groups(data))}


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


class _Keys:
    """The platform's public keys: asked again after 5 minutes, and for an unknown key at most every 30 s."""

    def __init__(self, provider: Provider, url: str, now: Callable[[], float] = time.monotonic) -> None:
        self._provider, self._url, self._now = provider, url, now
        self._keys: dict[str, object] = {}
        self._asked = float("-inf")
        self._asking: asyncio.Future | None = None

    async def find(self, kid: object) -> object:
        """Returns a key; raises LookupError for one that the platform does not have, and ProviderError."""
        age = self._now() - self._asked
        if age > 300 or (kid not in self._keys and age > 30):
            # All who wait share one request: a class comes at once.
            if self._asking is None or self._asking.done():
                self._asking = asyncio.ensure_future(self._ask())
            await asyncio.shield(self._asking)
        return self._keys[kid]

    async def _ask(self) -> None:
        found = jwt.PyJWKSet.from_dict(await self._provider.ask_json(self._url)).keys
        self._keys, self._asked = {each.key_id: each.key for each in found if each.key_id}, self._now()
