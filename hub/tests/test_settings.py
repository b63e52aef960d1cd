import contextlib
import json
from pathlib import Path

import pytest

from swarmhub.settings import NfsExport, Paths, SettingsError, read_secret, read_settings, with_secret_environment

from .support.examples import HUB

FULL = Path(__file__).parents[2] / "test/fixtures/contracts/hub.json"


def write(folder: Path, content: object) -> Path:
    path = folder / "hub.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_complete_file_is_read_into_settings(tmp_path):
    settings = read_settings(write(tmp_path, HUB))
    assert (settings.memory, settings.guarantee) == (1 << 30, 700 << 20)
    assert settings.storage == NfsExport("10.77.0.11", "/srv/swarmhub")
    assert settings.admins == {"ada"}
    assert settings.idle_timeout_seconds is None, "no server is stopped unless the configuration says so"


def test_storage_may_be_null(tmp_path):
    assert read_settings(write(tmp_path, HUB | {"storage": None})).storage is None


def test_the_guarantee_may_be_missing(tmp_path):
    settings = read_settings(write(tmp_path, {key: value for key, value in HUB.items() if key != "guarantee"}))
    assert settings.guarantee is None


def test_cpu_may_be_null(tmp_path):
    assert read_settings(write(tmp_path, HUB | {"cpu": None})).cpu is None


@pytest.mark.parametrize(
    ("key", "wrong", "message"),
    [
        ("name", "", "name: must be a string"),
        ("image", None, "image: must be a string, is null"),
        ("memory", "1G", 'memory: must be a whole number of bytes, is "1G"'),
        ("memory", True, "memory: must be a whole number of bytes, is true"),
        ("guarantee", "1G", 'guarantee: must be a whole number of bytes, or null, is "1G"'),
        ("cpu", 0, "cpu: must be a number of cores above 0"),
        ("processes", 0, "processes: must be a whole number above 0, or null, is 0"),
        ("cpu", "1", "cpu: must be a number of cores above 0"),
        ("admins", "ada", "admins: must be a list of user names"),
        ("adminsMayEnter", "no", "adminsMayEnter: must be true or false"),
        ("subdomainHost", "geo.example.org", 'subdomainHost: must be https:// and a domain name, or null, is "geo.example.org"'),
        ("subdomainHost", "http://geo.example.org", "subdomainHost: must be https:// and a domain name"),
        ("subdomainHost", "https://geo.example.org/", "subdomainHost: must be https:// and a domain name"),
        ("loginMethod", {"kind": "oidc", "issuer": "http://id.example.edu"}, "loginMethod.issuer: must be an https:// address"),
        ("loginMethod", {"kind": "github", "domains": "example.edu"}, "loginMethod.domains: must be a list of strings"),
        ("allowedGroups", "staff", "allowedGroups: must be a list of names"),
        ("placement", [1], "placement: must be a list of Swarm constraints"),
        ("seats", -1, "seats: must be a whole number"),
        ("idleTimeoutSeconds", 599, "idleTimeoutSeconds: must be a whole number, at least 600, or null, is 599"),
        ("idleTimeoutSeconds", "2h", "idleTimeoutSeconds: must be a whole number"),
        ("rememberSeconds", 0, "rememberSeconds: must be a whole number of seconds, at least 1, is 0"),
        ("rememberSeconds", "12h", "rememberSeconds: must be a whole number of seconds"),
        ("images", {}, "images: must be a list of objects with unique names"),
        ("images", ["R"], "images: must be a list of objects"),
        ("images", [{"name": "R"}, {"name": "R"}], "images: must be a list of objects with unique names"),
        ("images", [{"name": ""}], "images[0].name: must be a string"),
        ("images", [{"name": "R", "image": "r", "memory": "2G", "cpu": 1}], 'images[0].memory: must be a whole number of bytes, is "2G"'),
        ("images", [{"name": "R", "image": "r", "memory": 1, "cpu": 0}], "images[0].cpu: must be a number of cores above 0"),
        ("storage", {"address": "storage.example.org", "path": "/srv"}, "storage.address: must be an IP address"),
        ("storage", {"address": "10.0.0.1", "path": "srv"}, "storage.path: must be an absolute path"),
        ("storage", "temporary", "storage.address: must be an IP address"),
    ],
)
def test_a_wrong_value_is_reported_with_the_expected_one(tmp_path, key, wrong, message):
    with pytest.raises(SettingsError) as raised:
        read_settings(write(tmp_path, HUB | {key: wrong}))
    assert message in str(raised.value)
    assert str(tmp_path) in str(raised.value)
    assert str(raised.value).endswith("type: swarmhub up")


def test_all_faults_are_reported_at_once(tmp_path):
    with pytest.raises(SettingsError) as raised:
        read_settings(write(tmp_path, {}))
    faults = [line for line in str(raised.value).splitlines() if "must be" in line]
    assert [fault.split(":")[0].strip() for fault in faults] == [
        "name",
        "network",
        "userServicePrefix",
        "homeVolumePrefix",
        "image",
        "memory",
        "storage.address",
        "storage.path",
        "seats",
    ]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '"x"'])
def test_a_file_without_a_json_object_is_refused(tmp_path, content):
    with pytest.raises(SettingsError):
        read_settings(write(tmp_path, content))


def test_a_missing_file_is_reported(tmp_path):
    with pytest.raises(SettingsError, match="hub.json"):
        read_settings(tmp_path / "hub.json")


def test_a_secret_is_read_without_its_line_end_but_with_its_spaces(tmp_path):
    paths = Paths(tmp_path)
    paths.secrets.mkdir(parents=True)
    (paths.secrets / "proxy-token").write_text(" to ken \r\n")
    assert read_secret(paths, "proxy-token") == " to ken "


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_missing_or_empty_secret_is_reported(tmp_path, content):
    paths = Paths(tmp_path)
    paths.secrets.mkdir(parents=True)
    if content is not None:
        (paths.secrets / "proxy-token").write_text(content)
    with pytest.raises(SettingsError, match="proxy-token"):
        read_secret(paths, "proxy-token")


def test_secret_variables_are_added_to_the_environment_and_never_shown(tmp_path):
    paths = Paths(tmp_path)
    paths.secrets.mkdir(parents=True)
    settings = read_settings(write(tmp_path, json.dumps(HUB | {"servers": {"environment": [{"name": "A", "value": "1"}]}})))
    assert with_secret_environment(settings, paths) == settings
    (paths.secrets / "server-environment").write_text('{"API_KEY": "word"}\n')
    assert with_secret_environment(settings, paths).servers.environment == (("A", "1"), ("API_KEY", "word"))
    (paths.secrets / "server-environment").write_text('["word"]')
    with pytest.raises(SettingsError) as raised:
        with_secret_environment(settings, paths)
    assert "word" not in str(raised.value)


def test_faults_of_servers_are_named_with_their_places(tmp_path):
    group = {"name": "staff", "members": ["ada"], "memory": 0, "cpu": None, "images": [], "claims": []}
    servers = {"looks": [{"image": "r", "home": "x", "variables": [], "replacesEntrypoint": 1}], "groups": [group], "files": {}}
    with pytest.raises(SettingsError) as raised:
        read_settings(write(tmp_path, json.dumps(HUB | {"servers": servers})))
    faults = [line.split(":")[0].strip() for line in str(raised.value).splitlines() if "must be" in line]
    assert faults == ["servers.looks[0].replacesEntrypoint", "servers.looks[0].home", "servers.files", "servers.groups[0].memory"]


@pytest.mark.parametrize("key", json.loads(FULL.read_text()))
def test_a_value_of_a_wrong_kind_is_a_fault_and_no_other_error(tmp_path, key):
    written = json.loads(FULL.read_text())
    for value in (5, -1, "x", "", [], {}, None, True, 0.5, [5], [{}], [None], {"kind": 5}, {"address": {}}, "\ud800", 10**400):
        with contextlib.suppress(SettingsError):
            read_settings(write(tmp_path, written | {key: value}))
        if isinstance(written[key], dict):
            for inner in written[key]:
                with contextlib.suppress(SettingsError):
                    read_settings(write(tmp_path, written | {key: written[key] | {inner: value}}))
