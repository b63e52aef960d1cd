"""The identity provider in hub.json."""

from collections.abc import Callable
from dataclasses import dataclass

from ...json_values import are_texts, is_text

KINDS = ("oidc", "github", "google", "globus", "cilogon")


@dataclass(frozen=True)
class ProviderOptions:
    """Where users log in, what names them, and from where they may come. Empty tuples are no such rule.

    `issuer` is the address of the provider, `service` its name for people. `username` and `groups` are claims. Of a single one of
    `domains`, names have no "@example.edu". Users are in one of `organizations` ("org" or "org:team").
    """

    kind: str
    issuer: str
    service: str
    client: str
    username: str
    groups: str | None = None
    domains: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    identity_providers: tuple[str, ...] = ()


def provider_options(found: dict, take: Callable) -> ProviderOptions | None:
    """Returns the provider that `loginMethod` names, checked with `take`; None for another method."""
    if found.get("kind") not in KINDS:
        return None

    def text(key: str) -> str:
        return take(f"loginMethod.{key}", found.get(key), is_text, "a string")

    def texts(key: str) -> tuple[str, ...]:
        value = take(f"loginMethod.{key}", found.get(key), are_texts, "a list of strings")
        return tuple(value) if isinstance(value, list) else ()

    return ProviderOptions(
        kind=found.get("kind"),
        issuer=take("loginMethod.issuer", found.get("issuer"), _is_https, "an https:// address"),
        service=text("service"),
        client=text("client"),
        username=text("username"),
        groups=take("loginMethod.groups", found.get("groups"), lambda value: value is None or is_text(value), "a string, or null"),
        domains=texts("domains"),
        organizations=texts("organizations"),
        identity_providers=texts("identityProviders"),
    )


def _is_https(value: object) -> bool:
    return isinstance(value, str) and value.startswith("https://")
