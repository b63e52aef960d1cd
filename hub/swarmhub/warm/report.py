"""What `swarmhub status`, `swarmhub warm` and the page of the room say about warm starts."""

from collections.abc import Set

from .record import Record, Started
from .timetable import Occasion


def report(record: Record, going: Set[str], following: Occasion | None, *, waits: bool, now: float) -> dict:
    """Returns the starts that go on or whose lesson has not ended, and the next one, which waits if the class is closed.

    Times are in seconds since 1970; a key without a value is missing.
    """
    current = [each for each in record.started.values() if not each.has_ended or now < each.occasion.until]
    found: dict = {"starts": [_shown(each, going) for each in sorted(current, key=lambda each: each.occasion.at)]}
    if following:
        found["next"] = {"at": following.at} | _group(following)
        if waits:
            found["next"]["say"] = "It waits, because the class is closed."
    return found


def _shown(started: Started, going: Set[str]) -> dict:
    occasion, results = started.occasion, started.results
    found = {
        "key": occasion.key,
        "at": occasion.at,
        "ready": sum(result == "" for result in results.values()),
        "total": len(results),
        "going": occasion.key in going,
        "missing": [{"name": user, "say": result} for user, result in results.items() if result],
    }
    return found | _group(occasion) | ({"problem": started.problem} if started.problem else {})


def _group(occasion: Occasion) -> dict:
    return {"group": occasion.group} if occasion.group else {}
