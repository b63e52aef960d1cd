"""The hub's side of `swarmhub handout` and `swarmhub collect`: `python3 -m swarmhub.homes.teacher_command` in the hub's container.

stdin: one line of JSON with the request; for "hand-out" a tar.gz with the files follows. stdout: one line of JSON with the result; for
"collect" a tar archive with the files and then the result as `result.json`. With exit code 9, stderr has a message for the operator.
"""

import json
import os
import sys
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tarfile import TarError
from typing import BinaryIO

from ..settings import Paths, SettingsError, read_settings
from .collected_archive import write_collected
from .handing_out import NoRoom, Outcome, decide, hand_out, require_room
from .handouts import Store
from .locked_home import Busy, lock_home
from .open_safely import open_folder, parts_of
from .sent_archive import Refused, unpack
from .taking_back import decide_to_take, take_back
from .versions import File, Version

REFUSED = 9  # the exit code
_PARALLEL = 8
_SHOWN = 50  # decisions of one home in a result

OpenIn = Callable[[Collection[str]], dict[str, set[str] | None]]


class Command:
    """One request on the storage. `open_in` returns the open notebooks of homes."""

    def __init__(self, storage: Path, locks: Path, open_in: OpenIn) -> None:
        """`locks` is a folder on the hub's own disk."""
        self._storage, self._locks, self._open_in = storage, locks, open_in
        self._store = Store(storage / "handouts")

    def check(self, request: dict) -> dict:
        """Decides for all homes, and changes nothing."""
        wanted = _wanted(request)
        history = self._store.versions(wanted.name)
        version = self._store.plan(wanted, history)
        open_in = self._open_in(request["homes"])

        def look(home: str, folder: int) -> Outcome:
            record = self._store.record(home, version.name)
            decisions = decide(folder, version, [version, *history], record, open_in.get(home, ()))
            require_room(folder, decisions)
            return Outcome(decisions)

        return {"number": version.number, "rows": self._in_homes(request["homes"], self._reading(look))}

    def hand_out(self, request: dict, archive: BinaryIO) -> dict:
        """Keeps the files as a version, and puts it into the homes; others get it at their next start."""
        wanted = _wanted(request)
        version = self._store.publish(wanted, lambda folder: unpack(archive, wanted, folder))
        history = self._store.versions(wanted.name)
        open_in = self._open_in(request["homes"])

        def work(home: str) -> Outcome:
            with lock_home(self._storage, self._locks, home) as locked:
                return hand_out(locked, self._store, version, history, open_in.get(home, ()))

        return {"number": version.number, "rows": self._in_homes(request["homes"], work)}

    def take_back(self, request: dict) -> dict:
        """Takes untouched files back, first from those who would get them later; with `dryRun` it changes nothing."""
        name, homes = _name(request), request["homes"]
        history = self._store.versions(name)
        if not history:
            others = ", ".join(each for each in self._store.names() if not each.startswith(".")) or "nothing"
            raise Refused(f"nothing with the name {json.dumps(name)} was handed out, or it was taken back; handed out are: {others}")
        open_in = self._open_in(homes)
        if request["dryRun"]:

            def look(home: str, folder: int) -> Outcome:
                return Outcome(decide_to_take(folder, self._store.record(home, name), history, open_in.get(home, ())))

            return {"number": history[0].number, "rows": self._in_homes(homes, self._reading(look))}

        def work(home: str) -> Outcome:
            with lock_home(self._storage, self._locks, home) as locked:
                return take_back(locked, self._store, name, history, open_in.get(home, ()))

        self._store.withhold(name, request["to"], _groups(request))
        return {"number": history[0].number, "rows": self._in_homes(homes, work)}

    def _reading(self, look: Callable[[str, int], Outcome]) -> Callable[[str], Outcome]:
        def work(home: str) -> Outcome:
            with open_folder(self._storage / "homes" / home) as folder:
                return look(home, folder)

        return work

    def _in_homes(self, homes: list[str], work: Callable[[str], Outcome]) -> list[dict]:
        def row(home: str) -> dict:
            try:
                # A home without a limit gets its files at its owner's start, which waits for the limit.
                if (self._storage / "pending" / home).exists():
                    return {"home": home, "problem": "no limit"}
                return {"home": home, **_row(work(home))}
            except NoRoom as error:
                return {"home": home, "problem": "no room", "needs": error.needs, "has": error.has}
            except Busy:
                return {"home": home, "problem": "busy"}
            except FileNotFoundError:
                return {"home": home, "problem": "no home"}
            except OSError as error:
                return {"home": home, "problem": "failed", "why": f"{error.strerror or error}"}

        with ThreadPoolExecutor(_PARALLEL) as threads:
            return list(threads.map(row, homes))


def _row(outcome: Outcome) -> dict:
    counts: dict[str, int] = {}
    for each in outcome.decisions:
        counts[each.what] = counts.get(each.what, 0) + 1
    notable = [each for each in outcome.decisions if each.what in ("beside", "removed", "blocked", "kept")]
    files = [{"path": each.path, "what": each.what, "why": each.why} for each in notable[:_SHOWN]]
    return {"counts": counts, "files": files, "beside": outcome.beside[:_SHOWN]}


def _name(request: dict) -> str:
    (name,) = parts_of(request["name"])
    if name.startswith(".") or len(name.encode()) > 200:
        raise Refused(f"{json.dumps(name)} cannot be the name of something that is handed out")
    return name


def _wanted(request: dict) -> Version:
    files = tuple(File(each["path"], each["hash"], each["size"], each["executable"]) for each in request["files"])
    for file in files:
        parts_of(file.path)
    return Version(_name(request), 0, files, None if request["to"] is None else tuple(request["to"]), _groups(request))


def _groups(request: dict) -> tuple[str, ...]:
    return tuple(request.get("groups") or ())


def run(action: str, storage: Path, locks: Path, open_in: OpenIn, source: BinaryIO, output: BinaryIO) -> None:
    """Reads a request, carries it out and writes the result; raises Refused."""
    try:
        request = json.loads(source.readline())
        if not (storage / "handouts").is_dir():
            raise Refused("the folder `handouts` is missing on the storage")
        if action == "collect":
            write_collected(storage, request, output)
            return
        command = Command(storage, locks, open_in)
        if action == "hand-out":
            result = command.hand_out(request, source)
        else:
            result = {"check": command.check, "take-back": command.take_back}[action](request)
    except (OSError, ValueError, TarError) as error:
        raise Refused(str(error)) from error
    output.write(json.dumps(result).encode() + b"\n")
    output.flush()


def main() -> None:
    """Runs the action in sys.argv in the hub's container."""
    import docker

    from .open_notebooks import open_notebooks

    paths = Paths(Path(os.environ.get("SWARMHUB_ROOT", "/")))

    def open_in(homes: Collection[str]) -> dict[str, set[str] | None]:
        try:
            return open_notebooks(docker.from_env().api, read_settings(paths.settings).user_service_prefix, homes)
        # The exceptions of Docker and requests are subclasses of OSError. Nobody knows then what is open.
        except (OSError, docker.errors.DockerException):
            return dict.fromkeys(homes)

    os.nice(10)  # the class goes on while homes are read and written
    try:
        run(sys.argv[1], paths.storage, paths.data / "handout-locks", open_in, sys.stdin.buffer, sys.stdout.buffer)
    except (Refused, SettingsError) as error:
        print(error, file=sys.stderr)
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
