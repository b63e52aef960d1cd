"""The versions of what was handed out: their files, and for whom they are."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class File:
    """A file of a version: `path` in the home ("week2/lab1.ipynb"), `hash` its SHA-256, `size` in bytes."""

    path: str
    hash: str
    size: int
    executable: bool = False


@dataclass(frozen=True)
class Version:
    """A version of what was handed out under one name.

    `to`: the homes that get it, None: all; `groups`: also those whose owners are in one of these groups when their server starts.
    `withheld` and `withheld_groups`: those that do not get it.
    """

    name: str
    number: int
    files: tuple[File, ...]
    to: tuple[str, ...] | None = None
    groups: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    withheld_groups: tuple[str, ...] = ()

    def is_for(self, home: str, groups: Collection[str] = ()) -> bool:
        """Returns whether a home gets this version, whose owner is in these groups now. Its own name precedes those of its groups."""
        if home in self.withheld:
            return False
        if self.to is not None and home in self.to:
            return True
        if not set(self.withheld_groups).isdisjoint(groups):
            return False
        return self.to is None or not set(self.groups).isdisjoint(groups)

    @property
    def is_for_all(self) -> bool:
        """Whether every home gets it, now and later."""
        return self.to is None and not self.withheld and not self.withheld_groups


def known_hashes(versions: Iterable[Version], path: str) -> dict[str, int]:
    """Returns the hash and the size of each content that was handed out at a path."""
    return {file.hash: file.size for version in versions for file in version.files if file.path == path}


def plan_version(wanted: Version, existing: list[Version]) -> Version:
    """Returns the version with its number and all its homes: the newest one again, if its files are the same."""
    newest = existing[0] if existing else None
    if newest is None or set(newest.files) != set(wanted.files):
        return replace(wanted, number=newest.number + 1 if newest else 1)
    if wanted.to is None:
        return replace(wanted, number=newest.number, files=newest.files)
    return replace(
        newest,
        to=None if newest.to is None else joined(newest.to, wanted.to),
        groups=joined(newest.groups, wanted.groups),
        withheld=tuple(each for each in newest.withheld if each not in wanted.to),
        withheld_groups=tuple(each for each in newest.withheld_groups if each not in wanted.groups),
    )


def joined(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    """Returns all of both, sorted and each once."""
    return tuple(sorted({*one, *other}))
