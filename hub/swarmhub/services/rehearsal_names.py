"""The names of the people of a rehearsal (contracts/rehearsal.ts)."""

import re

MOST_PEOPLE = 300
_NAME = re.compile(r"Rehearsal-[1-9][0-9]{0,2}")


def rehearsal_name(number: int) -> str:
    """Returns the name of a person of a rehearsal; the capital letter makes it one that no login can have (login/names.py, spell)."""
    return f"Rehearsal-{number}"


def is_rehearsal_name(name: str) -> bool:
    """Returns whether a name belongs to a rehearsal."""
    return bool(_NAME.fullmatch(name))
