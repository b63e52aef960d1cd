from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyterhub.handlers import LoginHandler
from tornado.web import HTTPError

from swarmhub.login.authenticator import ClassAuthenticator, to_ascii
from swarmhub.login.guesses import AttemptLimit

ADMIN = "ä%-0123456789-0123456789-0123456789"


@pytest.fixture
def authenticator():
    ClassAuthenticator.networks, ClassAuthenticator.names = AttemptLimit(free=3), AttemptLimit(free=2)
    return ClassAuthenticator(user_password=to_ascii("Größe %41"), admin_password=to_ascii(ADMIN), admin_users={"ada"}, allow_all=True)


class Login(LoginHandler):
    """The login page's handler for a browser at one address, without a hub."""

    def __init__(self, address="203.0.113.7"):
        self.request = SimpleNamespace(remote_ip=address)
        self.jar = {}

    hub = SimpleNamespace(base_url="/hub/")

    def _set_cookie(self, key, value, **_options):
        self.jar[key] = value.encode()

    def get_secure_cookie(self, name, **_options):
        return self.jar.get(name)


@pytest.mark.parametrize(
    ("user", "password", "expected"),
    [
        ("alice", "Größe %41", {"name": "alice", "admin": False, "groups": []}),
        ("alice", "Größe A", None),
        ("alice", "Grösse %41", None),
        ("alice", "", None),
        ("alice", ADMIN, None),
        ("ada", ADMIN, {"name": "ada", "admin": True, "groups": []}),
        ("Ada", ADMIN, {"name": "ada", "admin": True, "groups": []}),
        ("ada", "Größe %41", None),
    ],
)
async def test_each_password_is_accepted_only_for_its_own_users(authenticator, user, password, expected):
    assert await authenticator.authenticate(Login(), {"username": user, "password": password}) == expected


@pytest.mark.parametrize("handler", [None, object()])
async def test_only_the_login_page_logs_anybody_in(authenticator, handler):
    assert await authenticator.authenticate(handler, {"username": "alice", "password": "Größe %41"}) is None


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"username": "alice"},
        {"password": "Größe %41"},
        {"username": "", "password": "x"},
        {"username": "\u200b", "password": "x"},
        {"username": "alice", "mine": "yes"},
    ],
)
async def test_a_form_without_a_field_is_refused_with_a_sentence(authenticator, data):
    with pytest.raises(HTTPError, match="Type a name and the password"):
        await authenticator.authenticate(Login(), data)


async def guess(authenticator, browser, user="alice", typed="wrong"):
    """Returns "in", "wrong", or the sentence of a refusal."""
    try:
        answer = await authenticator.authenticate(browser, {"username": user, "password": typed})
    except HTTPError as error:
        return error.log_message if error.status_code == 429 else str(error)
    return "in" if answer else "wrong"


async def test_wrong_passwords_are_counted_for_the_network_whatever_the_name(authenticator):
    answers = [await guess(authenticator, Login(), f"name-{number}") for number in range(4)]
    assert answers == ["wrong"] * 3 + ["Too many wrong passwords were typed in your network. Try again in 1 s."]
    assert "in your network" in await guess(authenticator, Login(), "alice", "Größe %41")
    assert await guess(authenticator, Login("203.0.113.8"), "alice", "Größe %41") == "in"


async def test_guesses_in_the_network_do_not_keep_out_a_browser_that_has_logged_in_before(authenticator):
    alice = Login()
    assert await guess(authenticator, alice, "alice", "Größe %41") == "in"
    for number in range(5):
        await guess(authenticator, Login(), f"name-{number}")
    assert await guess(authenticator, alice, "alice", "Größe %41") == "in"
    assert "in your network" in await guess(authenticator, alice, "bob", "Größe %41"), "it has been in as alice only"


async def test_wrong_passwords_of_a_browser_that_has_logged_in_before_are_counted_for_its_name(authenticator):
    alice = Login()
    await guess(authenticator, alice, "alice", "Größe %41")
    assert [await guess(authenticator, alice) for _ in range(3)] == [
        *["wrong"] * 2,
        "Too many wrong passwords were typed for this name. Try again in 1 s.",
    ]


async def test_new_names_are_limited_by_network_and_a_whole_class_does_not_notice(authenticator):
    authenticator.class_size = 40
    answers = [await guess(authenticator, Login(), f"name-{number}", "Größe %41") for number in range(41)]
    assert answers == ["in"] * 40 + ["Many new names were used in your network in a short time. Try again in 1 s."]
    assert await guess(authenticator, Login("203.0.113.8"), "alice", "Größe %41") == "in", "another network"
    assert await guess(authenticator, Login(), "ada", ADMIN) == "in", "an admin"


async def test_users_whom_the_hub_knows_are_not_limited_as_new_names(authenticator, monkeypatch):
    authenticator.class_size = 1
    monkeypatch.setattr(ClassAuthenticator, "_known_names", lambda _self: ["alice", "bob"])
    answers = [await guess(authenticator, Login(), name, "Größe %41") for name in ("carol", "alice", "bob", "dave")]
    assert answers[:3] == ["in"] * 3
    assert "Many new names" in answers[3]


async def test_a_wrong_password_is_no_new_name(authenticator):
    authenticator.class_size = 1
    assert [await guess(authenticator, Login(), name) for name in ("carol", "dave")] == ["wrong"] * 2
    assert await guess(authenticator, Login(), "erin", "Größe %41") == "in"


async def test_guesses_never_keep_out_an_admin(authenticator):
    answers = [await guess(authenticator, Login(), "ada") for _ in range(4)]
    assert answers[:3] == ["wrong"] * 3
    assert "in your network" in answers[3]
    assert await guess(authenticator, Login(), "ada", ADMIN) == "in"


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_two_different_passwords_never_have_the_same_ascii_form(one, other):
    assert to_ascii(one).isascii()
    assert one == other or to_ascii(one) != to_ascii(other)
