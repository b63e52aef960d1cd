"""The hub's side of the command `swarmhub announce`: `python3 -m swarmhub.services.announce` in the hub's container.

It reads `text` (null: nothing new), `until` and `withdraw` as JSON from stdin, and prints what is announced now. The hub reads the same
file, so it need not answer.
"""

import json
import os
import sys
from pathlib import Path

from ..room.announcement import FILE, Announcements, Unusable, time_in
from ..settings import Paths


def announce(announcements: Announcements, arguments: dict) -> dict:
    """Does it; `why` is a sentence if it cannot be done, `was` whether there was an announcement before."""
    was = announcements.current() is not None
    try:
        if arguments.get("withdraw"):
            announcements.withdraw()
        elif arguments.get("text") is not None:
            announcements.announce(str(arguments["text"]), time_in(arguments.get("until")))
    except Unusable as error:
        return {"ok": False, "why": str(error)}
    except OSError as error:
        return {"ok": False, "why": f"The announcement cannot be written ({error.strerror})."}
    said = announcements.current()
    return {"ok": True, "was": was, "announcement": said and said.shown()}


def main() -> None:
    """Runs the command."""
    paths = Paths(Path(os.environ.get("SWARMHUB_ROOT", "/")))
    print(json.dumps(announce(Announcements(paths.data / FILE), json.load(sys.stdin))))


if __name__ == "__main__":
    main()
