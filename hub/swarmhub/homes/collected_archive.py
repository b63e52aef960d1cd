"""Writes what was collected from all homes as one tar archive, with the table of the results at its end."""

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from .collecting import Collected, collect
from .handouts import Store
from .open_safely import open_folder, parts_of
from .versions import known_hashes

_PARALLEL = 4


def write_collected(storage: Path, request: dict, output: BinaryIO) -> None:
    """Writes HOME/PATH for every home whose content differs from the known one, and `result.json`.

    The request has `homes`, `path`, `limit` in bytes for each home, and `known`: the states of homes that the caller has. Raises OSError
    and ValueError.
    """
    path = "/".join(parts_of(request["path"]))
    store, name = Store(storage / "handouts"), path.split("/")[0]
    history = store.versions(name)

    def look(home: str) -> Collected:
        record = store.record(home, name)

        def is_untouched(place: str, content: str) -> bool:
            given = record.files.get(place)
            return content in known_hashes(history, place) or (given is not None and content in given.hashes)

        try:
            with open_folder(storage / "homes" / home) as folder:
                return collect(folder, path, request["limit"], is_untouched)
        except FileNotFoundError:
            return Collected("missing", "there is no home")
        except OSError as error:
            return Collected("unreadable", f"the home cannot be opened: {error.strerror}")

    rows = []
    with tarfile.open(fileobj=output, mode="w|") as archive:
        for home, found in _in_parallel(request["homes"], look):
            is_known = found.what == "changed" and request["known"].get(home) == found.state
            if found.what == "changed" and not is_known:
                for part in found.parts:
                    found.copy.seek(part.start)
                    _add(archive, f"{home}/{part.path}", part.size, found.copy)
            if found.copy:
                found.copy.close()
            rows.append(_row(home, found, is_known))
        result = json.dumps({"rows": rows}).encode()
        _add(archive, "result.json", len(result), io.BytesIO(result))


def _row(home: str, found: Collected, is_known: bool) -> dict:
    return {
        "home": home,
        "what": found.what,
        "why": found.why,
        "changedAt": found.changed_at,
        "files": len(found.parts),
        "size": found.size,
        "leftOut": found.left_out,
        "tooLarge": found.too_large,
        "state": found.state if found.what == "changed" else None,
        "isKnown": is_known,
    }


def _in_parallel(homes: list[str], work: Callable[[str], Collected]) -> Iterator[tuple[str, Collected]]:
    # No more homes are read ahead than are read at once, since each keeps its copy until it is written.
    with ThreadPoolExecutor(_PARALLEL) as threads:
        running: list[tuple[str, Future]] = []
        for home in homes:
            running.append((home, threads.submit(work, home)))
            if len(running) == _PARALLEL:
                first, future = running.pop(0)
                yield first, future.result()
        for home, future in running:
            yield home, future.result()


def _add(archive: tarfile.TarFile, name: str, size: int, content: BinaryIO) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = size
    archive.addfile(entry, content)
