"""A real hub behind our proxy's program, on loopback: `hub.py PROXY_PROGRAM PAGES`.

Prints its ports as JSON when it runs. A line on its standard input kills the hub and starts it again; it ends with its input.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.environ["HUB_FOLDER"])

from tests.support.fake_docker import FakeDocker
from tests.support.real_hub import RunningHub, wait_for

proxy_program, pages = sys.argv[1:]


class Hub(RunningHub):
    """A hub with our proxy, which leaves the routes that the test adds."""

    def start_proxy(self) -> None:
        self.options = (
            f"--JupyterHub.hub_connect_url=http://127.0.0.1:{self.hub_port}",
            "--JupyterHub.last_activity_interval=3600",
            "--SwarmHubSpawner.http_timeout=2",  # also how long a restarted hub looks for a server that it does not remember
            *self.options,
        )
        secrets = self.root / "run/secrets"
        files = [f"--token-file={secrets}/proxy-token", f"--edge-token-file={secrets}/edge-token", f"--pages={pages}"]
        ports = [f"--listen=127.0.0.1:{self.proxy_port}", f"--api-listen=127.0.0.1:{self.api_port}"]
        target = f"--default-target=http://127.0.0.1:{self.hub_port}"
        command = [shutil.which("node"), proxy_program, *files, *ports, target]
        self.proxy = subprocess.Popen(command, stdout=self._log("proxy"), stderr=subprocess.STDOUT)
        wait_for(lambda: "api" in self.routes_or_nothing())

    def routes_or_nothing(self) -> str:
        try:
            self.routes()
        except OSError:
            return ""
        return "api"


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
