"""When warm starts begin: `warm` in hub.json, by the clock of the class's time zone."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KEPT_SECONDS = 15 * 60  # after the time of the warm start, while a server waits for its user
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
# With thirty JupyterLabs on six cores, the last server was ready after 114 s (docs/performance.md). A machine with one core needs 5 s
# for each; the rest is for images and homes that are new. src/config/rules/warm.ts has the longest time too.
_LEAD, _LEAD_EACH, LONGEST_LEAD = 180, 10, 30 * 60


@dataclass(frozen=True)
class Occasion:
    """One warm start: the servers should be ready at `at`; until `until` it is caught up (both in seconds since 1970).

    With a `group`, only its members on the roster, and `members`. The key is the same whenever the hub computes this occasion again.
    """

    key: str
    at: float
    until: float
    group: str | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Weekly:
    """A warm start on some days of the week (0: Monday), with times of the day in a time zone."""

    days: frozenset[int]
    at: time
    until: time
    zone: ZoneInfo
    group: str | None = None
    members: tuple[str, ...] = field(default=(), compare=False)

    @property
    def key(self) -> str:
        """A text that is the same as long as the configuration says the same."""
        days = ",".join(DAYS[day] for day in sorted(self.days))
        return f"{days} {self.at:%H:%M}-{self.until:%H:%M} {self.zone.key} {self.group or ''}".rstrip()

    def occasions(self, now: float, days: int = 8) -> Iterator[Occasion]:
        """Yields the occasions from yesterday on. A time that the clocks skip is as much later; of a time that comes twice, the first."""
        first = datetime.fromtimestamp(now, self.zone).date() - timedelta(days=1)
        for day in (first + timedelta(days=number) for number in range(days + 1)):
            if day.weekday() in self.days:
                yield Occasion(f"{day} {self.key}", self._moment(day, self.at), self._moment(day, self.until), self.group, self.members)

    def _moment(self, day: date, clock: time) -> float:
        return datetime.combine(day, clock, self.zone).astimezone(UTC).timestamp()


def lead(people: int) -> float:
    """Returns how many seconds before its time a warm start of so many people begins."""
    return min(LONGEST_LEAD, _LEAD + _LEAD_EACH * people)


def read_timetable(found: object, take: Callable) -> tuple[Weekly, ...]:
    """Reads `warm`; `take` notes what is wrong (settings.read_settings)."""

    def weekly(at: str, item: dict) -> Weekly | None:
        days = take(f"{at}.days", item.get("days"), _are_days, "a list of days: mon, tue, …")
        clocks = [take(f"{at}.{key}", item.get(key), _is_clock, "a time of the day: 08:50") for key in ("at", "until")]
        zone = take(f"{at}.zone", item.get("zone"), _is_zone, "a time zone")
        group = take(f"{at}.group", item.get("group"), lambda value: value is None or isinstance(value, str), "a group, or null")
        members = take(f"{at}.members", item.get("members"), _are_texts, "a list of user names")
        if not (_are_days(days) and all(map(_is_clock, clocks)) and _is_zone(zone) and _are_texts(members)):
            return None
        begin, end = map(time.fromisoformat, clocks)
        return Weekly(frozenset(map(DAYS.index, days)), begin, end, ZoneInfo(zone), group, tuple(members))

    is_list = isinstance(found, list) and all(isinstance(item, dict) for item in found)
    take("warm", found, lambda _: is_list, "a list of objects")
    read = (weekly(f"warm[{index}]", item) for index, item in enumerate(found if is_list else []))
    return tuple(each for each in read if each is not None)


def _are_days(value: object) -> bool:
    return isinstance(value, list) and value != [] and all(day in DAYS for day in value)


def _is_clock(value: object) -> bool:
    return isinstance(value, str) and _CLOCK.fullmatch(value) is not None


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_zone(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(ZoneInfo(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
