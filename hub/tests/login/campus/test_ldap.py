import asyncio
from types import SimpleNamespace

import pytest
from jupyterhub.handlers import LoginHandler
from tornado.web import HTTPError

from swarmhub.login.access import Access
from swarmhub.login.campus.directory import Directory, DirectoryError, Threads, UnsafeDirectoryError
from swarmhub.login.campus.ldap import LdapAuthenticator
from swarmhub.login.closing import Closing
from swarmhub.login.guesses import AttemptLimit


class Login(LoginHandler):
    def __init__(self, address="203.0.113.7"):
        self.request = SimpleNamespace(remote_ip=address)


class Answers(Threads):
    """A directory that answers after all have asked."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    async def find(self, _directory, name, password):
        self.asked += 1
        await asyncio.sleep(0)
        if name == "down":
            raise DirectoryError("silent")
        if name == "expired":
            raise UnsafeDirectoryError("its certificate")
        return (name.title(), frozenset({"geo"})) if password == "right" else None


@pytest.fixture
def ldap(tmp_path):
    LdapAuthenticator.networks, LdapAuthenticator.names = AttemptLimit(free=6), AttemptLimit(free=3)
    access = Access("geo-101", Closing(tmp_path / "closed.json"))
    made = LdapAuthenticator(directory=Directory("ldap://x", "dc=x"), service="Uni", access=access, admin_users={"prof"})
    made.threads = Answers()
    return made


async def log_in(ldap, name, password="right", address="203.0.113.7"):
    try:
        return await ldap.authenticate(Login(address), {"username": name, "password": password})
    except HTTPError as error:
        return error.status_code


async def test_a_right_password_logs_in_under_the_directorys_spelling_in_lower_case(ldap):
    assert await log_in(ldap, " ada ") == {"name": "ada", "admin": False, "groups": ["geo"]}
    assert (await log_in(ldap, "prof"))["admin"] is True
    assert await log_in(ldap, "ａｄａ") == 403
    assert [await log_in(ldap, *each) for each in (("ada", "wrong"), ("", "right"), ("ada", ""))] == [None, 400, 400]
    asked = ldap.threads.asked
    assert [await log_in(ldap, *each) for each in (("a" * 255, "right"), ("ada", "x" * 1025))] == [None, None]
    assert ldap.threads.asked == asked, "the directory is not asked"


@pytest.mark.parametrize("handler", [None, object()])
async def test_only_the_login_page_of_ldap_logs_in(ldap, handler):
    assert await ldap.authenticate(handler, {"username": "ada", "password": "right"}) is None


async def test_guesses_for_a_name_are_slowed_down_in_their_network_only(ldap):
    assert [await log_in(ldap, "ada", "wrong") for _ in range(4)] == [None] * 3 + [429]
    assert await log_in(ldap, "ADA") == 429
    assert await log_in(ldap, "bob"), "another name"
    assert await log_in(ldap, "ada", address="198.51.100.9"), "the owner elsewhere"


async def test_guesses_in_a_network_are_slowed_down_and_right_passwords_do_not_count(ldap):
    assert [(await log_in(ldap, f"student-{number}"))["admin"] for number in range(20)] == [False] * 20
    assert [await log_in(ldap, f"name-{number}", "wrong") for number in range(7)] == [None] * 6 + [429]


async def test_many_guesses_at_once_do_not_get_past_the_limit(ldap):
    answers = await asyncio.gather(*(log_in(ldap, "ada", "wrong") for _ in range(50)))
    assert answers.count(None) == 3
    assert ldap.threads.asked == 3


async def test_a_silent_or_unsafe_directory_is_said_to_users_and_counts_no_guess(ldap):
    assert [await log_in(ldap, "down") for _ in range(20)] == [503] * 20
    with pytest.raises(HTTPError, match="cannot be reached safely, because its certificate is not valid here"):
        await ldap.authenticate(Login(), {"username": "expired", "password": "right"})
