"""Who may come in: the roster, a closed class, groups."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tornado.web import HTTPError

from swarmhub.login.access import Access, AccessRules
from swarmhub.login.authenticator import ClassAuthenticator
from swarmhub.login.closing import Closed, Closing
from swarmhub.login.roster import Roster

from .test_authenticator import Login

HOUR = timedelta(hours=1)


def write_roster(path, *names, **more):
    people = [{"name": name, "shown": name.title(), "groups": [], "password": None} | more for name in names]
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"people": people}))
    draft.replace(path)


def access(folder, **rules):
    return Access("geo-101", Closing(folder / "closed.json"), **rules)


def test_without_a_roster_everybody_comes_in_whom_the_method_knows(tmp_path):
    assert access(tmp_path).refusal_for("anybody") is None


def test_only_the_people_of_the_roster_and_the_staff_come_in(tmp_path):
    write_roster(tmp_path / "roster.json", "ada", "Jürgen")
    rules = access(tmp_path, roster=Roster(tmp_path / "roster.json"), staff=["Grace"])
    assert [rules.refusal_for(name) for name in ("ada", "ADA", "ju\u0308rgen", "grace")] == [None] * 4
    assert rules.refusal_for("bob") == "bob is not on the list of the class geo-101. Check the name, or ask your instructor."


def test_a_changed_roster_counts_at_once_and_a_damaged_one_changes_nothing(tmp_path):
    path = tmp_path / "roster.json"
    rules = access(tmp_path, roster=Roster(path))
    assert rules.refusal_for("ada")
    write_roster(path, "ada")
    assert rules.refusal_for("ada") is None
    for text in ("{", '{"people": [{}]}', "[]", '{"people": [{"name": 1}]}'):
        path.write_text(text)
        assert rules.refusal_for("ada") is None
    path.unlink()
    assert rules.refusal_for("ada") is None
    write_roster(path, "bob")
    assert rules.refusal_for("ada")


def test_while_the_class_is_closed_only_the_staff_comes_in_and_the_sentence_says_when_it_opens(tmp_path):
    rules = access(tmp_path, staff=["grace"])
    now = datetime.now(UTC)
    rules.closing.close(Closed(now))
    assert rules.refusal_for("ada") == "The class geo-101 is closed. Ask your instructor when it opens again."
    assert rules.refusal_for("grace") is None
    until = datetime(2126, 12, 1, 9, 0, tzinfo=timezone(HOUR))
    rules.closing.close(Closed(now, until, zone="Europe/Berlin"))
    assert rules.refusal_for("ada") == ("The class geo-101 is closed. It opens again on 1 December 2126 at 09:00 (Europe/Berlin).")
    assert "at 09:00 (UTC+0100)" in Closed(now, until).sentence("geo-101")
    assert rules.closing.reopen()
    assert rules.refusal_for("ada") is None
    assert not rules.closing.reopen()


def test_a_closed_class_opens_by_itself_and_a_damaged_file_keeps_it_closed(tmp_path):
    closing = Closing(tmp_path / "closed.json")
    closing.close(Closed(datetime.now(UTC) - HOUR, datetime.now(UTC) - timedelta(seconds=1)))
    assert closing.current() is None
    for text in ("{", "[]", "{}", '{"since": "2026-11-30T10:00:00"}'):
        (tmp_path / "closed.json").write_text(text)
        assert closing.current().until is None


def test_the_servers_that_still_run_are_stopped_at_a_time_that_people_can_read():
    now = datetime.now(UTC)
    assert Closed(now).stop_sentence() is None
    assert Closed(now, stop_at=now - HOUR).stop_sentence() == "All servers are being stopped."
    stop_at = datetime(2126, 12, 1, 9, 0, tzinfo=timezone(HOUR))
    assert Closed(now, stop_at=stop_at, zone="Europe/Berlin").stop_sentence() == (
        "Servers that still run are stopped on 1 December 2126 at 09:00 (Europe/Berlin). Save your work."
    )


def test_a_rule_about_groups_counts_for_methods_that_know_groups(tmp_path):
    rules = access(tmp_path, groups=["geo-101"], staff=["grace"])
    assert rules.refusal_for("ada", ["geo-101", "other"]) is None
    assert rules.refusal_for("ada") is None
    assert rules.refusal_for("ada", []) == ("You logged in as ada. The class geo-101 is open to members of geo-101. Ask your instructor.")
    assert rules.refusal_for("grace", []) is None


class Everybody(AccessRules):
    """A method of login that believes everybody."""

    allow_all = True

    async def authenticate(self, handler, data):
        return {"name": data["username"], "admin": data.get("admin"), "groups": data.get("groups")}


async def test_each_method_of_login_applies_the_rules_also_where_it_allows_all(tmp_path):
    write_roster(tmp_path / "roster.json", "ada")
    method = Everybody(access=access(tmp_path, roster=Roster(tmp_path / "roster.json"), staff=["grace"]))
    assert method.allow_existing_users is False
    for name in ("ada", " ＡＤＡ", "grace"):
        assert (await method.get_authenticated_user(None, {"username": name}))["name"] == name.strip().replace("ＡＤＡ", "ada")
    with pytest.raises(HTTPError, match="bob is not on the list") as refused:
        await method.get_authenticated_user(None, {"username": "bob"})
    assert refused.value.status_code == 403
    assert await method.get_authenticated_user(None, {"username": "bob", "admin": True}), "an admin, by what the method knows"


def test_traitlets_copies_the_settings_but_not_the_rules(tmp_path):
    rules = access(tmp_path)
    assert deepcopy(rules) is rules


async def test_with_a_roster_the_password_of_the_class_opens_only_the_names_on_it(tmp_path):
    write_roster(tmp_path / "roster.json", "ada lovelace")
    rules = access(tmp_path, roster=Roster(tmp_path / "roster.json"), staff=["prof"])
    method = ClassAuthenticator(user_password="the-password", access=rules, allow_all=True)
    found = await method.get_authenticated_user(Login(), {"username": " Ada  Lovelace ", "password": "the-password"})
    assert found["name"] == "ada lovelace"
    with pytest.raises(HTTPError, match="bob is not on the list of the class geo-101"):
        await method.get_authenticated_user(Login(), {"username": "bob", "password": "the-password"})
    assert await method.get_authenticated_user(Login(), {"username": "bob", "password": "wrong"}) is None, "the roster is not public"
