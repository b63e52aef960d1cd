import json
import time
from pathlib import Path

import jwt
import pytest
from ltiauthenticator.lti13.error import ValidationError

from swarmhub.login.access import Access
from swarmhub.login.campus.lti import LtiAuthenticator, LtiLaunch
from swarmhub.login.closing import Closing
from swarmhub.login.provider import refusals
from swarmhub.login.provider.connection import Connection
from swarmhub.login.provider.refusals import SignInRefusedError

from .platform import CLAIM, CLIENT, ISSUER, Platform, new_key

MEMBER = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
OTHER_KEY = new_key()
now = int(time.time())


class Keys(Connection):
    """A platform whose keys are asked without a network."""

    def __init__(self, platform):
        super().__init__("Moodle")
        self.platform, self.count = platform, 0

    async def read_object(self, url):
        self.count += 1
        if self.platform.instead:
            raise refusals.silent("Moodle")
        return json.loads(self.platform.keys())


@pytest.fixture(scope="module")
def platform():
    return Platform()


def authenticator(platform):
    trust = {"issuer": ISSUER, "client": CLIENT, "deployments": {"4"}, "jwks_endpoint": "https://x/keys"}
    access = Access("geo-101", Closing(Path("/nowhere")))
    return LtiAuthenticator(service="Moodle", connection=Keys(platform), access=access, admin_users={"prof"}, **trust)


async def test_a_launch_is_read_and_gives_the_name_the_course_and_the_role(platform):
    lti = authenticator(platform)
    claims = await lti.read(platform.launch())
    handler = object.__new__(LtiLaunch)
    ada = {"name": "ada", "admin": False, "groups": ["course:7", "role:learner"], "account": "3"}
    assert await lti.authenticate(handler, claims) == ada
    teacher = await lti.read(platform.launch(**{f"{CLAIM}roles": [f"{MEMBER}Instructor", "x"], f"{CLAIM}custom": {"uname": "Prof"}}))
    prof = {"name": "prof", "admin": True, "groups": ["course:7", "role:instructor"], "account": "3"}
    assert await lti.authenticate(handler, teacher) == prof
    assert lti.connection.count == 1, "the keys are asked once"


@pytest.mark.parametrize(
    "token",
    [
        {"key": OTHER_KEY},
        {"key": "0" * 64, "algorithm": "HS256"},
        {"key": "", "algorithm": "none"},
        {"headers": {"kid": "other"}},
        {"headers": {"kid": ["key-1"]}},
        {"headers": {}},
        {"aud": "client-2"},
        {"aud": [CLIENT, "client-2"]},
        {"iss": "https://evil.example"},
        {"exp": now - 60},
        {"exp": None},
        {"iat": now - 3600},
        {"iat": None},
        {f"{CLAIM}deployment_id": "5"},
        {f"{CLAIM}deployment_id": ["4"]},
        {f"{CLAIM}deployment_id": None},
        {f"{CLAIM}message_type": "LtiDeepLinkingRequest"},
        {f"{CLAIM}version": "1.1"},
        {f"{CLAIM}context": "GEO-101"},
        {f"{CLAIM}resource_link": []},
    ],
)
async def test_a_launch_that_is_forged_old_or_for_another_tool_is_refused(platform, token):
    with pytest.raises((jwt.PyJWTError, ValidationError, LookupError, TypeError, AttributeError)):
        await authenticator(platform).read(platform.launch(**token))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJSUzI1NiJ9.e30.x", "[" * 90_000, "W1tb" * 20_000 + ".e30.x"])
async def test_a_launch_that_is_no_token_is_refused(platform, token):
    with pytest.raises((jwt.PyJWTError, ValueError, LookupError, RecursionError)):
        await authenticator(platform).read(token)


@pytest.mark.parametrize(
    ("custom", "sentence"),
    [
        (None, "did not tell this class your user name"),
        ({}, "did not tell this class your user name"),
        ("ada", "did not tell this class your user name"),
        ({"uname": 3}, "did not tell this class your user name"),
        ({"uname": " "}, "did not tell this class your user name"),
        ({"uname": "$User.username"}, "did not tell this class your user name"),
        ({"uname": "a/b"}, "which cannot be a user name here"),
        ({"uname": "ａｄａ"}, "which cannot be a user name here"),
        ({"uname": "ada\u200b"}, "which cannot be a user name here"),
        ({"uname": "a" * 255}, "which cannot be a user name here"),
    ],
)
async def test_a_launch_without_a_safe_name_is_refused_and_neither_the_email_nor_the_number_is_taken_for_it(platform, custom, sentence):
    lti = authenticator(platform)
    claims = await lti.read(platform.launch(email="ada@example.edu", **{f"{CLAIM}custom": custom}))
    with pytest.raises(SignInRefusedError) as refused:
        await lti.authenticate(object.__new__(LtiLaunch), claims)
    assert sentence in refused.value.sentence


async def test_nothing_but_a_launch_logs_in(platform):
    claims = await authenticator(platform).read(platform.launch())
    for handler in (None, object()):
        assert await authenticator(platform).authenticate(handler, claims) is None


async def test_new_keys_are_asked_when_a_launch_needs_them_and_a_platform_that_is_down_is_an_error():
    platform = Platform()
    clock = [0.0]
    lti = authenticator(platform)
    lti.keys._now = lambda: clock[0]
    await lti.read(platform.launch())
    platform.kid = "key-2"
    for _ in range(3):
        with pytest.raises(LookupError):
            await lti.read(platform.launch())
    assert lti.connection.count == 1, "launches with invented keys do not make the hub ask all the time"
    clock[0] = 31
    assert await lti.read(platform.launch())
    platform.instead = (500, {}, "")
    clock[0] = 400
    with pytest.raises(SignInRefusedError):
        await lti.read(platform.launch())
