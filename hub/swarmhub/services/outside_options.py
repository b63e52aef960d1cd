"""The key `services` of hub.json: programs of others, such as a science gateway, with what each may do."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..json_values import are_objects, are_texts

# `src/config/outside-service.ts` has the same words and names.
MAY = ("start", "stop", "users")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class OutsideProgram:
    """A program with a token. With a `group` it reaches only the users of that group, of whom the configuration names `members`."""

    name: str
    may: tuple[str, ...]
    group: str | None = None
    members: frozenset[str] = frozenset()

    @property
    def secret(self) -> str:
        """The name of the secret with its token."""
        return f"login-service-{self.name}"


def read_programs(found: object, take: Callable) -> tuple[OutsideProgram, ...]:
    """Reads the key `services`; `take` checks one value, as in settings.py."""
    items = take("services", found, are_objects, "a list of objects")
    return tuple(_program(f"services[{index}]", item, take) for index, item in enumerate(items)) if are_objects(items) else ()


def _program(at: str, item: dict, take: Callable) -> OutsideProgram:
    may = take(f"{at}.may", item.get("may"), lambda value: are_texts(value) and set(value) <= {*MAY}, f"a list of {', '.join(MAY)}")
    members = take(f"{at}.members", item.get("members", []), are_texts, "a list of user names")
    return OutsideProgram(
        name=take(f"{at}.name", item.get("name"), _is_name, "a name of a-z, 0-9 and hyphens"),
        may=tuple(may) if are_texts(may) else (),
        group=take(f"{at}.group", item.get("group"), lambda value: value is None or _is_name(value), "the name of a group, or null"),
        members=frozenset(members) if are_texts(members) else frozenset(),
    )


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(_NAME.fullmatch(value))
