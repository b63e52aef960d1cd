"""The hub's side of the command `swarmhub warm`: `python3 -m swarmhub.services.warm_start report|plan|cancel` asks the hub's API.

`plan` reads {"at": seconds since 1970 or null, "group": name or null, "members": names} from stdin. It imports little, see room_state.
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import urlencode

from ..bounded_request import KIB, request_now
from ..settings import Paths

_METHODS = {"report": "GET", "plan": "POST", "cancel": "DELETE"}


def ask(api: str, token: str, action: str, wanted: dict) -> object:
    """Returns the hub's answer; {"why": sentence} if it refuses. Raises OSError."""
    query = {"at": wanted.get("at"), "group": wanted.get("group"), "members": json.dumps(wanted.get("members") or [])}
    given = urlencode({name: value for name, value in query.items() if value is not None}) if action == "plan" else ""
    headers = {"Authorization": f"token {token}"}
    response = request_now(f"{api}/warm?{given}", 30, 1024 * KIB, method=_METHODS[action], headers=headers)
    found = response.json()
    if response.status == 400 and isinstance(found, dict):
        return {"why": str(found.get("message"))}
    if response.status != 200:
        raise OSError(f"the hub responded with status {response.status}")
    return found


def main() -> None:
    """Prints it."""
    token = Paths(Path(os.environ.get("SWARMHUB_ROOT", "/"))).data / "operator-token"
    port = os.environ.get("SWARMHUB_PORT", "8081")
    wanted = json.load(sys.stdin)
    try:
        found = ask(f"http://127.0.0.1:{port}/hub/api", token.read_text(encoding="utf-8"), sys.argv[1], wanted)
    except OSError as error:
        sys.exit(f"cannot reach the hub: {error}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
