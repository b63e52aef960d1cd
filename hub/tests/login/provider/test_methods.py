"""What each provider's accounts become, and what goes wrong on the way, against a stand-in for it (shapes by their documentation)."""

import asyncio
import base64
import hashlib
import time
from types import SimpleNamespace

import pytest
from oauthenticator.oauth2 import _serialize_state

from swarmhub.login.access import Access
from swarmhub.login.claims import claims_in
from swarmhub.login.closing import Closing
from swarmhub.login.provider import connection as connection_module
from swarmhub.login.provider.accounts import Accounts
from swarmhub.login.provider.connection import Connection
from swarmhub.login.provider.discovery import Discovery
from swarmhub.login.provider.github import GitHubAuthenticator
from swarmhub.login.provider.openid import OpenIdAuthenticator
from swarmhub.login.provider.options import ProviderOptions
from swarmhub.login.provider.pages import CallbackHandler
from swarmhub.login.provider.refusals import SignInRefusedError

from ...support.stand_in import CLIENT, SECRET, make_certificates

CALLBACK = "https://geo.example.org/hub/oauth_callback"
USERNAMES = {"google": "email", "github": "login", "cilogon": "eppn"}
SERVICES = {"google": "Google", "globus": "Globus", "cilogon": "CILogon", "github": "GitHub"}
ENTITY = "https://idp.uni.example/shibboleth"


class Callback(CallbackHandler):
    """A callback with a code and a state that are right."""

    def __init__(self):
        pass

    def get_argument(self, _name, *_default):
        return "code"

    def get_state_cookie(self):
        return _serialize_state({"state_id": "s", "code_verifier": "verifier"})

    def keep_in_browser(self, name, value):
        self.kept = value


class Method:
    """An authenticator for a stand-in."""

    def __init__(self, provider, folder, kind="oidc", secret=SECRET, ca=None, **options):
        self.provider = provider
        traits = {"username": USERNAMES.get(kind, "preferred_username"), "issuer": provider.url, "client": CLIENT}
        traits |= {"service": SERVICES.get(kind, "Uni X"), "kind": kind}
        self.options = ProviderOptions(**(traits | options))
        connection = Connection(self.options.service, ca or provider.ca)
        common = {"options": self.options, "connection": connection, "accounts": Accounts(folder / "accounts.json", "p")}
        common |= {"access": Access("geo-101", Closing(folder / "closed.json"), staff=["prof"]), "admin_users": {"prof"}}
        common |= {"client_id": CLIENT, "client_secret": secret, "oauth_callback_url": CALLBACK, "manage_groups": True}
        if kind == "github":
            self.authenticator = GitHubAuthenticator(**common, github_url=provider.url)
        else:
            self.authenticator = OpenIdAuthenticator(**common, discovery=Discovery(self.options.issuer, connection))

    def log_in(self, **claims):
        challenge = base64.urlsafe_b64encode(hashlib.sha256(b"verifier").digest()).decode().rstrip("=")
        self.provider.codes["code"] = {"claims": claims, "code_challenge": challenge, "redirect_uri": CALLBACK}
        return asyncio.run(self.authenticator.get_authenticated_user(Callback(), None))

    def refusal(self, **claims):
        with pytest.raises(SignInRefusedError) as raised:
            self.log_in(**claims)
        return raised.value.status_code, raised.value.sentence


@pytest.fixture
def method(provider, tmp_path):
    return lambda *words, **options: Method(provider, tmp_path, *words, **options)


GOOGLE = {"sub": "g1", "email": "Ada@uni.example", "email_verified": True, "hd": "uni.example"}
GLOBUS = {"sub": "b1", "preferred_username": "ada@uni.example"}
CILOGON = {"sub": "http://cilogon.org/serverA/users/1", "idp": ENTITY, "idp_name": "Uni", "eppn": "ada@uni.example"}
GITHUB = {"id": 5, "login": "Ada", "email": None}
UNI = {"domains": ("uni.example",)}


@pytest.mark.parametrize(
    ("kind", "options", "claims", "name"),
    [
        ("oidc", {}, {"sub": "1", "preferred_username": "ADA"}, "ada"),
        ("oidc", {"username": "number"}, {"sub": "1", "number": 4711}, "4711"),
        ("oidc", {"username": "sub"}, {"sub": "0000-0002-1825-009X"}, "0000-0002-1825-009x"),
        ("oidc", {"username": "email"}, {"sub": "1", "email": "a@b.example", "email_verified": True}, "a@b.example"),
        ("google", UNI, GOOGLE, "ada"),
        ("google", {}, GOOGLE, "ada@uni.example"),
        ("google", {"domains": ("uni.example", "other.example")}, GOOGLE, "ada@uni.example"),
        ("google", UNI, GOOGLE | {"email": "ada@second.example"}, "ada@second.example"),
        ("globus", UNI, GLOBUS, "ada"),
        ("globus", {}, GLOBUS, "ada@uni.example"),
        ("cilogon", {"identity_providers": (ENTITY,)}, CILOGON, "ada@uni.example"),
        ("cilogon", UNI, CILOGON, "ada"),
        ("github", {}, GITHUB, "ada"),
    ],
)
def test_a_user_name_is_made_of_the_account(method, kind, options, claims, name):
    found = method(kind, **options).log_in(**claims)
    assert (found["name"], found["admin"]) == (name, False)


@pytest.mark.parametrize(
    ("kind", "options", "claims", "words"),
    [
        ("oidc", {}, {"sub": "1"}, "Uni X did not tell this class your user name (preferred_username is missing)"),
        ("oidc", {}, {"sub": "1", "preferred_username": ""}, "preferred_username is missing"),
        ("oidc", {}, {"sub": "1", "preferred_username": ["prof"]}, "preferred_username is missing"),
        ("oidc", {"username": "sub"}, {"sub": "https://orcid.org/0000"}, "which cannot be a user name here"),
        ("oidc", {}, {"sub": "1", "preferred_username": ".."}, "which cannot be a user name here"),
        ("oidc", {}, {"sub": "1", "preferred_username": "a\nb"}, "which cannot be a user name here"),
        ("oidc", {}, {"sub": "1", "preferred_username": "x" * 5000}, "which cannot be a user name here"),
        ("oidc", {"username": "email"}, {"sub": "1", "email": "prof", "email_verified": False}, "is not confirmed at Uni X"),
        ("oidc", {"username": "email"}, {"sub": "1", "email": "prof"}, "is not confirmed at Uni X"),
        ("google", UNI, GOOGLE | {"email_verified": False}, "is not confirmed at Google"),
        ("google", UNI, GOOGLE | {"hd": "evil.example"}, "You logged in as Ada@uni.example at Google. This class is open to accounts of"),
        ("google", UNI, GOOGLE | {"hd": None}, "open to accounts of uni.example"),
        ("globus", UNI, GLOBUS | {"preferred_username": "ada@globusid.org"}, "You logged in as ada@globusid.org at Globus."),
        ("globus", UNI, GLOBUS | {"preferred_username": "@uni.example"}, "open to accounts of uni.example"),
        ("cilogon", {"identity_providers": (ENTITY,)}, CILOGON | {"idp": "https://other.example"}, "that your instructor has chosen"),
        ("cilogon", {}, {"sub": "1", "idp": ENTITY}, "(eppn is missing)"),
        ("github", {"organizations": ("geo-101",)}, GITHUB, "You logged in as Ada at GitHub. This class is open to members of geo-101."),
    ],
)
def test_who_may_not_come_in_reads_as_whom_and_why(method, kind, options, claims, words):
    status, sentence = method(kind, **options).refusal(**claims)
    assert (status, words in sentence) == (403, True), sentence


def test_members_of_an_organization_or_a_team_and_the_staff_come_in(method, provider):
    provider.members = {"uni:geo-101": {"Ada"}}
    found = method("github", organizations=("other", "uni:geo-101"))
    assert found.log_in(**GITHUB)["name"] == "ada"
    provider.members = {}
    assert found.refusal(**GITHUB)[0] == 403
    assert found.log_in(id=7, login="prof")["admin"] is True


def test_a_github_that_cannot_say_who_is_a_member_is_silent_and_nobody_is_called_a_stranger(method, provider, monkeypatch):
    provider.members = {"geo-101": {"Ada"}}
    found = method("github", organizations=("geo-101",))
    request = found.authenticator.connection.request

    async def overloaded(url, **options):
        response = await request(url, **options)
        return SimpleNamespace(code=503, body=b"") if "/orgs/" in url else response

    monkeypatch.setattr(found.authenticator.connection, "request", overloaded)
    assert found.refusal(**GITHUB) == (503, "GitHub does not answer. Try again in a minute.")


def test_the_teams_of_github_are_groups_also_on_a_second_page_and_only_where_the_class_asks_for_them(method, provider):
    provider.teams = [{"slug": f"t{number}", "organization": {"login": "Uni"}} for number in range(120)]
    provider.teams.append({"slug": "staff", "organization": {"login": "Geo-101"}})
    found = method("github", groups="teams").log_in(**GITHUB)
    assert {"uni:t0", "geo-101:staff"} <= set(found["groups"])
    assert method("github").log_in(**GITHUB)["groups"] == []
    provider.teams = [{"slug": "staff"}]
    assert "does not understand" in method("github", groups="teams").refusal(**GITHUB)[1]


def test_several_values_of_cilogon_are_one_text(method):
    found = method("cilogon", **UNI, groups="affiliation").log_in(**CILOGON, affiliation="student@uni.example;member@uni.example;")
    assert found["groups"] == ["member@uni.example", "student@uni.example"]


def test_two_accounts_with_one_name_are_kept_apart_and_also_after_a_restart(method):
    assert method("globus", **UNI).log_in(**GLOBUS)["name"] == "ada"
    assert "The name ada belongs to another account of Globus" in method("globus", **UNI).refusal(**GLOBUS | {"sub": "b2"})[1]
    assert method("globus", **UNI).log_in(**GLOBUS)["name"] == "ada"


def test_a_login_of_github_that_somebody_else_has_taken_does_not_get_the_files(method):
    method("github").log_in(**GITHUB)
    assert "belongs to another account" in method("github").refusal(**GITHUB | {"id": 6})[1]


@pytest.mark.parametrize("kind", ["github", "oidc"])
@pytest.mark.parametrize("name", ["ｐｒｏｆ", "prof\u200b", "pro\u017f", "ＰＲＯＦ"])
def test_an_account_that_looks_like_an_admin_is_none_also_before_the_admin_has_logged_in(method, kind, name):
    found = method(kind)
    status, sentence = found.refusal(id=7, sub="7", login=name, preferred_username=name)
    assert (status, "which cannot be a user name here" in sentence) == (403, True)
    assert found.log_in(id=8, sub="8", login="Prof", preferred_username="Prof")["admin"] is True


def test_somebody_refused_takes_no_name(method, provider):
    provider.members = {}
    method("github", organizations=("geo-101",)).refusal(**GITHUB | {"id": 6})
    provider.members = {"geo-101": {"Ada"}}
    assert method("github", organizations=("geo-101",)).log_in(**GITHUB)["name"] == "ada"


def test_no_more_is_asked_of_an_account_than_is_needed(method):
    found = method("globus", **UNI)
    found.log_in(**GLOBUS)
    assert found.authenticator.scope == ["openid", "profile", "email"]


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        (["/geo", "staff"], {"geo", "staff"}),
        ("staff", {"staff"}),
        (None, set()),
        (7, set()),
        ([1, "", "x" * 300, {"a": 1}, "b"], {"b"}),
        ({"a": 1}, set()),
    ],
)
def test_a_claim_of_groups_is_a_list_or_one_text_or_nothing(claim, groups):
    assert claims_in(claim) == groups


@pytest.mark.parametrize("kind", ["oidc", "github"])
def test_a_wrong_secret_is_named_to_the_instructor_and_not_shown(method, kind):
    status, sentence = method(kind, secret="wrong").refusal(**GITHUB, sub="1")
    assert (status, "does not accept this class (invalid_client)" in sentence, "wrong" in sentence) == (502, True, False)


@pytest.mark.parametrize("way", ["header", "body"])
def test_a_provider_gets_the_secret_in_the_way_that_it_expects_of_this_client(method, provider, monkeypatch, way):
    monkeypatch.setattr(provider, "secret_ways", [way])
    found = method()
    for _ in range(2):
        assert found.log_in(sub="1", preferred_username="ada")["name"] == "ada"
    assert found.authenticator.secret_ways[0] == way


@pytest.mark.parametrize("kind", ["oidc", "github"])
def test_a_silent_provider_ends_in_a_sentence(method, provider, monkeypatch, kind):
    monkeypatch.setattr(connection_module, "ANSWER_SECONDS", 0.3)
    provider.fault = "silent"
    started = time.monotonic()
    assert method(kind).refusal(**GITHUB) == (503, f"{SERVICES.get(kind, 'Uni X')} does not answer. Try again in a minute.")
    assert time.monotonic() - started < 20


def test_a_provider_that_is_down_and_one_that_comes_back(method, provider):
    found = method(issuer="https://localhost:1")
    assert found.refusal()[0] == 503
    found.authenticator.discovery._issuer = provider.url
    assert found.log_in(sub="1", preferred_username="ada")["name"] == "ada"


def test_a_provider_with_another_issuer_or_a_certificate_of_another_root_is_refused(method, provider, tmp_path):
    assert method(issuer=f"{provider.url}/realms/other").refusal()[0] == 502
    other, _ = make_certificates(tmp_path)
    status, sentence = method(ca=other).refusal()
    assert (status, "its certificate is not valid here" in sentence) == (502, True)


def test_plain_http_is_never_asked(method):
    assert method(issuer="http://localhost:1").refusal()[0] == 502
