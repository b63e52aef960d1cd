import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmhub.login.names import existing_spelling, is_plain, spell

# src/roster/spell.ts has the same rule, for rosters; test/roster/spell.test.ts reads the same examples.
SPELLINGS = json.loads((Path(__file__).parents[3] / "test/fixtures/contracts/spellings.json").read_text())


@pytest.mark.parametrize(("typed", "name"), [(each["typed"], each["name"]) for each in SPELLINGS])
def test_a_name_has_one_spelling(typed, name):
    assert spell(typed) == name


@given(st.text(st.characters(codec="utf-8")))
def test_a_spelling_stays_the_same_when_it_is_spelled_again(name):
    assert spell(spell(name)) == spell(name)
    assert existing_spelling(existing_spelling(name, [name.lower()]), [name.lower()]) == existing_spelling(name, [name.lower()])


@pytest.mark.parametrize("name", ["ada", "Ada Lovelace", "JÜRGEN", "ada@uni.example", "o'neil", "王"])
def test_a_plain_name_is_that_of_no_other_account(name):
    assert is_plain(name)


@pytest.mark.parametrize(
    "name", ["ａｄａ", "ada\u200b", "\u212aim", "o\u2019neil", "a  b", " ada", "ada\u00ad", "mo\u017fe", "ju\u0308rgen"]
)
def test_a_name_that_would_become_another_one_is_not_plain(name):
    assert not is_plain(name)


def test_a_user_of_an_earlier_version_keeps_the_name():
    known = ["o\u2019brien", "ada"]
    for typed in ("O\u2019Brien", "O'Brien", "o\u02bcbrien"):
        assert existing_spelling(typed, known) == "o\u2019brien"
    assert existing_spelling("Ada\u200b", known) == "ada"
    assert existing_spelling("New  Name", known) == "new name"


def test_two_users_of_an_earlier_version_stay_two():
    known = ["o\u2019brien", "o'brien"]
    assert [existing_spelling(each, known) for each in ("O\u2019Brien", "O'Brien", "o\u02bcbrien")] == [
        "o\u2019brien",
        "o'brien",
        "o'brien",
    ]
