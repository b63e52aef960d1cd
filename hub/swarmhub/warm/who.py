"""Whose servers a warm start starts, and in which order."""

from collections.abc import Collection, Iterable

from ..login.access import Access
from ..login.names import existing_spelling, spell
from ..settings import Settings
from .timetable import Occasion


def people_for(
    occasion: Occasion, settings: Settings, access: Access, known: Collection[str], visitors: Collection[str], claimed: Collection[str] = ()
) -> list[str]:
    """Returns the user names: teachers first, then the order of the roster; without a roster, the `visitors`, who have been here.

    Of a group its members: those of the roster, of the configuration, and the `claimed`, whom the provider put into it at their last login.
    Nobody who may not log in. Names are as the hub knows them, if it does.
    """
    roster = access.roster.people() if access.roster else None
    if occasion.group is None:
        people: Iterable[str] = [*sorted(settings.teachers), *(roster if roster is not None else visitors)]
    else:
        listed = [name for name, person in (roster or {}).items() if occasion.group in person.groups]
        people = [*listed, *occasion.members, *claimed]
    wanted = dict.fromkeys(existing_spelling(name, known) for name in people)
    allowed = [name for name in wanted if access.refusal_for(name) is None]
    return sorted(allowed, key=lambda name: not is_teacher(name, settings))


def is_teacher(name: str, settings: Settings) -> bool:
    """Returns whether the configuration names somebody as a teacher."""
    return spell(name) in {spell(each) for each in settings.teachers}
