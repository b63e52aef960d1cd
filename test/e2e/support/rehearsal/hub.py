"""A hub on loopback with real JupyterLabs: `hub.py PROXY_PROGRAM PAGES INPUT`, with the program of a user's server in SINGLEUSER.

INPUT is JSON: `settings` changes hub.json, `secrets` are written.

Prints its ports as JSON when it runs. A line on its standard input is a command; each is answered with a line. It ends with its input.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, f"{os.environ['HUB_FOLDER']}/../test/e2e/support/origin")
from real_servers import HubOfPrograms, Programs  # first: it adds the folder of the tests
from swarmhub.services import rehearsal_api
from swarmhub.services.operator_api import operator_token
from swarmhub.services.room_state import room_state
from swarmhub.settings import Paths


class RehearsalHub(HubOfPrograms):
    """A hub with these secrets."""

    def start_hub(self) -> None:
        for name, secret in given["secrets"].items():
            (self.root / "run/secrets" / name).write_text(secret)
        super().start_hub()


def answer(command: str) -> object:
    word, _, number = command.partition(" ")
    api, token = f"http://127.0.0.1:{hub.hub_port}/hub/api", operator_token(Paths(hub.root))
    if word == "begin":
        return rehearsal_api.begin(api, token, int(number))
    if word == "room":
        return room_state(api, token)
    if word == "services":
        return sorted(docker.services)
    if word == "seats":
        docker.seats = int(number)
        return None
    if word == "public":
        settings = hub.root / "etc/swarmhub/hub.json"
        settings.write_text(json.dumps(json.loads(settings.read_text()) | {"publicUrl": number}))
        hub.stop_hub()
        hub.start_hub()
        return None
    return {"hear": rehearsal_api.hear, "end": rehearsal_api.end}[word](api, token)


given = json.loads(sys.argv[3])
# The programs that are started here would share its standard input, and one that does not wait for it ends it for all.
commands = os.fdopen(os.dup(0))
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
with tempfile.TemporaryDirectory() as folder:
    docker = Programs(Path(folder), os.environ["SINGLEUSER"], "8888")
    changes = {"storage": None} | given["settings"]
    hub = RehearsalHub(Path(folder), docker.url, "--SwarmHubSpawner.start_poll_interval=0.2", **changes)
    try:
        print(json.dumps({"proxy": hub.proxy_port}), flush=True)
        for line in commands:
            print(json.dumps(answer(line.strip())), flush=True)
    finally:
        hub.close()
        docker.close()
        if "KEEP_LOGS" in os.environ:
            for log in Path(folder).glob("*.log"):
                print(f"=== {log}", log.read_text(), file=sys.stderr)
