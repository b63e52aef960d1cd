"""The hub's side of the command `swarmhub rehearse`: `python3 -m swarmhub.services.rehearsal_api begin|hear|end` in the hub's container.

`begin` has the arguments {"people": N} as JSON on stdin; the result is JSON on stdout. It imports little, because `hear` runs every minute
while the class is at work.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from ..bounded_request import KIB, request_now
from ..settings import Paths

_MAX_BYTES = 1024 * KIB
_SECONDS, _END_SECONDS = 60, 150
_AT_ONCE = 8


def begin(api: str, token: str, people: int) -> dict:
    """Makes people; returns {"people": [{"name", "ticket"}]}. Raises OSError."""
    return _call("POST", f"{api}/rehearsal?people={people}", token)


def hear(api: str, token: str) -> dict:
    """Tells the hub that the operator is still there; returns {"people": [{"name", "active"}]}. Raises OSError."""
    return _call("GET", f"{api}/rehearsal", token)


def end(api: str, token: str, seconds: float = _END_SECONDS) -> dict:
    """Stops all servers of the rehearsal, removes its people, and returns {"left": [names]} of those whose servers did not stop in time."""
    until = time.monotonic() + seconds
    while True:
        active = [person["name"] for person in hear(api, token)["people"] if person["active"]]
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            list(threads.map(lambda name: _stop(api, token, name), active))
        left = _call("DELETE", f"{api}/rehearsal", token)
        if not left["left"] or time.monotonic() > until:
            return left
        time.sleep(1)


def _stop(api: str, token: str, name: str) -> None:
    # The next round looks whether it worked.
    request_now(
        f"{api}/users/{quote(name, safe='')}/server", _SECONDS, _MAX_BYTES, method="DELETE", headers={"Authorization": f"token {token}"}
    )


def _call(method: str, url: str, token: str) -> dict:
    response = request_now(url, _SECONDS, _MAX_BYTES, method=method, headers={"Authorization": f"token {token}"})
    found = response.json()
    if response.status >= 300 or not isinstance(found, dict):
        reason = found.get("message") if isinstance(found, dict) else None
        raise OSError(f"the hub responded with status {response.status}" + (f": {reason}" if reason else ""))
    return found


def main() -> None:
    """Runs the subcommand in sys.argv."""
    arguments = json.load(sys.stdin)
    path = Paths(Path(os.environ.get("SWARMHUB_ROOT", "/"))).data / "operator-token"
    api = f"http://127.0.0.1:{os.environ.get('SWARMHUB_PORT', '8081')}/hub/api"
    try:
        token = path.read_text(encoding="utf-8")
        if sys.argv[1] == "begin":
            result = begin(api, token, int(arguments["people"]))
        else:
            result = {"hear": hear, "end": end}[sys.argv[1]](api, token)
    except OSError as error:
        sys.exit(f"cannot reach the hub: {error}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
