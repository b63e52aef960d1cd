"""When warm starts begin, also on the days when the clocks change."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from swarmhub.warm.timetable import LONGEST_LEAD, Weekly, lead, read_timetable

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> float:
    """A time in UTC."""
    return datetime.fromisoformat(f"{text}+00:00").timestamp()


def weekly(days, begin="08:50", until="12:00", **more):
    return Weekly(frozenset(days), time.fromisoformat(begin), time.fromisoformat(until), BERLIN, **more)


def begins(schedule, now, days=8):
    return [datetime.fromtimestamp(each.at, UTC).strftime("%a %d %H:%M") for each in schedule.occasions(at(now), days)]


def test_a_warm_start_is_at_its_time_in_the_zone_of_the_class():
    assert begins(weekly({0, 2}), "2026-11-30T02:00") == ["Mon 30 07:50", "Wed 02 07:50", "Mon 07 07:50"]


def test_the_time_of_the_day_stays_when_the_clocks_change():
    assert begins(weekly({5, 6, 0}), "2026-10-23T12:00", 4) == ["Sat 24 06:50", "Sun 25 07:50", "Mon 26 07:50"]
    assert begins(weekly({5, 6, 0}), "2027-03-26T12:00", 4) == ["Sat 27 07:50", "Sun 28 06:50", "Mon 29 06:50"]


def test_a_time_that_is_skipped_or_comes_twice_is_one_occasion():
    assert begins(weekly({6}, "02:30"), "2027-03-27T12:00", 2) == ["Sun 28 01:30"], "03:30 in summer"
    assert begins(weekly({6}, "02:30"), "2026-10-24T12:00", 2) == ["Sun 25 00:30"], "the first of the two"


def test_an_occasion_has_one_key_whenever_it_is_computed_and_another_one_each_day():
    early, late = ([each.key for each in weekly({0, 2}).occasions(at(now))] for now in ("2026-11-30T02:00", "2026-12-01T02:00"))
    assert early[0] == "2026-11-30 mon,wed 08:50-12:00 Europe/Berlin"
    assert early == late[:3]
    assert len(set(late)) == len(late)


def test_a_changed_member_of_a_group_does_not_make_another_occasion():
    one, other = (weekly({0}, group="A", members=(name,)) for name in ("ada", "bob"))
    assert (one.key, one == other) == ("mon 08:50-12:00 Europe/Berlin A", True)


def test_more_people_need_a_longer_lead():
    assert (lead(0), lead(30), lead(1000)) == (180, 480, LONGEST_LEAD)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("days", []),
        ("days", ["mo"]),
        ("at", "8:50"),
        ("until", "24:00"),
        ("zone", "Europe/Atlantis"),
        ("zone", "../etc"),
        ("members", [1]),
        ("group", 1),
    ],
)
def test_each_wrong_value_is_named(key, value):
    faults = []

    def take(name, found, is_valid, _expected):
        if not is_valid(found):
            faults.append(name)
        return found

    good = {"days": ["mon"], "at": "08:50", "until": "12:00", "zone": "Europe/Berlin", "group": None, "members": []}
    read_timetable([good | {key: value}], take)
    assert faults[:1] == [f"warm[0].{key}"]
    assert read_timetable([good], take)[0].days == frozenset({0})
    assert read_timetable("mon", take) == ()
    assert faults[1:] == ["warm"]
