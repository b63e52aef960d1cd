"""Who is in which group: by the configuration, the roster, and what a provider says."""

import json
from types import SimpleNamespace

import pytest
from jupyterhub import orm

from swarmhub.login.access import Access
from swarmhub.login.claims import claims_in
from swarmhub.login.closing import Closing
from swarmhub.login.group_members import members_of
from swarmhub.login.membership import Membership, last_claims
from swarmhub.login.roster import Roster
from swarmhub.server_settings import Group

STAFF = Group("staff", frozenset({"ada"}), memory=8 << 30, claims=frozenset({"staff"}))
TUTORS = Group("tutors", frozenset(), cpu=4, claims=frozenset({"role:instructor", "uni:tutors"}))
LISTED = Group("lab-1", frozenset(), memory=2 << 30)


@pytest.fixture
def roster(tmp_path):
    def write(**people):
        found = [{"name": name, "shown": name, "groups": groups, "password": None} for name, groups in people.items()]
        draft = tmp_path / "draft"
        draft.write_text(json.dumps({"people": found}))
        draft.rename(tmp_path / "roster.json")
        return Roster(tmp_path / "roster.json")

    return write


def names(groups):
    return [group.name for group in groups]


def test_the_configuration_the_roster_and_the_provider_each_make_a_member(roster):
    membership = Membership([STAFF, TUTORS, LISTED], roster(bob=["lab-1", "staff"], carl=[]))
    assert names(membership.groups_of("ada")) == ["staff"]
    assert names(membership.groups_of("Ada")) == ["staff"], "in any spelling"
    assert names(membership.groups_of("bob", ["uni:tutors"])) == ["staff", "tutors", "lab-1"]
    assert names(membership.groups_of("carl", ["staff", "role:instructor"])) == ["staff", "tutors"]
    assert membership.groups_of("carl") == []
    assert membership.claimed_groups(["staff", "role:instructor"]) == ["staff", "tutors"]


def test_the_members_of_a_group_are_those_of_all_three_and_none_of_a_method_of_login_that_was_before(roster):
    membership = Membership([STAFF, TUTORS], roster(bob=["tutors"], carl=[]))
    access = Access("geo-101", None, membership=membership)
    with orm.new_session_factory("sqlite:///:memory:")() as db:
        for name, claims in {"dora": ["uni:tutors"], "eve": ["tutors"], "frank": ["other"]}.items():
            db.add(orm.User(name=name, groups=[orm.Group(name=claim) for claim in claims]))
        db.commit()

        def members(group, *, tells=True):
            return members_of(group, access, db, SimpleNamespace(manage_groups=tells))

        assert members("tutors") == ["bob", "dora"], "the group has another name at the provider"
        assert members("staff") == ["ada"]
        assert members("other") == ["frank"], "a group that only the provider knows"
        assert members("nobody") == []
        assert members("tutors", tells=False) == ["bob"]


@pytest.mark.parametrize("claimed", [["tutors"], ["Staff"], ["staff "], ["/staff/x"], ["lab-1"], ["unknown", "made:staff"], []])
def test_a_name_of_the_provider_that_the_configuration_does_not_know_gives_nothing(claimed):
    assert Membership([STAFF, TUTORS, LISTED]).groups_of("zoe", claimed) == []


def test_the_roster_counts_at_once_and_the_provider_from_the_login_on(roster):
    membership = Membership([LISTED], roster(bob=["lab-1"]))
    assert names(membership.groups_of("bob")) == ["lab-1"]
    roster(bob=["lab-1-of-another-day"])
    assert membership.groups_of("bob") == []


def test_a_rule_on_who_may_come_in_counts_members_of_all_three(tmp_path, roster):
    listed = roster(ada=[], bob=["tutors"], carl=[], dora=[])
    membership = Membership([STAFF, TUTORS], listed)
    access = Access("geo-101", Closing(tmp_path / "closed.json"), listed, groups=["staff", "tutors"], membership=membership)
    assert access.refusal_for("ada", []) is None, "a member in the configuration"
    assert access.refusal_for("bob", []) is None, "a member on the roster"
    assert access.refusal_for("carl", ["role:instructor"]) is None, "a member at the provider"
    assert "open to members of staff, tutors" in access.refusal_for("dora", ["tutors"])


HOSTILE = [
    (None, set()),
    ({"staff": True}, set()),
    (7, set()),
    ([["staff"], {"a": 1}, None, 7, True], set()),
    ("staff", {"staff"}),
    (["/staff", " tutors ", "", "/", "   "], {"staff", "tutors"}),
    (["st\x00aff", "a\nb", "staff\x1b[31m", "sta\u202eff", "zero\u200bwidth", "staff\u2028"], {"staff"}),
    (["x" * 256, "y" * 255], {"y" * 255}),
    (["<b>staff</b>", "../../etc", "'; DROP TABLE users"], {"<b>staff</b>", "../../etc", "'; DROP TABLE users"}),
]


@pytest.mark.parametrize(("claim", "found"), HOSTILE)
def test_whatever_a_provider_sends_groups_or_none_result(claim, found):
    assert claims_in(claim) == found


def test_of_ten_thousand_groups_the_hub_keeps_all_that_the_configuration_knows_and_a_bounded_number_of_others():
    membership = Membership([STAFF, TUTORS], known=["zz-allowed"])
    kept = membership.kept(claims_in([f"g{number}" for number in range(10_000)] + ["staff", "uni:tutors", "zz-allowed"]))
    assert len(kept) == 103
    assert {"staff", "uni:tutors", "zz-allowed"} <= set(kept)
    assert names(membership.groups_of("zoe", kept)) == ["staff", "tutors"]


def test_only_a_method_that_tells_groups_is_believed_and_no_group_of_our_own():
    groups = [SimpleNamespace(name=name) for name in ("staff", "made:gw", "reached:gw")]
    user = SimpleNamespace(orm_user=SimpleNamespace(groups=groups))
    assert last_claims(user, SimpleNamespace(manage_groups=True)) == {"staff"}
    assert last_claims(user, SimpleNamespace(manage_groups=False)) == frozenset(), "the method was another one before"
    assert last_claims(user, None) == frozenset()
