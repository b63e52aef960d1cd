"""Who is in which group: one rule for who may come in, memory, cores, images, quotas, warm starts and the programs of others.

Three say it, and each of them is enough: the configuration, which names members; the roster, in its column of groups; and the provider's
last answer, under one of the names that the group has there (`claims`). The first two count at once, the third one from the login on.
"""

from collections.abc import Iterable

from jupyterhub.auth import Authenticator
from jupyterhub.user import User

from ..server_settings import Group
from .names import spell
from .roster import Person, Roster

# Groups in the hub's database that no provider gives: the users whom a program of others has made, and those whom it reaches.
MADE, REACHED = "made:", "reached:"
# Names of a provider that the configuration does not know; each is a row in the hub's database.
_MOST_UNKNOWN = 100


class Membership:
    """The groups of the configuration, and who is in them. `known` are further names of groups for which the configuration has a use."""

    def __init__(self, groups: Iterable[Group] = (), roster: Roster | None = None, known: Iterable[str] = ()) -> None:
        self._roster = roster
        self.use(groups, known)

    def use(self, groups: Iterable[Group], known: Iterable[str]) -> None:
        """Takes the groups of new settings."""
        self._groups = tuple(groups)
        self._known = frozenset(known) | {name for group in self._groups for name in (group.name, *group.claims)}

    def __deepcopy__(self, _memo: dict) -> "Membership":
        """Stays one object: traitlets copies the objects in a settings file."""
        return self

    def groups_of(self, user: str, claimed: Iterable[str] = ()) -> list[Group]:
        """Returns the groups of the configuration in which somebody is; `claimed` is the provider's last answer."""
        name, person, claims = spell(user), self._person(user), frozenset(claimed)
        listed = person.groups if person else frozenset()
        return [each for each in self._groups if name in each.members or each.name in listed or claims & each.claims]

    def names_of(self, user: str, claimed: Iterable[str] = ()) -> frozenset[str]:
        """Returns the names of all groups of somebody, also of those for which the configuration has no settings."""
        person, claims = self._person(user), frozenset(claimed)
        configured = {group.name for group in self._groups}  # a group with other names at the provider is not meant by its own
        others = (claims - configured) | (person.groups if person else frozenset())
        return others | {group.name for group in self.groups_of(user, claims)}

    def claimed_groups(self, claimed: Iterable[str]) -> list[str]:
        """Returns the names of the groups of the configuration in which the provider alone puts somebody.

        A home has a note of them (homes/group_note.py); those of the configuration and of the roster are in limits.json, which `up` writes.
        """
        claims = frozenset(claimed)
        return [each.name for each in self._groups if claims & each.claims]

    def listed_in(self, group: str) -> set[str]:
        """Returns the members of a group whom the configuration or the roster names; a provider names others (group_members.py)."""
        configured = {name for each in self._groups if each.name == group for name in each.members}
        people = self._roster.people() if self._roster else {}
        return configured | {name for name, person in people.items() if group in person.groups}

    def claims_of(self, group: str) -> frozenset[str]:
        """Returns the names under which a provider knows a group: its own, if the configuration has no other."""
        return next((each.claims for each in self._groups if each.name == group), frozenset({group}))

    def kept(self, claims: frozenset[str]) -> list[str]:
        """Returns what the hub keeps of a provider's answer: all groups that it knows, and a bounded number of others."""
        known = claims & self._known
        return sorted(known) + sorted(claims - known)[:_MOST_UNKNOWN]

    def _person(self, user: str) -> Person | None:
        return self._roster.people().get(spell(user)) if self._roster else None


def last_claims(user: User, authenticator: Authenticator | None) -> frozenset[str]:
    """Returns what the provider said at the last login of a user; nothing with a method of login that tells no groups."""
    if authenticator is None or not authenticator.manage_groups:
        return frozenset()
    return frozenset(group.name for group in user.orm_user.groups if not group.name.startswith((MADE, REACHED)))
