"""A class on loopback with homes on the disk: `handout_hub.py PROXY_PROGRAM PAGES`.

It prints its ports as JSON when it runs. A line on its standard input is a command; each is answered with a line. It ends with its input.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, f"{os.environ['HUB_FOLDER']}/../test/e2e/support/origin")
from proxied_hub import Hub  # first: it adds the folder of the tests
from swarmhub.homes.provisioning import make_home
from tests.support.fake_docker import FakeDocker

STUDENTS = ("amira", "ben", "carla")


class HomesHub(Hub):
    """A hub with the homes of three students; a fourth one has never been here."""

    def start_hub(self) -> None:
        for name in ("homes", "owners", "pending", "limits", "handouts"):
            (storage / name).mkdir(parents=True, exist_ok=True)
        for name in STUDENTS:
            make_home(storage, name, name)
            (storage / "pending" / name).unlink()
        people = [{"name": name, "shown": name, "groups": [], "password": None} for name in (*STUDENTS, "dmitri")]
        (root / "etc/swarmhub/roster.json").write_text(json.dumps({"people": people}))
        super().start_hub()


def command(line: str) -> object:
    word, path, text = [*line.split(" ", 2), "", ""][:3]
    if word == "write":
        (storage / "homes" / path).write_text(text)
    elif word == "remove":
        (storage / "homes" / path).unlink()
    elif word == "files":
        folder = storage / "homes" / path
        return {str(each.relative_to(folder)): each.read_text() for each in sorted(folder.rglob("*")) if each.is_file()}
    elif word == "log":
        return (root / "hub.log").read_text()
    return None


with tempfile.TemporaryDirectory() as name_of_folder:
    root = Path(name_of_folder) / "class"
    storage = root / "storage"
    docker = FakeDocker()
    hub = HomesHub(root, docker.url, roster=True, teachers=["grace"])
    try:
        print(json.dumps({"proxy": hub.proxy_port}), flush=True)
        for line in sys.stdin:
            print(json.dumps(command(line.strip())), flush=True)
    finally:
        hub.close()
        docker.close()
