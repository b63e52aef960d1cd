"""Logins at stand-ins through real hubs: who gets in, what others read, and that no door is open without the server."""

import json
import urllib.parse

import pytest

from ..support import call, is_logged_in, make_token
from .hubs import CampusHub, launch, server_tls
from .platform import CLAIM, CLIENT, ISSUER, Platform
from .servers import Cas, LdapServer, serve_https, success, verdict

pytestmark = pytest.mark.slow
CLASS = {"admins": ["prof"], "storage": None}

# What somebody without an account could send for a token: the keys that an authenticator reads anywhere.
BODIES = [
    {"auth": None},
    {"auth": "prof"},
    {"auth": {"username": "prof", "password": "x", "name": "prof", "admin": True}},
    {"auth": {"ticket": "ST-0-prof", "service": "https://other.example.edu", "user": "prof"}},
    {"auth": {"sub": "3", "email": "prof", f"{CLAIM}custom": {"uname": "prof"}, "id_token": "x.y.z", "state": "x"}},
]


def assert_closed(hub, *more):
    for body in [*BODIES, *more]:
        for query in ("", "?ticket=ST-0-prof&state=x&id_token=x", "?username=prof&password=x"):
            assert call(hub, "POST", f"/users/prof/tokens{query}", body)[0] == 403
    browser = hub.browser()
    browser.open("/hub/login")
    assert browser.open("/hub/login", {"username": "prof", "password": "x", "ticket": "ST-0-prof"})[0] == 403
    assert not is_logged_in(browser)


# --- CAS ------------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def cas(tmp_path_factory):
    server = Cas()
    server.ca, tls = server_tls(tmp_path_factory.mktemp("cas"))
    with serve_https(server, tls) as address:
        server.address = address
        yield server


@pytest.fixture(scope="module")
def cas_hub(tmp_path_factory, cas):
    method = {"kind": "cas", "service": "Uni X", "url": f"{cas.address}/cas", "groups": "memberOf"}
    hub = CampusHub(tmp_path_factory.mktemp("hub"), cas.ca, loginMethod=method, allowedGroups=["geo-101"], **CLASS)
    yield hub
    hub.close()


@pytest.fixture(autouse=True)
def _healthy(request):
    if "cas" in request.fixturenames:
        server = request.getfixturevalue("cas")
        server.user, server.groups, server.instead = "Ada", ["staff", "geo-101"], None


def test_cas_logs_in_and_out_and_the_ticket_stays_in_no_address(cas_hub, cas):
    browser = cas_hub.browser()
    assert "Sign in with Uni X" in browser.open("/hub/login")[1]
    status, text = browser.open("/hub/cas?next=%2Fhub%2Ftoken")
    assert (status, is_logged_in(browser)) == (200, True), text
    assert browser.redirects[-1].endswith("/hub/token")
    assert sorted(call(cas_hub, "GET", "/user", token=make_token(browser, "ada"))[1]["groups"]) == ["geo-101", "staff"]
    browser.open("/hub/logout")
    assert cas.asked[-1] == ("/cas/logout", {"service": f"{cas_hub.address}/hub/login"})
    assert "ST-" not in cas_hub.log()


def test_cas_refuses_who_is_in_no_group_of_the_class_and_offers_another_account(cas_hub, cas):
    cas.user, cas.groups = "bob", ["other"]
    browser = cas_hub.browser()
    status, text = browser.open("/hub/cas")
    assert (status, is_logged_in(browser)) == (403, False)
    assert "You logged in as bob. The class geo-101 is open to members of geo-101. Ask your instructor." in text
    assert "/hub/cas?account=other" in text
    cas.user, cas.groups = "prof", []
    assert browser.open("/hub/cas?account=other")[0] == 200, "admins need no group"
    assert next(query for path, query in reversed(cas.asked) if path == "/cas/login")["renew"] == "true"
    assert call(cas_hub, "GET", "/users", token=make_token(browser, "prof"))[0] == 200


def test_no_door_is_open_without_a_ticket_of_this_browser(cas_hub, cas):
    cas.user = "prof"
    cas_hub.browser().open("/hub/cas")  # the user exists
    assert_closed(cas_hub)
    asked = len(cas.asked)
    thief, victim = cas_hub.browser(), cas_hub.browser()
    cas.instead = (200, {}, "{}")
    thief.open("/hub/cas?next=%2Fhub%2Fhome")
    own = next(each for each in reversed(thief.redirects) if "ticket=" in each).removeprefix(cas_hub.address)
    cas.instead = None
    status, text = victim.open(own)
    assert (status, "started in another window" in text, is_logged_in(victim)) == (400, True, False)
    cas.user = "Ada"
    victim.open("/hub/cas?ticket=ST-0-prof")  # a ticket without the browser's secret begins a login of its own
    assert "ada" in victim.open("/hub/home")[1]
    assert len(cas.asked) > asked


def test_a_ticket_counts_once_and_for_this_class_only(cas_hub, cas):
    browser = cas_hub.browser()
    browser.open("/hub/cas")
    used = next(each for each in reversed(browser.redirects) if "ticket=" in each).removeprefix(cas_hub.address)
    status, text = browser.open(used)
    assert (status, "was used before" in text) == (400, True)
    cas.tickets["ST-of-another-service"] = ("https://other.example.edu", "prof")
    state = urllib.parse.parse_qs(urllib.parse.urlsplit(used).query)["state"][0]
    status, text = browser.open(f"/hub/cas?state={state}&ticket=ST-of-another-service")
    assert (status, "does not accept this class (INVALID_SERVICE)" in text) == (502, True)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\t//evil.example"]
)
def test_a_login_ends_in_the_class(cas_hub, target):
    browser = cas_hub.browser()
    browser.open(f"/hub/cas?{urllib.parse.urlencode({'next': target})}")
    assert is_logged_in(browser)
    assert all(each.startswith((cas_hub.address, "/hub/", "https://localhost")) for each in browser.redirects)
    assert not any(urllib.parse.urlsplit(each).netloc.endswith("evil.example") for each in browser.redirects)


@pytest.mark.parametrize(
    ("instead", "status", "words"),
    [
        ((500, {}, "oh"), 503, "Uni X does not answer. Try again in a minute."),
        ((404, {}, "<html>"), 502, "does not understand"),
        ((302, {"Location": "/"}, ""), 502, "does not understand"),
        ((200, {}, "<html></html>"), 502, "does not understand"),
        ((200, {}, "x" * 300_000), 502, "does not understand"),
        ((200, {}, success("a/b")), 403, "cannot be a user name here"),
        ((200, {}, success("ａｄａ")), 403, "cannot be a user name here"),
        ((200, {}, success("")), 403, "did not tell this class your user name"),
        ((200, {}, verdict('<cas:authenticationFailure code="&lt;b&gt;">x</cas:authenticationFailure>')), 502, "(unknown error)"),
    ],
)
def test_a_verdict_that_cannot_be_used_is_a_sentence_and_the_hub_goes_on(cas_hub, cas, instead, status, words):
    cas.instead = instead
    found, text = cas_hub.browser().open("/hub/cas")
    assert (found, words in text) == (status, True), text[-800:]
    cas.instead = None
    browser = cas_hub.browser()
    browser.open("/hub/cas")
    assert is_logged_in(browser)


def log_out_message(ticket):
    name = "urn:oasis:names:tc:SAML:2.0:protocol"
    return f'<samlp:LogoutRequest xmlns:samlp="{name}"><samlp:SessionIndex>{ticket}</samlp:SessionIndex></samlp:LogoutRequest>'


def test_single_log_out_ends_all_logins_of_its_user_and_nothing_for_an_invented_ticket(cas_hub, cas):
    first, second = cas_hub.browser(), cas_hub.browser()
    first.open("/hub/cas")
    ticket = urllib.parse.parse_qs(urllib.parse.urlsplit(first.redirects[-2]).query)["ticket"][0]
    second.open("/hub/cas")
    token = make_token(first, "ada")
    server = cas_hub.browser()
    for text in ("", "<x>", log_out_message("ST-invented"), '<!DOCTYPE x [<!ENTITY e "x">]>' + log_out_message(ticket)):
        assert server.open("/hub/cas", {"logoutRequest": text})[0] == 200
    assert is_logged_in(first)
    assert server.open("/hub/cas", {"logoutRequest": log_out_message(ticket)})[0] == 200
    assert [is_logged_in(first), is_logged_in(second), call(cas_hub, "GET", "/user", token=token)[0]] == [False, False, 403]


def test_who_has_left_the_group_is_out_everywhere_from_the_login_on_that_is_refused(cas_hub, cas):
    first = cas_hub.browser()
    first.open("/hub/cas")
    token = make_token(first, "ada")
    cas.groups = ["staff"]
    assert cas_hub.browser().open("/hub/cas")[0] == 403
    assert [is_logged_in(first), call(cas_hub, "GET", "/user", token=token)[0]] == [False, 403]
    cas.groups = ["geo-101"]
    assert first.open("/hub/cas")[0] == 200, "and in again with the group"
    assert is_logged_in(first)


# --- LDAP -----------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    ca, tls = server_tls(tmp_path_factory.mktemp("ldap"))
    with LdapServer(tls) as server:
        server.ca = ca
        yield server


@pytest.fixture(scope="module")
def ldap_hub(tmp_path_factory, directory):
    method = {"kind": "ldap", "service": "Uni X", "url": f"ldap://localhost:{directory.port}", "base": "dc=uni", "attribute": "uid"}
    method |= {"reader": "cn=reader,dc=uni", "groups": {"geo-101": "cn=geo,dc=uni"}}
    options = {"loginMethod": method, "allowedGroups": ["geo-101"], "password": "reader-password"}
    hub = CampusHub(tmp_path_factory.mktemp("hub"), directory.ca, **CLASS, **options)
    yield hub
    hub.close()


def test_the_login_page_takes_the_password_of_the_directory_and_tells_everybody_else_what_is_wrong(ldap_hub, directory):
    browser = ldap_hub.browser()
    assert 'type="password"' in browser.open("/hub/login")[1]
    status, text = browser.open("/hub/login", {"username": "ada", "password": "wrong"})
    assert (status, "Invalid username or password" in text, 'value="ada"' in text) == (403, True, True)
    assert browser.log_in("ADA", "ada-password")[0] == 200
    assert call(ldap_hub, "GET", "/user", token=make_token(browser, "ada"))[1]["groups"] == ["geo-101"]
    wide = ldap_hub.browser().log_in("ａｄａ", "wide-password")
    assert (wide[0], "cannot be a user name here" in wide[1]) == (403, True)
    directory.code = 51
    status, text = ldap_hub.browser().log_in("ada", "ada-password")
    directory.code = 0
    assert (status, "Uni X does not answer. Try again in a minute." in text) == (503, True)
    assert is_logged_in(browser)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\t//evil.example"]
)
def test_a_login_with_the_form_ends_in_the_class(ldap_hub, target):
    browser = ldap_hub.browser()
    browser.open("/hub/login")
    browser.open(f"/hub/login?{urllib.parse.urlencode({'next': target})}", {"username": "ada", "password": "ada-password"})
    assert is_logged_in(browser)
    assert not any(urllib.parse.urlsplit(each).netloc.endswith("evil.example") for each in browser.redirects)


def test_no_door_is_open_without_the_login_page(ldap_hub):
    right = {"auth": {"username": "ada", "password": "ada-password"}}
    assert_closed(ldap_hub, right)
    assert call(ldap_hub, "POST", "/users/ada/tokens", right)[0] == 403


# --- LTI ------------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def moodle(tmp_path_factory):
    server = Platform()
    server.ca, tls = server_tls(tmp_path_factory.mktemp("lti"))
    with serve_https(server, tls) as address:
        server.address = address
        yield server


@pytest.fixture(scope="module")
def lti_hub(tmp_path_factory, moodle):
    method = {"kind": "lti", "service": "Moodle", "issuer": ISSUER, "client": CLIENT, "deployments": ["4"]}
    method |= {"authorize": f"{moodle.address}/auth", "keys": f"{moodle.address}/keys"}
    hub = CampusHub(tmp_path_factory.mktemp("hub"), moodle.ca, loginMethod=method, allowedGroups=["course:7"], **CLASS)
    yield hub
    hub.close()


def start(hub, **more):
    return {"iss": ISSUER, "login_hint": "3", "lti_message_hint": "m", "target_link_uri": f"{hub.address}/hub"} | more


def open_course(hub, moodle, browser=None, forms=None, more=None, **claims):
    browser = browser or hub.browser()
    moodle.claims = claims
    return browser, *launch(browser, moodle.address, start=start(hub, **(more or {})), forms=forms)


# First: keys that were read are used for five minutes.
def test_keys_that_cannot_be_read_are_a_sentence(lti_hub, moodle):
    for instead, status, words in (
        ((500, {}, ""), 502, "does not understand"),
        ((200, {}, "[1]"), 502, "does not understand"),
        ((200, {}, "{}"), 403, "not valid"),
    ):
        moodle.instead = instead
        _, found, text = open_course(lti_hub, moodle)
        assert (found, words in text) == (status, True)
    moodle.instead = None
    assert open_course(lti_hub, moodle)[1] == 200


def test_a_link_in_a_course_logs_in_and_nobody_else_reads_more_than_where_to_open_it(lti_hub, moodle):
    page = lti_hub.browser().open("/hub/login")
    assert (page[0], "Open the class from your course in Moodle." in page[1], "password" in page[1].lower()) == (200, True, False)
    target = f"{lti_hub.address}/hub?next=%2Fhub%2Ftoken"
    browser, status, text = open_course(lti_hub, moodle, more={"target_link_uri": target, "client_id": CLIENT, "lti_deployment_id": "4"})
    assert (status, is_logged_in(browser)) == (200, True), text
    assert browser.redirects[-1].endswith("/hub/token")
    query = next(query for path, query in reversed(moodle.asked) if path == "/auth")
    assert query["redirect_uri"] == f"{lti_hub.address}/hub/lti13/oauth_callback"
    assert (query["login_hint"], query["lti_message_hint"]) == ("3", "m")
    assert sorted(call(lti_hub, "GET", "/user", token=make_token(browser, "ada"))[1]["groups"]) == ["course:7", "role:learner"]


def test_who_comes_from_another_course_or_has_the_name_of_another_account_is_refused(lti_hub, moodle):
    _, status, text = open_course(lti_hub, moodle, sub="9", **{f"{CLAIM}context": {"id": "8"}, f"{CLAIM}custom": {"uname": "bob"}})
    assert (status, "You logged in as bob. The class geo-101 is open to members of course:7." in text) == (403, True)
    assert "Sign in" not in text
    open_course(lti_hub, moodle)
    browser, _, _ = open_course(lti_hub, moodle)
    elsewhere = {f"{CLAIM}context": {"id": "8"}}
    for claims in ({}, elsewhere):
        _, status, text = open_course(lti_hub, moodle, sub="another number", **claims)
        assert (status, "belongs to another account of Moodle" in text or "open to members" in text) == (403, True)
        assert is_logged_in(browser), "nobody else's launch ends the login"
    assert open_course(lti_hub, moodle, **elsewhere)[1] == 403
    assert is_logged_in(browser), "nor does one's own from another course"
    assert open_course(lti_hub, moodle)[1] == 200


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ({"iss": "https://evil.example"}, 403, "connected with another learning platform"),
        ({"client_id": "other"}, 403, "connected with another learning platform"),
        ({"login_hint": ""}, 400, "Open the class from your course in Moodle."),
        ({"iss": ""}, 400, "Open the class from your course in Moodle."),
    ],
)
def test_a_start_that_is_not_of_the_platform_goes_nowhere(lti_hub, moodle, more, status, words):
    _, found, text = open_course(lti_hub, moodle, more=more)
    assert (found, words in text) == (status, True)


@pytest.mark.parametrize("target", ["https://evil.example/hub", "//evil.example/x", "/\\evil.example", "javascript:alert(1)"])
def test_a_launch_ends_in_the_class(lti_hub, moodle, target):
    for more in ({"target_link_uri": target}, {"target_link_uri": f"{lti_hub.address}/hub?next={target}"}, {"next": target}):
        browser, _, _ = open_course(lti_hub, moodle, more=more)
        assert is_logged_in(browser)
        assert not any(urllib.parse.urlsplit(each).netloc.endswith("evil.example") for each in browser.redirects)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "other"},
        {f"{CLAIM}deployment_id": "5"},
        {"aud": "other"},
        {f"{CLAIM}context": "x"},
        {f"{CLAIM}custom": None},
        {"sub": None},
    ],
)
def test_a_launch_that_is_not_valid_is_a_sentence_and_the_hub_goes_on(lti_hub, moodle, claims):
    browser, status, text = open_course(lti_hub, moodle, **claims)
    assert status == 403
    assert "This launch is not valid." in text or "did not tell this class your user name" in text
    assert not is_logged_in(browser)
    assert is_logged_in(open_course(lti_hub, moodle)[0])


def test_a_launch_counts_in_the_browser_that_began_it_and_once(lti_hub, moodle):
    forms = []
    browser, _, _ = open_course(lti_hub, moodle, forms=forms)
    assert is_logged_in(browser)
    for other in (lti_hub.browser(), browser):
        other.open("/hub/logout")
        status, text = other.open("/hub/lti13/oauth_callback", forms[0])
        assert (status, "began in another window, or too long ago" in text) == (400, True)
    refused = lti_hub.browser()
    text = refused.open(f"/hub/lti13/oauth_login?{urllib.parse.urlencode(start(lti_hub))}")[1]
    form = {"state": json.loads(text)["state"], "error": "login_required", "error_description": "<b>call 0800</b>"}
    status, text = refused.open("/hub/lti13/oauth_callback", form)
    assert (status, "Moodle did not let you in." in text, "0800" in text) == (403, True, False)


def test_no_door_is_open_without_a_launch(lti_hub, moodle):
    prof = {f"{CLAIM}custom": {"uname": "prof"}, "sub": "1"}
    assert open_course(lti_hub, moodle, **prof)[1] == 200
    claims = {"auth": json.loads(json.dumps(dict(prof, email="prof", sub="1")))}
    assert_closed(lti_hub, claims, {"auth": {"id_token": moodle.launch(**prof), "state": "x"}})
    browser = lti_hub.browser()
    assert browser.open("/hub/lti13/oauth_callback")[0] == 405
    assert browser.open("/hub/lti13/config")[0] == 404
    for form in ({}, {"id_token": moodle.launch(**prof), "state": "x"}, {"id_token": moodle.launch(**prof)}):
        assert browser.open("/hub/lti13/oauth_callback", form)[0] == 400
    assert not is_logged_in(browser)
