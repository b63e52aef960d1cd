"""The part of hub.json about the servers of users: images as they were found, environment, first page, files, groups."""

from collections.abc import Callable
from dataclasses import dataclass

from .json_values import are_objects, are_texts, is_absolute, is_text
from .outbound import Proxy

DEFAULT_HOME = "/home/jovyan"


@dataclass(frozen=True)
class Look:
    """What is known of an image: the home of its user 1000, the variables that it sets itself, and whether its entrypoint needs root.

    An entrypoint that needs root (s6-overlay's /init) is replaced by the server's command.
    """

    image: str
    home: str = DEFAULT_HOME
    variables: frozenset[str] = frozenset()
    replaces_entrypoint: bool = False


@dataclass(frozen=True)
class File:
    """A Swarm config that is mounted read-only into each server."""

    id: str
    name: str
    path: str


@dataclass(frozen=True)
class Group:
    """Members by their user names, the limits of their servers (None: those of the class), and images that only they choose from.

    `claims` are the names that a provider gives to this group (login/membership.py has who is in it).
    """

    name: str
    members: frozenset[str]
    memory: int | None = None
    cpu: float | None = None
    images: tuple[str, ...] = ()
    claims: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Content:
    """A repository by its https address. Without a branch it is the default one; `folder` is the place in each home."""

    repository: str
    folder: str
    branch: str | None = None


@dataclass(frozen=True)
class ServerSettings:
    """The environment is that of every server; secrets are not in hub.json, see `read_secret_environment`."""

    looks: tuple[Look, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    start: str = "/lab"
    files: tuple[File, ...] = ()
    groups: tuple[Group, ...] = ()
    content: Content | None = None
    shared: bool = False  # whether there is a folder that all servers share
    gpus: int = 0  # of each server
    proxy: Proxy | None = None  # without a login

    def look(self, image: str) -> Look:
        return next((look for look in self.looks if look.image == image), Look(image))


def read_server_settings(found: object, take: Callable) -> ServerSettings:
    """Reads the key `servers`; `take` checks one value, as in settings.py."""
    servers = take("servers", found, lambda value: isinstance(value, dict), "an object")
    if not isinstance(servers, dict):
        return ServerSettings()

    def each(key: str, read: Callable[[str, dict], object]) -> tuple:
        items = take(f"servers.{key}", servers.get(key, []), are_objects, "a list of objects")
        return tuple(read(f"servers.{key}[{index}]", item) for index, item in enumerate(items)) if are_objects(items) else ()

    def text(at: str, item: dict, key: str) -> str:
        return take(f"{at}.{key}", item.get(key), is_text, "a string")

    def texts(at: str, item: dict, key: str) -> list[str]:
        found = take(f"{at}.{key}", item.get(key), are_texts, "a list of strings")
        return found if are_texts(found) else []

    def look(at: str, item: dict) -> Look:
        replaces = take(f"{at}.replacesEntrypoint", item.get("replacesEntrypoint"), lambda value: isinstance(value, bool), "true or false")
        home = take(f"{at}.home", item.get("home"), is_absolute, "an absolute path")
        return Look(text(at, item, "image"), home, frozenset(texts(at, item, "variables")), replaces)

    def variable(at: str, item: dict) -> tuple[str, str]:
        return text(at, item, "name"), take(f"{at}.value", item.get("value"), lambda value: isinstance(value, str), "a string")

    def file(at: str, item: dict) -> File:
        path = take(f"{at}.path", item.get("path"), is_absolute, "an absolute path")
        return File(text(at, item, "id"), text(at, item, "name"), path)

    def group(at: str, item: dict) -> Group:
        memory = take(f"{at}.memory", item.get("memory"), _is_limit(int), "a whole number of bytes, or null")
        cpu = take(f"{at}.cpu", item.get("cpu"), _is_limit(int | float), "a number of cores above 0, or null")
        members, images, claims = texts(at, item, "members"), texts(at, item, "images"), texts(at, item, "claims")
        return Group(text(at, item, "name"), frozenset(members), memory, cpu, tuple(images), frozenset(claims))

    return ServerSettings(
        content=_content(servers.get("content"), take),
        looks=each("looks", look),
        environment=each("environment", variable),
        start=take("servers.start", servers.get("start", "/lab"), is_absolute, "a path that begins with /"),
        files=each("files", file),
        groups=each("groups", group),
        proxy=_proxy(servers.get("proxy"), take),
        gpus=take("servers.gpus", servers.get("gpus", 0), _is_count, "a whole number"),
        shared=take("servers.shared", servers.get("shared", False), lambda value: isinstance(value, bool), "true or false"),
    )


def _content(found: object, take: Callable) -> Content | None:
    if found is None:
        return None
    content = found if isinstance(found, dict) else {}
    return Content(
        take("servers.content.repository", content.get("repository"), _is_https, "an address that begins with https://"),
        take("servers.content.folder", content.get("folder"), _is_plain_name, "the name of a folder"),
        take("servers.content.branch", content.get("branch"), lambda value: value is None or is_text(value), "a string, or null"),
    )


def _proxy(found: object, take: Callable) -> Proxy | None:
    if found is None:
        return None
    proxy = found if isinstance(found, dict) else {}
    http, https = (take(f"servers.proxy.{key}", proxy.get(key), is_text, "a string") for key in ("http", "https"))
    excepted = take("servers.proxy.except", proxy.get("except"), are_texts, "a list of strings")
    return Proxy(http, https, tuple(excepted) if are_texts(excepted) else ())


def _is_https(value: object) -> bool:
    return isinstance(value, str) and value.startswith("https://")


def _is_plain_name(value: object) -> bool:
    return is_text(value) and "/" not in value and not value.startswith(".")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_limit(kind: type) -> Callable[[object], bool]:
    return lambda value: value is None or (isinstance(value, kind) and not isinstance(value, bool) and value > 0)
