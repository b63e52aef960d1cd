import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmhub.authenticator import ClassAuthenticator, to_ascii

ADMIN = "ä%-0123456789-0123456789-0123456789"


@pytest.fixture
def authenticator():
    return ClassAuthenticator(user_password=to_ascii("Größe %41"), admin_password=to_ascii(ADMIN), admin_users={"ada"}, allow_all=True)


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
    assert await authenticator.authenticate(None, {"username": user, "password": password}) == expected


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_two_different_passwords_never_have_the_same_ascii_form(one, other):
    assert to_ascii(one).isascii()
    assert one == other or to_ascii(one) != to_ascii(other)
