"""A real hub, our proxy's program and real servers of users, first without subdomains: `subdomains_hub.py PROXY_PROGRAM PAGES PORT`.

Each server runs at PORT of the address that /etc/hosts has for its service. Prints its ports as JSON when it runs. A line on its
standard input restarts hub and proxy with that subdomainHost; it ends with its input.
"""

import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from real_servers import HubOfPrograms, Programs

port = sys.argv[3]
program = os.environ.get("SINGLEUSER", f"{sys.executable} {Path(__file__).with_name('user_server.py')}")


class SubdomainsHub(HubOfPrograms):
    """Restarts with subdomains."""

    server_port = port

    def restart_with(self, subdomain_host: str) -> None:
        settings = self.root / "etc/swarmhub/hub.json"
        settings.write_text(json.dumps(json.loads(settings.read_text()) | {"subdomainHost": subdomain_host}))
        self.stop_hub(signal.SIGTERM)
        self.stop_proxy()
        self.proxy_options = ("--host-routing",)
        self.start_proxy()
        self.start_hub()


with tempfile.TemporaryDirectory() as folder:
    docker = Programs(Path(folder), program, port)
    hub = SubdomainsHub(Path(folder), docker.url, storage=None)
    try:
        print(json.dumps({"proxy": hub.proxy_port}), flush=True)
        for line in sys.stdin:
            hub.restart_with(line.strip())
            print("restarted", flush=True)
    finally:
        hub.close()
        docker.close()
        if "KEEP_LOGS" in os.environ:
            for log in Path(folder).glob("*.log"):
                print(f"=== {log}", log.read_text(), file=sys.stderr)
