"""A real hub, our proxy's program and real servers of users, first without subdomains: `subdomains_hub.py PROXY_PROGRAM PAGES PORT`.

Each server runs at PORT of the address that /etc/hosts has for its service. Prints its ports as JSON when it runs. A line on its
standard input restarts hub and proxy with that subdomainHost; it ends with its input.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from proxied_hub import Hub  # first: it adds the folder of the tests
from swarmhub.spawning.service_spec import HOME
from tests.support.fake_docker import FakeDocker

port = sys.argv[3]
program = os.environ.get("SINGLEUSER", f"{sys.executable} {Path(__file__).with_name('user_server.py')}")


class Docker(FakeDocker):
    """Runs a program for each service, with the environment that the hub gives it."""

    processes: dict[str, subprocess.Popen] = {}  # noqa: RUF012

    def _create(self, query: dict, body: dict) -> tuple[int, object]:
        answer = super()._create(query, body)
        name, container = body["Name"], body["TaskTemplate"]["ContainerSpec"]
        home = Path(folder) / name
        home.mkdir(exist_ok=True)
        environment = dict(entry.replace(HOME, str(home)).split("=", 1) for entry in container["Env"])
        environment |= {"PATH": os.environ["PATH"], "JUPYTER_CONFIG_DIR": str(home)}
        environment |= {"JUPYTERHUB_SERVICE_URL": f"http://{name}:{port}{environment['JUPYTERHUB_SERVICE_PREFIX']}"}
        with (home / "log").open("a") as log:
            self.processes[name] = subprocess.Popen(program.split(), env=environment, cwd=home, stdout=log, stderr=subprocess.STDOUT)
        return answer

    def _remove(self, query: dict, body: dict, name: str) -> tuple[int, object]:
        self.processes.pop(self.name_of(name)).kill()
        return super()._remove(query, body, name)


class SubdomainsHub(Hub):
    """A hub whose users' servers reach it through the proxy, as in a class."""

    http_timeout = 60

    def start_proxy(self) -> None:
        self.options = (f"--SwarmHubSpawner.hub_connect_url=http://127.0.0.1:{self.proxy_port}", f"--SwarmHubSpawner.port={port}")
        super().start_proxy()

    def restart_with(self, subdomain_host: str) -> None:
        settings = self.root / "etc/swarmhub/hub.json"
        settings.write_text(json.dumps(json.loads(settings.read_text()) | {"subdomainHost": subdomain_host}))
        self.stop_hub(signal.SIGTERM)
        self.stop_proxy()
        self.proxy_options = ("--host-routing",)
        self.start_proxy()
        self.start_hub()


with tempfile.TemporaryDirectory() as folder:
    docker = Docker()
    hub = SubdomainsHub(Path(folder), docker.url, storage=None)
    try:
        print(json.dumps({"proxy": hub.proxy_port}), flush=True)
        for line in sys.stdin:
            hub.restart_with(line.strip())
            print("restarted", flush=True)
    finally:
        hub.close()
        docker.close()
        for process in docker.processes.values():
            process.kill()
        if "KEEP_LOGS" in os.environ:
            for log in [*Path(folder).glob("*.log"), *Path(folder).glob("*/log")]:
                print(f"=== {log}", log.read_text(), file=sys.stderr)
