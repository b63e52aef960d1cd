import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmhub.authenticator import ClassAuthenticator, to_ascii

ADMIN = "ä%-0123456789-0123456789-0123456789"


@pytest.fixture
def authenticator():
    return ClassAuthenticator(user_password=to_ascii("Größe %41"), admin_password=to_ascii(ADMIN), admin_users={"ada"}, allow_all=True)


@pytest.mark.parametrize(
    ("user", "password", "answer"),
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
async def test_each_password_lets_its_own_people_in(authenticator, user, password, answer):
    assert await authenticator.authenticate(None, {"username": user, "password": password}) == answer


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_two_passwords_never_count_as_one(one, other):
    assert to_ascii(one).isascii()
    assert one == other or to_ascii(one) != to_ascii(other)
