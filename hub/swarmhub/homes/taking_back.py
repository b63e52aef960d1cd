"""Takes files that were handed out back from one home, where they are untouched."""

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import PurePosixPath

from .handing_out import Decision, Outcome, is_open_in
from .handouts import Given, Record, Store
from .locked_home import LockedHome, hash_of_known, old_name
from .open_safely import open_parent
from .versions import Version, known_hashes


def decide_to_take(home: int, record: Record, history: Collection[Version], is_open: Collection[str] | None) -> list[Decision]:
    """Decides for each file that a home got under a name, and changes nothing; raises OSError."""
    return [
        _decide(home, place, known_hashes(history, path), is_open)
        for path, given in record.files.items()
        for place in places_of(path, given)
    ]


def places_of(path: str, given: Given) -> list[str]:
    """Returns where in the home the versions of a file were put."""
    return [*([path] if given.hashes else []), *given.beside]


def take_back(home: LockedHome, store: Store, name: str, history: Collection[Version], is_open: Collection[str] | None = ()) -> Outcome:
    """Removes each file that is untouched and not open, and then the folders that are empty; raises OSError."""
    home.recover()
    record = store.record(home.name, name)
    outcome = Outcome(decide_to_take(home.folder, record, history, is_open))
    names = {place: path for path, given in record.files.items() for place in places_of(path, given)}
    taken = [each.path for each in outcome.decisions if each.what == "take"]
    if taken:
        with home.staging(name, taken) as part:
            for index, each in enumerate(outcome.decisions):
                if each.what == "take":
                    outcome.decisions[index] = _take(home.folder, part, each, known_hashes(history, names[each.path]))
    for each in outcome.decisions:
        given = record.files[names[each.path]]
        if each.what == "kept":
            continue
        if not given.beside.pop(each.path, None):
            given.hashes.clear()
    record.files = {path: given for path, given in record.files.items() if given.hashes or given.beside}
    record.number = 0
    store.write_record(home.name, name, record)
    _remove_empty_folders(home.folder, names)
    return outcome


def _decide(home: int, place: str, known: dict[str, int], is_open: Collection[str] | None) -> Decision:
    try:
        with open_parent(home, place) as (folder, name):
            found = hash_of_known(folder, name, known)
    except FileNotFoundError:
        return Decision(place, "removed")
    except OSError:
        return Decision(place, "kept", "changed")
    if found is None:
        return Decision(place, "kept", "changed")
    return Decision(place, "kept", "open") if is_open_in(is_open, place) else Decision(place, "take")


def _take(home: int, part: int, decision: Decision, known: dict[str, int]) -> Decision:
    old = old_name(decision.path)
    try:
        with open_parent(home, decision.path) as (folder, name):
            os.rename(name, old, src_dir_fd=folder, dst_dir_fd=part)
    except OSError:
        return Decision(decision.path, "removed")
    # Its owner may have saved it since it was read. What stays in the hidden folder is put back at the end.
    if hash_of_known(part, old, known) is None:
        return Decision(decision.path, "kept", "changed")
    os.unlink(old, dir_fd=part)
    return decision


def _remove_empty_folders(home: int, places: Collection[str]) -> None:
    folders = {str(parent) for place in places for parent in PurePosixPath(place).parents if str(parent) != "."}
    for path in sorted(folders, key=len, reverse=True):
        with suppress(OSError), open_parent(home, path) as (folder, name):
            os.rmdir(name, dir_fd=folder)
