import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from swarmhub.slug import LONGEST, former_slug, slug

LABEL = re.compile(r"[a-z][a-z0-9]*(-+[a-z0-9]+)*\Z")
plain = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)


NAMES = ["alice", "Alice", "ada.lovelace@example.org", "josé", "1", "_", "a--b", "", "x" * 29]


def test_the_scheme_is_frozen():
    assert {name: slug(name) for name in NAMES} == {
        "alice": "alice",
        "Alice": "alice---3bc51062973c458d",
        "ada.lovelace@example.org": "ada-lovel---7799473ff091b381",
        "josé": "jos---d994e1d001886fe5",
        "1": "x-1---6b86b273ff34fce1",
        "_": "x---d2e2adf7177b7a8a",
        "a--b": "a-b---90827a2e56361a8f",
        "": "x---e3b0c44298fc1c14",
        "x" * 29: "xxxxxxxxx---1702245ac78581c3",
    }


def test_homes_of_before_have_a_shorter_hash():
    assert {name: former_slug(name) for name in NAMES} == {
        "alice": "alice",
        "Alice": "alice---3bc51062",
        "ada.lovelace@example.org": "ada-lovelace-exam---7799473f",
        "josé": "jos---d994e1d0",
        "1": "x-1---6b86b273",
        "_": "x---d2e2adf7",
        "a--b": "a-b---90827a2e",
        "": "x---e3b0c442",
        "x" * 29: "xxxxxxxxxxxxxxxxx---1702245a",
    }


@given(st.text(), st.text())
def test_a_former_name_is_never_the_present_name_of_another_user(one, other):
    assert one == other or former_slug(one) != slug(other)


@given(plain)
def test_a_plain_name_stays_unchanged(name):
    assert slug(name) == name


@given(st.text())
def test_every_name_becomes_a_short_dns_label(name):
    assert LABEL.match(slug(name))
    assert len(slug(name)) <= LONGEST


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_names_never_have_the_same_slug(one, other):
    assert one == other or slug(one) != slug(other)


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1))
def test_names_that_differ_in_case_accent_or_form_get_separate_homes(name):
    twins = {name, name.lower(), name.upper(), unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)}
    twins |= {"".join(character for character in unicodedata.normalize("NFD", name) if not unicodedata.combining(character))}
    assert len({slug(twin) for twin in twins}) == len(twins)


@given(st.text())
def test_no_user_can_choose_a_name_that_is_the_slug_of_another_user(name):
    assert slug(name) == name or slug(slug(name)) != slug(name)
