"""A real hub behind our proxy's program, on loopback: `hub.py PROXY_PROGRAM PAGES`.

Prints its ports as JSON when it runs. A line on its standard input kills the hub and starts it again; it ends with its input.
"""

import json
import signal
import sys
import tempfile
from pathlib import Path

from proxied_hub import Hub  # first: it adds the folder of the tests
from tests.support.fake_docker import FakeDocker

docker = FakeDocker()
docker.script = ["preparing"]
with tempfile.TemporaryDirectory() as folder:
    hub = Hub(Path(folder), docker.url, storage=None)
    try:
        print(json.dumps({"proxy": hub.proxy_port, "api": hub.api_port}), flush=True)
        for _ in sys.stdin:
            hub.stop_hub(signal.SIGKILL)
            docker.script = ["running"]  # so that the hub removes the service of the start that it does not remember
            hub.start_hub()
    finally:
        hub.close()
        docker.close()
