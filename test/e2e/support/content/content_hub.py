"""A class on loopback with content from git, homes on the disk and real JupyterLabs: `content_hub.py PROXY_PROGRAM PAGES`.

The program of a user's server is in SINGLEUSER. It prints its ports as JSON when it runs. A line on its standard input is JSON with a
command; each is answered with a line. It ends with its input.
"""

import json
import os
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, f"{os.environ['HUB_FOLDER']}/../test/e2e/support/origin")
from real_servers import HubOfPrograms, Programs  # first: it adds the folder of the tests
from tests.support.git_server import GitServer

FOLDER = "Kurs 1"


class HomesOfPrograms(Programs):
    """Users' servers whose homes are those of the storage."""

    def home_of(self, name: str) -> Path:
        return storage / "homes" / self.services[name]["Labels"]["swarmhub.user"]


class ContentHub(HubOfPrograms):
    """A hub with a storage for homes that trusts the git server."""

    def start_hub(self) -> None:
        for name in ("homes", "owners", "pending", "limits", "handouts"):
            (storage / name).mkdir(parents=True, exist_ok=True)
        (self.root / "run/secrets/content-ca").write_bytes(git.ca.read_bytes())
        super().start_hub()


def set_limits() -> None:
    """Does what the watcher of the homes does, as far as the hub sees it."""
    while not ended.wait(0.05):
        for marker in (storage / "pending").glob("*"):
            if (storage / "homes" / marker.name).exists():
                marker.unlink()


def answer(command: dict) -> object:
    match command:
        case {"push": files}:
            git.push(files)
        case {"create": _}:
            (place / "git/later").symlink_to("course")
        case {"login": login}:
            git.login = login
        case {"files": home}:
            folder = storage / "homes" / home / FOLDER
            found = {str(each.relative_to(folder)): each for each in sorted(folder.rglob("*.ipynb"))}
            return {path: each.read_text() for path, each in found.items() if "/.ipynb_checkpoints/" not in path}
        case {"log": _}:
            logs = [hub.log(), *(each.read_text()[-3000:] for each in place.glob("*.log"))]
            return "\n".join(logs)
    return None


# The programs that are started here would share its standard input, and one that does not wait for it ends it for all.
commands = os.fdopen(os.dup(0))
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
with tempfile.TemporaryDirectory() as name_of_folder:
    place, ended = Path(name_of_folder), threading.Event()
    storage = place / "class/storage"
    # Git's own account reads the certificate.
    place.chmod(0o755)
    (place / "git").mkdir()
    git = GitServer(place / "git")
    docker = HomesOfPrograms(place, os.environ["SINGLEUSER"], "8888")
    threading.Thread(target=set_limits, daemon=True).start()
    content = {"repository": f"https://localhost:{git.port}/later/.git", "folder": FOLDER}
    hub = ContentHub(place / "class", docker.url, "--SwarmHubSpawner.start_poll_interval=0.2", servers={"content": content}, teachers=["grace"])
    try:
        print(json.dumps({"proxy": hub.proxy_port}), flush=True)
        for line in commands:
            print(json.dumps(answer(json.loads(line))), flush=True)
    finally:
        ended.set()
        hub.close()
        docker.close()
        git.close()
