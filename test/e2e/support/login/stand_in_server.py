"""The stand-in for identity providers of the hub's tests, for a browser: `stand_in_server.py CALLBACK`.

Prints its address and certificates as JSON. Each line on its standard input is JSON with what changes (`claims`, `members`, `fault`, …);
it answers with the arguments of the last request of a browser, and ends with its input.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.environ["HUB_FOLDER"])

from tests.support.stand_in import StandIn

with tempfile.TemporaryDirectory() as folder:
    provider = StandIn(Path(folder))
    provider.callback = sys.argv[1]
    print(json.dumps({"url": provider.url, "root": provider.ca.read_text(), "own": (Path(folder) / "localhost.pem").read_text()}), flush=True)
    for line in sys.stdin:
        for name, value in json.loads(line).items():
            setattr(provider, name, {key: set(found) for key, found in value.items()} if name == "members" else value)
        asked = [arguments for path, arguments in provider.requests if path.endswith("/authorize")]
        print(json.dumps(asked[-1] if asked else {}), flush=True)
    provider.close()
