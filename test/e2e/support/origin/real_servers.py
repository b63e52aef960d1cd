"""A fake Swarm whose services are programs on this machine."""

import os
import subprocess
from pathlib import Path

from proxied_hub import Hub  # first: it adds the folder of the tests
from swarmhub.server_settings import DEFAULT_HOME
from tests.support.fake_docker import FakeDocker


class Programs(FakeDocker):
    """Runs a program for each service at `port` of the service's name, with the environment that the hub gives it."""

    def __init__(self, folder: Path, program: str, port: str) -> None:
        super().__init__()
        self.folder, self.program, self.port = folder, program, port
        self.processes: dict[str, subprocess.Popen] = {}

    def home_of(self, name: str) -> Path:
        """Returns the folder that is the home of a service."""
        return self.folder / name

    def _create(self, query: dict, body: dict) -> tuple[int, object]:
        answer = super()._create(query, body)
        name, container = body["Name"], body["TaskTemplate"]["ContainerSpec"]
        home = self.home_of(name)
        home.mkdir(exist_ok=True)
        environment = dict(entry.replace(DEFAULT_HOME, str(home)).split("=", 1) for entry in container["Env"])
        environment |= {"PATH": os.environ["PATH"], "JUPYTER_CONFIG_DIR": str(home)}
        environment |= {"JUPYTERHUB_SERVICE_URL": f"http://{name}:{self.port}{environment['JUPYTERHUB_SERVICE_PREFIX']}"}
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen(self.program.split(), env=environment, cwd=home, stdout=log, stderr=subprocess.STDOUT)
        return answer

    def _remove(self, query: dict, body: dict, name: str) -> tuple[int, object]:
        self.processes.pop(self.name_of(name)).kill()
        return super()._remove(query, body, name)

    def close(self) -> None:
        super().close()
        for process in self.processes.values():
            process.kill()


class HubOfPrograms(Hub):
    """A hub whose users' servers reach it through the proxy, as in a class."""

    http_timeout = 60
    server_port = "8888"

    def start_proxy(self) -> None:
        self.options = (f"--SwarmHubSpawner.hub_connect_url=http://127.0.0.1:{self.proxy_port}", f"--SwarmHubSpawner.port={self.server_port}")
        super().start_proxy()
