"""The store of what was handed out: `handouts/` on the storage, outside of the homes, so that no user can change it.

`sent/NAME/NUMBER/` has a version: `note.json` and its files. `homes/HOME/NAME.json` is the record of one home.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from uuid import uuid4

from ..durable_file import write_durably
from .versions import File, Version, joined, plan_version

_HOUR = 3600


@dataclass
class Given:
    """What a home got of one file: the hashes that were put at its path, and the names of newer ones beside it with their hashes."""

    hashes: list[str] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)


@dataclass
class Record:
    """What a home got under one name. `number` is the version that it has got completely, 0 if there is none."""

    number: int = 0
    files: dict[str, Given] = field(default_factory=dict)


@dataclass(frozen=True)
class Store:
    """The folder `handouts` of the storage."""

    root: Path

    def names(self) -> list[str]:
        """Returns the names of all that was handed out and not taken back."""
        try:
            return sorted(each.name for each in (self.root / "sent").iterdir())
        except FileNotFoundError:
            return []

    def versions(self, name: str) -> list[Version]:
        """Returns the versions of a name, the newest first; raises OSError, and ValueError for a damaged note."""
        try:
            numbers = sorted((int(each.name) for each in (self.root / "sent" / name).iterdir()), reverse=True)
        except FileNotFoundError:
            return []
        return [_read_version(self.files(name, number).parent / "note.json") for number in numbers]

    def files(self, name: str, number: int) -> Path:
        """Returns the folder with the files of a version."""
        return self.root / "sent" / name / str(number) / "files"

    def plan(self, wanted: Version, existing: list[Version]) -> Version:
        """Returns the version that `publish` makes beside the existing ones of its name; raises OSError."""
        planned = plan_version(wanted, existing)
        # Some homes may still have a version that is withdrawn, and would not get another one with the same number.
        return planned if existing else replace(planned, number=1 + max(self._numbers(wanted.name), default=0))

    def _numbers(self, name: str) -> list[int]:
        homes = self.root / "homes"
        return [self.record(home.name, name).number for home in homes.iterdir()] if homes.is_dir() else []

    def publish(self, wanted: Version, write_files: Callable[[Path], None]) -> Version:
        """Adds a version after `write_files` has written its files to a folder, as a whole or not at all.

        Files that are those of the newest version make no new one. Raises OSError, and what `write_files` raises.
        """
        draft = self._new_draft()
        try:
            (draft / "files").mkdir(parents=True)
            write_files(draft / "files")
            existing = self.versions(wanted.name)
            version = self.plan(wanted, existing)
            _write(draft / "note.json", asdict(version))
            target = self.root / "sent" / wanted.name / str(version.number)
            if existing and existing[0].number == version.number:
                _write(target / "note.json", asdict(version))
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                draft.rename(target)  # fails if somebody published the same number at the same time
            if version.is_for_all:
                for former in existing:
                    if former.number < version.number:
                        shutil.rmtree(self.files(wanted.name, former.number), ignore_errors=True)
            return version
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def withhold(self, name: str, homes: Iterable[str] | None, groups: Iterable[str] = ()) -> None:
        """Gives a name to none of these homes and members of groups at their next start, or with None to nobody at all."""
        if homes is None:
            gone = self._new_draft()
            gone.parent.mkdir(exist_ok=True)
            try:
                (self.root / "sent" / name).rename(gone)
            except FileNotFoundError:
                return
            shutil.rmtree(gone)
            return
        for version in self.versions(name):
            withheld = {"withheld": joined(version.withheld, homes), "withheld_groups": joined(version.withheld_groups, groups)}
            note = self.files(name, version.number).parent / "note.json"
            _write(note, asdict(version) | withheld)

    def record(self, home: str, name: str) -> Record:
        """Returns the record of a home; an empty one if there is none or if it is damaged. Raises OSError."""
        try:
            found = json.loads(self._record(home, name).read_text(encoding="utf-8"))
            files = {path: Given(list(each["hashes"]), dict(each["beside"])) for path, each in found["files"].items()}
            return Record(int(found["number"]), files)
        except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError):
            return Record()

    def write_record(self, home: str, name: str, record: Record) -> None:
        """Writes the record of a home, or removes an empty one; raises OSError."""
        path = self._record(home, name)
        if record.files:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, asdict(record))
        else:
            path.unlink(missing_ok=True)

    def forget_home(self, home: str) -> None:
        """Removes all records of a home that was made anew; raises OSError."""
        shutil.rmtree(self.root / "homes" / home, ignore_errors=True)

    def _record(self, home: str, name: str) -> Path:
        return self.root / "homes" / home / f"{name}.json"

    def _new_draft(self) -> Path:
        drafts = self.root / "drafts"
        # Left by a command that was killed.
        for each in drafts.iterdir() if drafts.is_dir() else ():
            if time.time() - each.stat().st_mtime > _HOUR:
                shutil.rmtree(each, ignore_errors=True)
        return drafts / uuid4().hex


def _read_version(path: Path) -> Version:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(File(**each) for each in found["files"])
        to = None if found["to"] is None else tuple(found["to"])
        # Earlier versions of swarmhub wrote no groups.
        groups, withheld_groups = (tuple(found.get(key, ())) for key in ("groups", "withheld_groups"))
        return Version(found["name"], found["number"], files, to, groups, tuple(found["withheld"]), withheld_groups)
    except (LookupError, TypeError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def _write(path: Path, content: dict) -> None:
    draft = path.with_name(f".{uuid4().hex}")
    try:
        write_durably(draft, json.dumps(content))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
