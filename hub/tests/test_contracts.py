"""The hub reads every key that the other programs write, and no other one: `contracts/` defines these files in TypeScript.

The files in test/fixtures/contracts are written by test/contracts/fixtures.test.ts.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import time
from io import BytesIO
from pathlib import Path
from types import ModuleType, SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from swarmhub import machines, outbound, settings
from swarmhub.homes import first_files, git_content, owner_note, provisioning, shared_folder, teacher_command
from swarmhub.homes.group_note import MOST_GROUPS, write_group_note
from swarmhub.homes.sent_archive import Refused
from swarmhub.login.provider.options import ProviderOptions
from swarmhub.refusal import LIMIT_FAILED
from swarmhub.server_settings import Content, File, Group, Look, ServerSettings
from swarmhub.services.outside_options import OutsideProgram
from swarmhub.settings import Image, NfsExport, Settings, read_settings
from swarmhub.warm.timetable import DAYS, Weekly

FIXTURES = Path(__file__).parents[2] / "test/fixtures/contracts"
NAMES = json.loads((FIXTURES / "storage-names.json").read_text())
FOLDERS, FILES = SimpleNamespace(**NAMES["folders"]), SimpleNamespace(**NAMES["files"])


class Recorded(dict):
    """A JSON object that records the keys that are read from it."""

    def __init__(self, content: dict) -> None:
        super().__init__(content)
        self.keys_read: set[str] = set()

    def __getitem__(self, key):
        self.keys_read.add(key)
        return super().__getitem__(key)

    def get(self, key, default=None):
        self.keys_read.add(key)
        return super().get(key, default)

    def __contains__(self, key):
        self.keys_read.add(key)
        return super().__contains__(key)

    def _all(self, *_):
        raise AssertionError("all keys are read at once, so nobody can tell which ones are used")

    __iter__ = items = keys = values = _all


@pytest.fixture
def record(monkeypatch):
    """Returns a function that lets a module read JSON objects that record their keys; the outermost object is the last one."""

    def install(module: ModuleType) -> list[Recorded]:
        objects: list[Recorded] = []

        def loads(text: str) -> object:
            return json.loads(text, object_hook=lambda found: objects.append(Recorded(found)) or objects[-1])

        monkeypatch.setattr(module, "json", SimpleNamespace(loads=loads, dumps=json.dumps))
        return objects

    return install


@pytest.fixture
def storage(tmp_path):
    for folder in (FOLDERS.homes, FOLDERS.owners, FOLDERS.pending):
        (tmp_path / folder).mkdir()
    return tmp_path


def copy(name: str, target: Path, change: Callable[[dict], dict] = lambda content: content) -> dict:
    content = change(json.loads((FIXTURES / name).read_text()))
    target.write_text(json.dumps(content))
    return content


def test_the_hub_reads_of_a_machines_report_only_keys_that_the_monitor_writes_and_has_its_limits(record):
    objects = record(machines)
    report = machines.parse((FIXTURES / "machine-report.json").read_text())
    written = json.loads((FIXTURES / "machine-report.json").read_text())
    [disk], [layer] = written["disks"], written["largestLayers"]
    assert report.memory_kills == {each["id"]: each["oomKills"] for each in written["containers"]}
    assert report.disks == (machines.Disk(disk["path"], disk["freeBytes"], disk["files"], disk["freeFiles"]),)
    assert report.largest_layers == (machines.Layer(layer["user"], layer["bytes"], layer["files"]),)
    [end] = written["endedServers"]
    assert report.ended == {end["container"]: machines.Ended(machines.Layer(end["user"], end["bytes"], end["files"]), end["at"])}
    assert all(recorded.keys_read <= set(dict.keys(recorded)) for recorded in objects)
    limits = json.loads((FIXTURES / "machine-limits.json").read_text())
    assert limits == {
        "nearlyFull": {"bytes": machines.MIN_FREE_BYTES, "files": machines.MIN_FREE_FILES},
        "reportStaleAfter": machines.STALE_AFTER,
    }


def test_the_hash_in_roster_json_is_the_scrypt_of_the_password():
    [person] = json.loads((FIXTURES / "roster.json").read_text())["people"]
    assert person.keys() == {"name", "shown", "groups", "password"}
    kind, n, r, p, salt, digest = person["password"].split("$")
    found = hashlib.scrypt(b"bado-keli-muta-rive", salt=base64.b64decode(salt), n=int(n), r=int(r), p=int(p), maxmem=64 << 20, dklen=64)
    assert (kind, base64.b64encode(found).decode()) == ("scrypt", digest)


def test_the_shared_folder_has_the_name_of_the_contract():
    assert NAMES["sharedHome"] == shared_folder.HOME


def test_the_content_of_a_repository_its_token_and_root_have_the_names_of_the_contract():
    found = NAMES["contentName"], NAMES["contentToken"], NAMES["contentCa"]
    assert found == (git_content.NAME, git_content.TOKEN, git_content.CA)


def test_the_proxy_is_in_the_secret_of_the_contract():
    assert NAMES["outboundProxy"] == outbound.SECRET


def test_the_note_of_the_groups_is_what_the_watcher_and_the_cli_read(tmp_path):
    (tmp_path / FOLDERS.groups).mkdir()
    expected = json.loads((FIXTURES / "group-note.json").read_text())
    write_group_note(tmp_path, "ada", expected["groups"])
    assert json.loads((tmp_path / FOLDERS.groups / "ada").read_text()) == expected
    assert NAMES["mostGroups"] == MOST_GROUPS


def servers_in(written):
    return ServerSettings(
        looks=tuple(
            Look(each["image"], each["home"], frozenset(each["variables"]), each["replacesEntrypoint"]) for each in written["looks"]
        ),
        environment=tuple((each["name"], each["value"]) for each in written["environment"]),
        start=written["start"],
        content=Content(**written["content"]),
        shared=written["shared"],
        gpus=written["gpus"],
        proxy=outbound.Proxy(written["proxy"]["http"], written["proxy"]["https"], tuple(written["proxy"]["except"])),
        files=tuple(File(each["id"], each["name"], each["path"]) for each in written["files"]),
        groups=tuple(
            Group(each["name"], frozenset(each["members"]), each["memory"], each["cpu"], tuple(each["images"]), frozenset(each["claims"]))
            for each in written["groups"]
        ),
    )


def warm_in(written):
    return tuple(
        Weekly(
            frozenset(map(DAYS.index, each["days"])),
            time.fromisoformat(each["at"]),
            time.fromisoformat(each["until"]),
            ZoneInfo(each["zone"]),
            each["group"],
            tuple(each["members"]),
        )
        for each in written
    )


def programs_in(written: list) -> tuple[OutsideProgram, ...]:
    return tuple(OutsideProgram(each["name"], tuple(each["may"]), each["group"], frozenset(each["members"])) for each in written)


def test_every_key_of_hub_json_becomes_a_setting_with_its_unit(record):
    objects = record(settings)
    found = read_settings(FIXTURES / "hub.json")
    written = json.loads((FIXTURES / "hub.json").read_text())
    assert found == Settings(
        name=written["name"],
        network=written["network"],
        user_service_prefix=written["userServicePrefix"],
        home_volume_prefix=written["homeVolumePrefix"],
        image=written["image"],
        memory=written["memory"],
        guarantee=written["guarantee"],
        cpu=written["cpu"],
        storage=NfsExport(written["storage"]["address"], written["storage"]["path"]),
        admins=frozenset(written["admins"]),
        login_method=written["loginMethod"]["kind"],
        has_roster=written["roster"],
        teachers=frozenset(written["teachers"]),
        placement=tuple(written["placement"]),
        seats=written["seats"],
        idle_timeout_seconds=written["idleTimeoutSeconds"],
        images=tuple(Image(**image) for image in written["images"]),
        strategy=written["strategy"],
        processes=written["processes"],
        admins_may_enter=written["adminsMayEnter"],
        remember_seconds=written["rememberSeconds"],
        subdomain_host=written["subdomainHost"],
        provider=ProviderOptions(
            identity_providers=tuple(written["loginMethod"].pop("identityProviders")),
            **{key: tuple(value) if isinstance(value, list) else value for key, value in written["loginMethod"].items()},
        ),
        allowed_groups=frozenset(written["allowedGroups"]),
        public_url=written["publicUrl"],
        servers=servers_in(written["servers"]),
        warm=warm_in(written["warm"]),
        programs=programs_in(written["services"]),
        fixed_hash=written["fixedHash"],
    )
    assert found.warm[0].members == ("ada",)
    assert (found.memory, found.guarantee, found.idle_timeout_seconds) == (2 << 30, 512 << 20, 2 * 3600)
    assert [recorded.keys_read for recorded in objects] == [set(dict.keys(recorded)) for recorded in objects]
    assert len(objects) == 13 + len(written["images"])


def test_the_hub_reads_of_watcher_json_only_keys_that_the_watcher_writes(storage, record):
    objects = record(provisioning)
    written = copy("watcher.json", storage / FILES.watcherStatus)
    [failure] = written["failures"]
    status = provisioning.read_watcher_status(storage)
    assert status.at == written["at"]
    reason, detail = provisioning.explain_wait(status, status, failure["home"])
    assert (reason, detail) == (LIMIT_FAILED, f"the watcher at {written['at']}: {written['problem']}")
    read = {key for recorded in objects for key in recorded.keys_read}
    assert objects[-1].keys_read == {"at", "problem", "failures"}
    assert read <= {key for recorded in objects for key in dict.keys(recorded)}


def test_the_hub_finds_the_reason_why_a_home_has_no_limit_in_watcher_json(storage, record):
    objects = record(provisioning)
    written = copy("watcher.json", storage / FILES.watcherStatus, lambda content: content | {"problem": ""})
    [failure] = written["failures"]
    status = provisioning.read_watcher_status(storage)
    reason, detail = provisioning.explain_wait(status, status, failure["home"])
    assert (reason, detail) == (LIMIT_FAILED, f"the watcher at {written['at']}: {failure['reason']}")
    [recorded] = [each for each in objects if set(dict.keys(each)) == set(failure)]
    assert recorded.keys_read == set(failure)


def test_the_owner_note_that_the_hub_writes_is_the_one_of_the_contract(storage):
    written = copy("owner-note.json", storage / FOLDERS.owners / "ada")
    note = owner_note.read_note(storage, "ada")
    assert note == owner_note.Note(written["user"], lacks_first_files=True)
    owner_note.write_note(storage, "bob", note)
    assert json.loads((storage / FOLDERS.owners / "bob").read_text()) == written


def test_the_hub_reads_of_skeleton_json_the_space_that_a_copy_needs(storage, record):
    objects = record(first_files)
    written = copy("skeleton.json", storage / FILES.firstFilesNote)
    assert first_files.read_skeleton(storage) == first_files.Skeleton(written["bytes"], written["files"])
    assert objects[-1].keys_read == {"bytes", "files"}


def test_reports_of_failed_starts_are_in_the_folder_of_the_contract():
    configuration = (Path(__file__).parents[1] / "jupyterhub_config.py").read_text()
    assert f'failed_starts = str(paths.data / "{NAMES["failedStarts"]}")' in configuration


def test_a_new_home_is_marked_noted_and_made_in_the_folders_of_the_contract(storage):
    provisioning.make_home(storage, "ada", "Ada")
    assert (storage / FOLDERS.homes / "ada").is_dir()
    assert (storage / FOLDERS.owners / "ada").is_file()
    assert provisioning.is_pending(storage, "ada")
    (storage / FOLDERS.pending / "ada").unlink()
    assert not provisioning.is_pending(storage, "ada")


def test_the_hub_hands_out_from_the_folder_of_the_contract(storage):
    with pytest.raises(Refused, match=f"`{FOLDERS.handouts}`"):
        teacher_command.run("check", storage, storage, dict, BytesIO(b"{}"), BytesIO())


def test_first_files_come_from_the_folder_of_the_contract(storage):
    copy("skeleton.json", storage / FILES.firstFilesNote)
    (storage / FOLDERS.skeleton).mkdir()
    (storage / FOLDERS.skeleton / "hello.ipynb").write_text("{}")
    provisioning.make_home(storage, "ada", "Ada")
    first_files.copy_first_files(storage, "ada", SimpleNamespace(is_set=lambda: False))
    assert (storage / FOLDERS.homes / "ada/hello.ipynb").read_text() == "{}"
