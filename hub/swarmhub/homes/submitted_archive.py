"""Collects into one zip archive in nbgrader's layout, for a teacher's browser: `python -m swarmhub.homes.submitted_archive DESCRIPTOR`.

The archive goes to that descriptor. stdin: one line of JSON, a request as for `collect` in teacher_command.py and `students`, the names of
the folders by home. stdout: the table as JSON. With exit code 9, stderr has a message for the teacher.
"""

import errno
import json
import os
import resource
import shutil
import sys
import tarfile
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ..settings import Paths
from .collected_archive import write_collected
from .teacher_command import REFUSED

MOST_BYTES = 1 << 30  # on the disk of the manager, where the hub is


def write_submitted(storage: Path, request: dict, output: BinaryIO) -> list[dict]:
    """Writes submitted/STUDENT/ASSIGNMENT/… and returns the table; raises OSError and ValueError."""
    assignment = PurePosixPath(request["path"]).stem
    with tempfile.TemporaryFile() as copies:
        write_collected(storage, request | {"known": {}}, copies)
        copies.seek(0)
        with tarfile.open(fileobj=copies, mode="r:") as copied, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, True, 1) as made:
            rows: list[dict] = []
            for entry in copied:
                content = copied.extractfile(entry)
                if entry.name == "result.json":
                    rows = json.load(content)["rows"]
                    continue
                home, _, path = entry.name.partition("/")
                with made.open(f"submitted/{request['students'][home]}/{assignment}/{path}", "w") as copy:
                    shutil.copyfileobj(content, copy)
            for row in rows:
                if row["what"] == "changed":
                    place = f"submitted/{request['students'][row['home']]}/{assignment}/timestamp.txt"
                    made.writestr(place, _moment(row["changedAt"]))
    return rows


def _moment(seconds: float) -> str:
    # The time at which nbgrader decides whether the work is late (nbgrader, timestamp.txt).
    return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "milliseconds").replace("+00:00", " UTC\n")


def main() -> None:
    """Collects in the hub's container."""
    os.nice(10)  # the class goes on while homes are read
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))
    paths = Paths(Path(os.environ.get("SWARMHUB_ROOT", "/")))
    try:
        with os.fdopen(int(sys.argv[1]), "wb") as output:
            rows = write_submitted(paths.storage, json.loads(sys.stdin.buffer.readline()), output)
    except (OSError, ValueError) as error:
        is_too_large = isinstance(error, OSError) and error.errno == errno.EFBIG
        print("It is more than 1 GB of all students." if is_too_large else error, file=sys.stderr)
        sys.exit(REFUSED)
    print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()
