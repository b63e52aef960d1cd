"""The stand-in for identity providers of the hub's tests, for a browser: `stand_in_server.py CALLBACK`.

Prints its address and certificates as JSON. Each line on its standard input is JSON with what changes (`claims`, `members`, `fault`, …, and
`expired`: whether its certificate is); it answers with the arguments of the last request of a browser, and ends with its input.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.environ["HUB_FOLDER"])

from tests.support.stand_in import StandIn, make_certificates

with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    provider = StandIn(folder)
    provider.callback = sys.argv[1]
    (folder / "old").mkdir()
    old_root, old = make_certificates(folder / "old", days=-1)
    own = [folder / "localhost.pem", old]
    roots = provider.ca.read_text() + old_root.read_text()
    print(json.dumps({"url": provider.url, "roots": roots, "own": [each.read_text() for each in own]}), flush=True)
    for line in sys.stdin:
        for name, value in json.loads(line).items():
            if name == "expired":
                provider.tls.load_cert_chain(own[value])
                continue
            setattr(provider, name, {key: set(found) for key, found in value.items()} if name == "members" else value)
        asked = [arguments for path, arguments in provider.requests if path.endswith("/authorize")]
        print(json.dumps(asked[-1] if asked else {}), flush=True)
    provider.close()
