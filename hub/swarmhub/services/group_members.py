"""The hub's side of the commands that take a group: `python3 -m swarmhub.services.group_members` prints the members of each as JSON.

It reads {"groups": names} from stdin, and asks the hub's API. It imports little, see room_state.
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import urlencode

from ..bounded_request import KIB, request_now
from ..settings import Paths

_MAX_BYTES = 8 * 1024 * KIB
# Tornado takes 64 KiB of a request's head.
_AT_ONCE = 50


def group_members(api: str, token: str, groups: list[str]) -> dict[str, list[str]]:
    """Returns the members of each group from the hub's API at `api` (…/hub/api); raises OSError."""
    found: dict[str, list[str]] = {}
    for start in range(0, len(groups), _AT_ONCE):
        query = urlencode({"group": groups[start : start + _AT_ONCE]}, doseq=True)
        response = request_now(f"{api}/group-members?{query}", 30, _MAX_BYTES, headers={"Authorization": f"token {token}"})
        if response.status != 200:
            raise OSError(f"the hub responded with status {response.status}")
        found |= response.json()
    return found


def main() -> None:
    """Prints them."""
    token = Paths(Path(os.environ.get("SWARMHUB_ROOT", "/"))).data / "operator-token"
    port = os.environ.get("SWARMHUB_PORT", "8081")
    groups = json.load(sys.stdin)["groups"]
    try:
        found = group_members(f"http://127.0.0.1:{port}/hub/api", token.read_text(encoding="utf-8"), groups)
    except OSError as error:
        sys.exit(f"cannot reach the hub: {error}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
