"""The files that `swarmhub up` writes for the hub: hub.json and the secrets, checked as a whole."""

import ipaddress
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from .json_values import are_texts, is_absolute, is_text
from .login.campus.options import CampusOptions, campus_options
from .login.provider.options import ProviderOptions, provider_options
from .outbound import Proxy, read_proxy
from .server_settings import ServerSettings, read_server_settings
from .services.outside_options import OutsideProgram, read_programs
from .warm.timetable import Weekly, read_timetable

MIN_IDLE_TIMEOUT = 600
SECRET_ENVIRONMENT = "server-environment"  # noqa: S105
_SUBDOMAIN_HOST = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+")


class SettingsError(Exception):
    """hub.json or a secret is missing or wrong; the message names the file, every fault and the command to type."""

    def __init__(self, message: str, faults: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.faults = list(faults) or [message.splitlines()[0]]


@dataclass(frozen=True)
class NfsExport:
    """The location of the homes: a folder that an NFS server exports."""

    address: str
    path: str


@dataclass(frozen=True)
class Image:
    """An image that users can choose by name, with the limits of its servers; memory in bytes, cpu in cores."""

    name: str
    description: str
    image: str
    memory: int
    cpu: float | None


@dataclass(frozen=True)
class Settings:
    """The settings of the class: memory in bytes, cpu in cores (None: no limit), idle_timeout_seconds (None: never).

    `processes` is the maximum number of processes and threads of one server (None: from its memory). A login lasts for `remember_seconds`.

    The guarantee is the memory that is reserved for each server (None: all of its memory). Without a storage, the homes are in the
    users' containers and are deleted with them. The strategy is "spread", or "pack": fill one node before the next one is used.
    Users log in at the `provider` or the `campus` (None: with another method), which sends them back to `public_url`.
    With a subdomain_host ("https://geo.example.org"), each user's server has a host below it.
    """

    name: str
    network: str
    user_service_prefix: str
    home_volume_prefix: str
    image: str
    memory: int
    guarantee: int | None
    cpu: float | None
    storage: NfsExport | None
    admins: frozenset[str]
    placement: tuple[str, ...]
    seats: int
    idle_timeout_seconds: int | None
    images: tuple[Image, ...] = ()
    login_method: str = "shared-password"
    has_roster: bool = False
    teachers: frozenset[str] = frozenset()
    strategy: str = "spread"
    processes: int | None = None
    admins_may_enter: bool = False
    remember_seconds: int = 12 * 3600
    subdomain_host: str | None = None
    provider: ProviderOptions | None = None
    campus: CampusOptions | None = None
    allowed_groups: frozenset[str] = frozenset()
    public_url: str = ""
    servers: ServerSettings = ServerSettings()
    warm: tuple[Weekly, ...] = ()
    programs: tuple[OutsideProgram, ...] = ()
    # Of the values that only a restart changes (`live_settings.py`).
    fixed_hash: str = ""

    @property
    def packs(self) -> bool:
        return self.strategy == "pack"


@dataclass(frozen=True)
class Paths:
    """The paths of the hub's files, all below one root, which is `/` except in tests."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / "etc/swarmhub/hub.json"

    @property
    def settings_status(self) -> Path:
        return self.data / "settings.json"

    @property
    def roster(self) -> Path:
        return self.root / "etc/swarmhub/roster.json"

    @property
    def secrets(self) -> Path:
        return self.root / "run/secrets"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def reports(self) -> Path:
        return self.root / "run/swarmhub/monitor"

    @property
    def storage(self) -> Path:
        return self.root / "storage"


def read_settings(path: Path) -> Settings:
    """Reads hub.json; raises SettingsError with all faults at once."""
    return parse_settings(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """Reads a file; raises SettingsError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _error(path, [str(error)]) from error


def parse_settings(content: bytes, path: Path) -> Settings:
    """Returns the settings in the content of hub.json, whose path is for errors; raises SettingsError with all faults at once."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _error(path, [str(error)]) from error
    if not isinstance(found, dict):
        raise _error(path, ["must be an object"])
    faults: list[str] = []

    def take(key: str, value: object, is_valid: Callable[[object], bool], expected: str) -> object:
        if not is_valid(value):
            faults.append(f"{key}: must be {expected}, is {json.dumps(value)}")
        return value

    def texts(key: str, expected: str) -> list[str]:
        value = take(key, found.get(key, []), are_texts, expected)
        return value if are_texts(value) else []

    settings = Settings(
        name=take("name", found.get("name"), is_text, "a string"),
        network=take("network", found.get("network"), is_text, "a string"),
        user_service_prefix=take("userServicePrefix", found.get("userServicePrefix"), is_text, "a string"),
        home_volume_prefix=take("homeVolumePrefix", found.get("homeVolumePrefix"), is_text, "a string"),
        image=take("image", found.get("image"), is_text, "a string"),
        memory=take("memory", found.get("memory"), _is_whole(1), "a whole number of bytes"),
        guarantee=take("guarantee", found.get("guarantee"), _or_none(_is_whole(1)), "a whole number of bytes, or null"),
        cpu=take("cpu", found.get("cpu"), _is_cpu, "a number of cores above 0, or null"),
        storage=_storage(found.get("storage", {}), take),
        admins=frozenset(texts("admins", "a list of user names")),
        login_method=take("loginMethod.kind", _method(found).get("kind"), is_text, "a string"),
        has_roster=take("roster", found.get("roster", False), lambda value: isinstance(value, bool), "true or false"),
        teachers=frozenset(texts("teachers", "a list of user names")),
        placement=tuple(texts("placement", "a list of Swarm constraints")),
        seats=take("seats", found.get("seats"), _is_whole(0), "a whole number"),
        # A browser reports activity every 30 s (websocket ping) and a server tells the hub every 300 s: a shorter timeout would
        # stop servers that are in use.
        idle_timeout_seconds=take(
            "idleTimeoutSeconds",
            found.get("idleTimeoutSeconds"),
            _is_idle_timeout,
            f"a whole number, at least {MIN_IDLE_TIMEOUT}, or null",
        ),
        images=tuple(_images(found.get("images", []), take)),
        processes=take("processes", found.get("processes"), _or_none(_is_whole(1)), "a whole number above 0, or null"),
        admins_may_enter=take("adminsMayEnter", found.get("adminsMayEnter", False), lambda value: isinstance(value, bool), "true or false"),
        strategy=take("strategy", found.get("strategy", "spread"), lambda value: value in ("spread", "pack"), "spread or pack"),
        remember_seconds=take(
            "rememberSeconds", found.get("rememberSeconds", 12 * 3600), _is_whole(1), "a whole number of seconds, at least 1"
        ),
        subdomain_host=take(
            "subdomainHost",
            found.get("subdomainHost"),
            _or_none(lambda value: isinstance(value, str) and _SUBDOMAIN_HOST.fullmatch(value)),
            "https:// and a domain name, or null",
        ),
        provider=provider_options(_method(found), take),
        campus=campus_options(_method(found), take),
        allowed_groups=frozenset(texts("allowedGroups", "a list of names")),
        public_url=take("publicUrl", found.get("publicUrl", ""), lambda value: isinstance(value, str), "a string"),
        servers=read_server_settings(found.get("servers", {}), take),
        warm=read_timetable(found.get("warm", []), take),
        programs=read_programs(found.get("services", []), take),
        fixed_hash=take("fixedHash", found.get("fixedHash", ""), lambda value: isinstance(value, str), "a string"),
    )
    if faults:
        raise _error(path, faults)
    return settings


def _images(found: object, take: Callable) -> list[Image]:
    names = [each.get("name") for each in found if isinstance(each, dict)] if isinstance(found, list) else None
    is_valid = names is not None and len(set(map(str, names))) == len(found)
    take("images", found, lambda _: is_valid, "a list of objects with unique names")
    return [_image(f"images[{index}]", each, take) for index, each in enumerate(found)] if is_valid else []


def _image(at: str, found: dict, take: Callable) -> Image:
    return Image(
        take(f"{at}.name", found.get("name"), is_text, "a string"),
        take(f"{at}.description", found.get("description", ""), lambda value: isinstance(value, str), "a string"),
        take(f"{at}.image", found.get("image"), is_text, "a string"),
        take(f"{at}.memory", found.get("memory"), _is_whole(1), "a whole number of bytes"),
        take(f"{at}.cpu", found.get("cpu"), _is_cpu, "a number of cores above 0, or null"),
    )


def _method(found: dict) -> dict:
    method = found.get("loginMethod", {"kind": "shared-password"})
    return method if isinstance(method, dict) else {}


def _storage(found: object, take: Callable) -> NfsExport | None:
    if found is None:
        return None
    storage = found if isinstance(found, dict) else {}
    return NfsExport(
        take("storage.address", storage.get("address"), _is_address, "an IP address (nfs4 does not accept names)"),
        take("storage.path", storage.get("path"), is_absolute, "an absolute path"),
    )


def read_secret(paths: Paths, name: str) -> str:
    """Reads one secret without its line end; raises SettingsError if it is missing or empty."""
    path = paths.secrets / name
    try:
        secret = path.read_text(encoding="utf-8").strip("\r\n")
    except OSError as error:
        raise _error(path, [str(error)]) from error
    if not secret:
        raise _error(path, ["is empty"])
    return secret


def read_outbound(paths: Paths) -> Proxy | None:
    """Returns the proxy through which the hub reaches what is outside; None without one. Raises SettingsError if it cannot be read."""
    try:
        return read_proxy(paths.secrets)
    except ValueError as error:
        raise SettingsError(f"{error}\nTo write it again, type: swarmhub up") from None


def with_secret_environment(settings: Settings, paths: Paths) -> Settings:
    """Adds the secret variables of users' servers, if the class has any; raises SettingsError if they cannot be read."""
    if not (paths.secrets / SECRET_ENVIRONMENT).exists():
        return settings
    text = read_secret(paths, SECRET_ENVIRONMENT)
    try:
        found = {name: str(value) for name, value in json.loads(text).items()}
    except (ValueError, AttributeError):
        raise _error(paths.secrets / SECRET_ENVIRONMENT, ["must be an object"]) from None  # without the text, which is secret
    environment = (*settings.servers.environment, *found.items())
    return replace(settings, servers=replace(settings.servers, environment=environment))


def _error(path: Path, faults: list[str]) -> SettingsError:
    lines = "".join(f"\n  {fault}" for fault in faults)
    return SettingsError(f"{path}: the hub cannot use this file.{lines}\nTo write it again, type: swarmhub up", faults)


def _is_whole(minimum: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= minimum


def _is_above_zero(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _or_none(is_valid: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or is_valid(value)


_is_cpu = _or_none(_is_above_zero)
_is_idle_timeout = _or_none(_is_whole(MIN_IDLE_TIMEOUT))


def _is_address(value: object) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return isinstance(value, str)
