"""A real hub behind our proxy's program, on loopback."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.environ["HUB_FOLDER"])

from tests.support.real_hub import RunningHub
from tests.support.wait import wait_in_thread_for

proxy_program, pages = sys.argv[1:3]


class Hub(RunningHub):
    """A hub with our proxy, which leaves the routes that the test adds."""

    proxy_options: tuple[str, ...] = ()
    http_timeout = 2  # also how long a restarted hub looks for a server that it does not remember

    def start_proxy(self) -> None:
        self.options = (
            f"--JupyterHub.hub_connect_url=http://127.0.0.1:{self.hub_port}",
            "--JupyterHub.last_activity_interval=3600",
            f"--SwarmHubSpawner.http_timeout={self.http_timeout}",
            *self.options,
        )
        secrets = self.root / "run/secrets"
        files = [f"--token-file={secrets}/proxy-token", f"--edge-token-file={secrets}/edge-token", f"--pages={pages}"]
        ports = [f"--listen=127.0.0.1:{self.proxy_port}", f"--api-listen=127.0.0.1:{self.api_port}"]
        target = f"--default-target=http://127.0.0.1:{self.hub_port}"
        command = [shutil.which("node"), proxy_program, *files, *ports, target, *self.proxy_options]
        self.proxy = subprocess.Popen(command, stdout=self._log("proxy"), stderr=subprocess.STDOUT)
        wait_in_thread_for(lambda: "api" in self.routes_or_nothing())

    def routes_or_nothing(self) -> str:
        try:
            self.routes()
        except OSError:
            return ""
        return "api"
