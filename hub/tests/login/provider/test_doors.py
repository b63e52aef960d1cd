"""Logins at a stand-in through a real hub: who gets in, what others read, and that no door is open without the provider."""

import ssl
import time
import urllib.request
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ...support.real_hub import Browser, RunningHub
from ...support.stand_in import CLIENT, SECRET, callback_arguments
from ..support import call, change_settings, is_logged_in, make_token

ADA = {"sub": "a-1", "preferred_username": "ada", "groups": ["/geo-101", "/x"]}
PROF = {"sub": "p-1", "preferred_username": "prof"}


class ProviderHub(RunningHub):
    """A hub with a stand-in as its identity provider."""

    def __init__(self, root, docker_url, provider, **changes):
        self.provider = provider
        super().__init__(root, docker_url, **changes)

    def start_hub(self):
        address = f"http://127.0.0.1:{self.hub_port}"
        self.provider.callback = f"{address}/hub/oauth_callback"
        change_settings(self, publicUrl=address)
        (self.root / "run/secrets/login-secret").write_text(SECRET)
        (self.root / "run/secrets/login-ca").write_bytes(self.provider.ca.read_bytes())
        super().start_hub()

    def sign_in(self, claims=None, path="/hub/oauth_login?next=%2Fhub%2Fhome"):
        """Returns a browser after a login, and the status and the text of the last page."""
        browser = self.new_browser()
        if claims is not None:
            self.provider.claims = claims
        return browser, *browser.open(path)

    def new_browser(self, *, follows: bool = True) -> Browser:
        browser = self.browser()
        context = ssl.create_default_context(cafile=self.provider.ca)

        class Redirects(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, request, file, code, message, headers, url):
                browser.last_address = url
                return super().redirect_request(request, file, code, message, headers, url) if follows else None

        browser.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(browser.cookies), urllib.request.HTTPSHandler(context=context), Redirects
        )
        return browser


def method(provider, **changes):
    found = {"kind": "oidc", "issuer": provider.url, "service": "Uni X", "client": CLIENT, "username": "preferred_username"}
    return found | {"groups": "groups", "domains": [], "organizations": [], "identityProviders": []} | changes


@pytest.fixture(scope="module")
def hub(tmp_path_factory, provider):
    root = tmp_path_factory.mktemp("hub")
    found = ProviderHub(root, "http://127.0.0.1:1", provider, loginMethod=method(provider), admins=["prof"], allowedGroups=["geo-101"])
    yield found
    found.close()


def test_a_member_logs_in_with_a_name_of_the_provider_and_the_groups_of_the_account(hub, provider):
    browser, status, text = hub.sign_in(ADA)
    assert (status, is_logged_in(browser)) == (200, True), text
    assert provider.seen("/authorize")["scope"] == "openid profile email groups"
    token = make_token(browser, "ada")
    assert set(call(hub, "GET", "/user", token=token)[1]["groups"]) == {"geo-101", "x"}


def test_somebody_refused_reads_as_whom_and_why_and_can_use_another_account(hub, provider):
    browser, status, text = hub.sign_in({"sub": "b-1", "preferred_username": "bob", "groups": "other"})
    assert status == 403
    assert "You logged in as bob at Uni X." in text
    assert "geo-101" in text
    provider.claims = ADA
    assert "/hub/oauth_login?account=other" in text
    assert browser.open("/hub/oauth_login?account=other&next=%2Fhub%2Fhome")[0] == 200
    assert provider.seen("/authorize")["prompt"] == "login"
    assert is_logged_in(browser)


def test_a_second_account_does_not_get_the_name_of_the_first_until_the_user_is_deleted(hub):
    hub.sign_in(ADA)
    _, status, text = hub.sign_in(ADA | {"sub": "a-2"})
    assert status == 403
    assert "The name ada belongs to another account of Uni X" in text
    admin, _, _ = hub.sign_in(PROF)
    assert call(hub, "DELETE", "/users/ada", token=make_token(admin, "prof"))[0] == 204
    assert is_logged_in(hub.sign_in(ADA | {"sub": "a-2"})[0])
    assert hub.sign_in(ADA)[1] == 403
    assert call(hub, "DELETE", "/users/ada", token=make_token(admin, "prof"))[0] == 204


def test_who_has_left_the_group_is_out_everywhere_from_the_login_on_that_is_refused(hub):
    browser, _, _ = hub.sign_in(ADA)
    token = make_token(browser, "ada")
    assert hub.sign_in({"sub": "a-9", "preferred_username": "ada"})[1] == 403
    assert is_logged_in(browser), "the login of another account with this name ends nothing"
    assert hub.sign_in(ADA | {"groups": ["x"]})[1] == 403
    assert [is_logged_in(browser), call(hub, "GET", "/user", token=token)[0]] == [False, 403]
    assert is_logged_in(hub.sign_in(ADA)[0])


ATTACKS = [
    {},
    {"auth": None},
    {"auth": "prof"},
    {"auth": {"username": "prof", "password": "x"}},
    {"auth": {"name": "prof", "admin": True, "auth_state": {"oauth_user": {"sub": "p-1", "preferred_username": "prof"}}}},
    {"auth": {"code": "code-0", "state": "x", "access_token": "x", "id_token": "x.y.z", "token_response": {"access_token": "x"}}},
    {"auth": {"email": "prof", "sub": "p-1", "preferred_username": "prof", "groups": ["geo-101"]}, "roles": ["admin"]},
]


@pytest.mark.parametrize("body", ATTACKS)
def test_an_anonymous_request_for_a_token_answers_403(hub, body):
    hub.sign_in(PROF)
    assert call(hub, "POST", "/users/prof/tokens", body)[0] == 403
    assert call(hub, "POST", "/users/prof/tokens?code=code-0&state=x", body)[0] == 403


def test_the_login_page_has_no_form_and_takes_no_password(hub):
    browser = hub.new_browser()
    status, text = browser.open("/hub/login")
    assert status == 200
    assert "Sign in with Uni X" in text
    assert "password" not in text.lower()
    assert browser.open("/hub/login", {"username": "prof", "password": "x"})[0] == 403


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ({"code": "code-0"}, 400, "started in another window"),
        ({"code": "secret-code", "state": "eyJzdGF0ZV9pZCI6ICJ4In0="}, 400, "started in another window"),
        ({"code": "x", "state": "\u00e4"}, 400, "started in another window"),
        ({"code": "x", "state": "W10="}, 400, "started in another window"),
        ({"error": "access_denied", "error_description": "<b>call 0800-555</b>"}, 403, "You cancelled the sign-in"),
        ({"error": "invalid_scope", "error_description": "call 0800-555"}, 502, "Uni X does not accept this class (invalid_scope)"),
        ({"error": "<script>"}, 502, "(unknown error)"),
    ],
)
def test_a_callback_that_no_login_of_this_browser_has_caused_is_a_page_with_a_way_back(hub, arguments, status, words):
    for browser in (hub.new_browser(), hub.sign_in(ADA)[0]):
        found, text = browser.open(callback_arguments(**arguments))
        assert (found, words in text, "0800-555" in text) == (status, True, False)
        assert 'href="/hub/oauth_login"' in text


def test_the_button_logs_out_at_the_provider_too_which_sends_the_browser_back(hub, provider):
    browser, _, _ = hub.sign_in(ADA)
    status, text = browser.open("/hub/logout")
    assert (status, is_logged_in(browser)) == (200, False)
    assert "Sign in with Uni X" in text
    seen = provider.seen("/end_session")
    assert (seen["client_id"], seen["post_logout_redirect_uri"]) == (CLIENT, provider.callback)
    assert jwt.decode(seen["id_token_hint"], options={"verify_signature": False})["sub"] == "a-1"
    asked = len(provider.requests)
    assert "Sign in with Uni X" in browser.open("/hub/logout")[1], "who is out already is not sent away"
    assert len(provider.requests) == asked
    assert seen["id_token_hint"] not in hub.log()


def test_a_login_whose_id_token_is_too_long_for_a_cookie_ends_at_the_provider_without_it(hub, provider):
    provider.id_token = {"groups": ["x" * 30] * 200}
    browser, _, _ = hub.sign_in(ADA)
    assert is_logged_in(browser)
    browser.open("/hub/logout")
    assert "id_token_hint" not in provider.seen("/end_session")


def logout_message(provider, key=None, **changes):
    now = int(time.time())
    claims = {"iss": provider.url, "aud": CLIENT, "iat": now, "exp": now + 60, "jti": "1", "sub": "a-1"}
    claims |= {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}} | changes
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key or provider.key, "ES256", {"kid": "k-1"})


def tell(hub, token):
    return hub.new_browser().open("/hub/oidc/logout", {"logout_token": token})[0]


def test_an_account_that_logs_out_at_the_provider_is_out_of_the_class_with_all_its_tokens(hub, provider):
    browser, _, _ = hub.sign_in(ADA)
    other, _, _ = hub.sign_in(PROF)
    token = make_token(browser, "ada")
    assert tell(hub, logout_message(provider)) == 200
    assert not is_logged_in(browser)
    assert call(hub, "GET", "/user", token=token)[0] == 403
    assert is_logged_in(other)
    assert tell(hub, logout_message(provider, sub="of nobody")) == 200


def test_nobody_else_can_log_somebody_out(hub, provider):
    browser, _, _ = hub.sign_in(ADA)
    now = int(time.time())
    forged = [
        logout_message(provider, ec.generate_private_key(ec.SECP256R1())),
        jwt.encode({"iss": provider.url, "aud": CLIENT, "sub": "a-1", "iat": now, "events": {}}, "", "none"),
        jwt.encode({"iss": provider.url, "aud": CLIENT, "sub": "a-1", "iat": now}, "k" * 32, "HS256", {"kid": "k-1"}),
        *(
            logout_message(provider, **wrong)
            for wrong in (
                {"aud": "another-class"},
                {"iss": "https://evil.example"},
                {"events": None},
                {"events": {"another": {}}},
                {"events": 7},
                {"nonce": "of an ID token"},
                {"iat": now - 3600},
                {"sub": None},
                {"sub": ["a-1"]},
            )
        ),
        "",
        "x.y.z",
        "x" * 100_000,
    ]
    for token in forged:
        assert tell(hub, token) == 400
    assert is_logged_in(browser)


def test_the_older_of_two_tabs_gets_a_way_back_and_a_code_counts_once(hub, provider):
    browser = hub.new_browser()
    hub.sign_in(ADA)
    older = provider.seen("/authorize")["state"]
    browser.open("/hub/oauth_login")
    assert "started in another window" in browser.open(callback_arguments(code="code-0", state=older))[1]


def test_the_log_has_neither_codes_nor_tokens(hub):
    browser, _, _ = hub.sign_in(ADA)
    browser.open(callback_arguments(code="secret-code", state="x"))
    browser.open("/hub/oauth_callback?code=secret-code", method="POST")
    log = hub.log()
    assert "secret-code" not in log
    assert SECRET not in log
    assert "access_token" not in log


FAULTS = {
    "nonsense": (502, "does not understand"),
    "error": (502, "does not understand"),
    "huge": (502, "does not understand"),
    "redirect": (502, "does not understand"),
    "deep": (502, "does not understand"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_provider_that_answers_nonsense_gives_a_sentence_and_the_hub_goes_on(hub, provider, fault):
    inside, _, _ = hub.sign_in(ADA)
    provider.fault = fault
    status, words = FAULTS[fault]
    _, found, text = hub.sign_in(ADA)
    assert (found, words in text) == (status, True), text[-1500:]
    assert is_logged_in(inside)


@pytest.mark.parametrize(
    "wrong", [{"sub": "p-1"}, {"iss": "https://evil.example"}, {"aud": "other"}, {"exp": 1}, {"sub": None}], ids=lambda each: str(*each)
)
def test_an_id_token_that_is_not_of_this_login_is_refused(hub, provider, wrong):
    provider.id_token = wrong
    browser, status, text = hub.sign_in(ADA)
    assert (status, is_logged_in(browser)) == (502, False)
    assert "does not understand" in text


def test_foreign_addresses_are_never_where_a_login_ends(hub):
    for place in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/hub/home?x=//evil.example"):
        browser, _, _ = hub.sign_in(ADA, f"/hub/oauth_login?{urlencode({'next': place})}")
        assert is_logged_in(browser)
        assert browser.last_address.startswith(f"{browser.address}/")


def test_a_code_that_the_provider_did_not_give_is_too_old(hub, provider):
    browser = hub.new_browser(follows=False)
    browser.open("/hub/oauth_login")
    state = parse_qs(urlsplit(browser.last_address).query)["state"][0]
    status, text = browser.open(callback_arguments(code="made-up", state=state))
    assert (status, "used before" in text) == (400, True)


def test_an_admin_comes_in_without_the_group_and_is_one_only_while_the_list_says_so(hub):
    browser, _, _ = hub.sign_in(PROF)
    token = make_token(browser, "prof")
    assert call(hub, "GET", "/users", token=token)[0] == 200
    ada, _, _ = hub.sign_in(ADA)
    zoe, _, _ = hub.sign_in({"sub": "z-1", "preferred_username": "zoe", "groups": ["geo-101", "other"]})
    change_settings(hub, admins=[], allowedGroups=["other"])
    hub.stop_hub()
    hub.start_hub()
    assert is_logged_in(zoe)
    status, text = ada.open("/hub/home")
    assert (status, "open to members of other. Ask your instructor." in text) == (403, True), "who is in no such group any more is out"
    assert call(hub, "GET", "/users", token=token)[0] == 403
    assert is_logged_in(hub.sign_in(PROF | {"groups": ["other"]})[0])
    assert call(hub, "GET", "/users", token=token)[0] == 403
    assert "No allow config" not in hub.log()
