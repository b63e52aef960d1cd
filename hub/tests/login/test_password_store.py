"""Personal passwords: hashes, and which of two passwords counts."""

import asyncio
import json
import re
import stat

import pytest

from swarmhub.login.access import Access
from swarmhub.login.closing import Closing
from swarmhub.login.password_authenticator import PasswordAuthenticator
from swarmhub.login.password_hash import HashPool, invent_password, make_hash, matches
from swarmhub.login.password_store import PasswordStore
from swarmhub.login.roster import Roster

from .test_access import write_roster

# Made by Node: scryptSync("Größe-101", Buffer.from("0123456789abcdef"), 64, {N: 16384, r: 8, p: 1})
BY_NODE = (
    "scrypt$16384$8$1$MDEyMzQ1Njc4OWFiY2RlZg==$fNUeMQY+OoPRrVlrZR4NsQp0Zr1LT411mfLLtDW8Ibj40V57mMExdvrAyv/CF5qIgPmS7tHVZ/dPyXm6awZXXw=="
)


def test_a_hash_fits_its_password_alone_however_the_keyboard_composes_umlauts():
    found = make_hash("Gr\u00f6\u00dfe-101")
    assert matches("Gro\u0308\u00dfe-101", found)
    assert not matches("Grosse-101", found)
    assert make_hash("a") != make_hash("a"), "each has a salt of its own"


def test_a_hash_that_the_operators_machine_makes_fits():
    assert matches("Größe-101", BY_NODE)


@pytest.mark.parametrize(
    "damaged", ["", "scrypt", "scrypt$3$8$1$AA==$AA==", "scrypt$16384$8$1$!$!", "md5$16384$8$1$AA==$AA==", "a$b$c$d$e$f"]
)
def test_a_hash_in_another_form_fits_no_password(damaged):
    assert not matches("", damaged)


def test_a_hash_that_needs_much_memory_fits_no_password():
    assert not matches("a", make_hash("a").replace("$16384$", f"${2**24}$"))


def test_a_new_password_can_be_read_out():
    assert all(re.fullmatch(r"([a-z]{4}-){3}[a-z]{4}", invent_password()) for _ in range(20))
    assert len({invent_password() for _ in range(20)}) == 20


async def test_a_name_that_nobody_has_costs_as_much_as_a_wrong_password(tmp_path):
    write_roster(tmp_path / "roster.json", "ada", password=make_hash("right"))
    access = Access("geo-101", Closing(tmp_path / "closed.json"), Roster(tmp_path / "roster.json"))
    logins = PasswordAuthenticator(access=access, store=PasswordStore(tmp_path / "passwords.json", access))
    compared = []

    async def matches_and_notes(_password, expected):
        compared.append(expected.split("$")[:4])
        return False

    logins.pool.matches = matches_and_notes
    for name, password in (("ada", "wrong"), ("nobody", "wrong"), ("nobody", ""), ("ada", "x" * 2000)):
        assert not await logins.is_right(name, password, "203.0.113.7", is_known=False)
    assert compared == [["scrypt", "16384", "8", "1"]] * 4


async def test_a_queue_of_logins_has_an_end():
    pool = HashPool(queue=1)
    async with pool, pool:
        waiting = asyncio.create_task(pool.__aenter__())
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            async with pool:
                pass
    await waiting


def store(folder):
    access = Access("geo-101", Closing(folder / "closed.json"), Roster(folder / "roster.json"))
    return PasswordStore(folder / "passwords.json", access)


def test_a_changed_password_counts_until_there_is_a_new_slip(tmp_path):
    write_roster(tmp_path / "roster.json", "ada", password="slip 1")
    passwords = store(tmp_path)
    assert passwords.hash_of("ADA") == "slip 1"
    passwords.change("Ada", "changed")
    assert (passwords.hash_of("ada"), passwords.is_changed("ada")) == ("changed", True)
    assert stat.S_IMODE((tmp_path / "passwords.json").stat().st_mode) == 0o600
    assert store(tmp_path).hash_of("ada") == "changed", "also after a restart"
    write_roster(tmp_path / "roster.json", "ada", password="slip 2")
    assert (passwords.hash_of("ada"), passwords.is_changed("ada")) == ("slip 2", False)


def test_a_person_without_a_slip_can_be_given_a_password_and_nobody_else(tmp_path):
    write_roster(tmp_path / "roster.json", "ada")
    passwords = store(tmp_path)
    assert passwords.hash_of("ada") is None
    passwords.change("ada", "given")
    assert passwords.hash_of("ada") == "given"
    with pytest.raises(LookupError, match="bob is not on the roster"):
        passwords.change("bob", "given")
    (tmp_path / "passwords.json").write_text(json.dumps({"bob": {"first": None, "hash": "planted"}}))
    assert passwords.hash_of("bob") is None


def test_a_damaged_file_does_not_bring_back_the_password_on_the_slip(tmp_path):
    write_roster(tmp_path / "roster.json", "ada", password="slip 1")
    for text in ("{", "[]", '{"ada": 1}'):
        (tmp_path / "passwords.json").write_text(text)
        with pytest.raises(ValueError, match=r"Expecting|passwords\.json"):
            store(tmp_path).hash_of("ada")
