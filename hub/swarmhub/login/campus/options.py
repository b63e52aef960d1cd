"""The server of a university in hub.json."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ...json_values import are_texts, is_text


@dataclass(frozen=True)
class CasOptions:
    """A CAS server; `service` is its name for people, `groups` the attribute with a user's groups."""

    service: str
    url: str
    groups: str | None


@dataclass(frozen=True)
class LdapOptions:
    """A directory: where the people are, the attribute with the user name, who searches, and DNs by the name of the group here."""

    service: str
    url: str
    base: str
    attribute: str
    reader: str | None
    groups: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LtiOptions:
    """A learning platform: what it is called, the ids of this class there, and where it signs launches and has its keys."""

    service: str
    issuer: str
    client: str
    deployments: tuple[str, ...]
    authorize: str
    keys: str


CAMPUS_KINDS = ("cas", "ldap", "lti")
CampusOptions = CasOptions | LdapOptions | LtiOptions


def campus_options(found: dict, take: Callable) -> CampusOptions | None:
    """Returns the server that `loginMethod` names, checked with `take`; None for another method."""

    def text(key: str) -> str:
        return take(f"loginMethod.{key}", found.get(key), is_text, "a string")

    def text_or_none(key: str) -> str | None:
        return take(f"loginMethod.{key}", found.get(key), lambda value: value is None or is_text(value), "a string, or null")

    def address(key: str, *schemes: str) -> str:
        return take(f"loginMethod.{key}", found.get(key), _starts_with(schemes), f"an address with {' or '.join(schemes)}")

    match found.get("kind"):
        case "cas":
            return CasOptions(text("service"), address("url", "https://"), text_or_none("groups"))
        case "ldap":
            groups = take("loginMethod.groups", found.get("groups"), _are_names, "an object with strings")
            url = address("url", "ldaps://", "ldap://")
            return LdapOptions(text("service"), url, text("base"), text("attribute"), text_or_none("reader"), groups)
        case "lti":
            deployments = take("loginMethod.deployments", found.get("deployments"), _are_texts, "a list of strings")
            ids = text("issuer"), text("client"), tuple(deployments if _are_texts(deployments) else ())
            return LtiOptions(text("service"), *ids, address("authorize", "https://"), address("keys", "https://"))
    return None


def _are_texts(value: object) -> bool:
    return are_texts(value) and value != []


def _are_names(value: object) -> bool:
    return isinstance(value, dict) and all(map(is_text, value.values()))


def _starts_with(schemes: tuple[str, ...]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value.startswith(schemes)
