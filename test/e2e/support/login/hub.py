"""A real hub behind our proxy's program, on loopback, with the settings of a test: `hub.py PROXY_PROGRAM PAGES`.

Each line on its standard input is JSON: `settings` changes hub.json, `secrets` and `roster` are written, and the hub starts again.
It prints its ports and log as JSON each time, and ends with its input.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "origin"))

from proxied_hub import Hub  # first: it adds the folder of the tests
from tests.support.fake_docker import FakeDocker


def prepare(found: dict) -> None:
    path = hub.root / "etc/swarmhub/hub.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | found["settings"]))
    for name, secret in found["secrets"].items():
        (hub.root / "run/secrets" / name).write_text(secret)
    if "roster" in found:
        path.with_name("roster.json").write_text(found["roster"])


class LoginHub(Hub):
    """A hub that begins with the settings of the first line."""

    def start_hub(self) -> None:
        global hub
        hub = self
        prepare(json.loads(sys.stdin.readline()))
        super().start_hub()


def tell() -> None:
    resident = next(line for line in Path(f"/proc/{hub.hub.pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    print(json.dumps({"proxy": hub.proxy_port, "log": str(hub.root / "hub.log"), "kilobytes": int(resident.split()[1])}), flush=True)


docker = FakeDocker()
with tempfile.TemporaryDirectory() as folder:
    hub = None
    LoginHub(Path(folder), docker.url, storage=None)
    try:
        tell()
        while line := sys.stdin.readline():
            hub.stop_hub()
            prepare(json.loads(line))
            super(LoginHub, hub).start_hub()
            tell()
    finally:
        hub.close()
        docker.close()
        if "KEEP_LOGS" in os.environ:
            print((hub.root / "hub.log").read_text(), file=sys.stderr)
