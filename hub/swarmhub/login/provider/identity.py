"""Who somebody is at a provider: the user name, made from checked claims, and the id that never changes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..claims import claims_in
from ..names import is_plain
from . import refusals
from .options import ProviderOptions

_NAME = re.compile(r"[^\x00-\x1f\x7f/]{1,254}\Z")


@dataclass(frozen=True)
class Identity:
    """An account: the user name it has here, its id at the provider, its own name for sentences, and its groups."""

    name: str
    account: str
    shown: str
    groups: frozenset[str]


def identity(options: ProviderOptions, claims: Mapping[str, object]) -> Identity:
    """Returns the identity that claims describe; raises SignInRefusedError if they lack it, or if the class is not open to it."""
    service = options.service
    if options.identity_providers and claims.get("idp") not in options.identity_providers:
        shown = str(claims.get("idp_name") or claims.get("idp") or "another institution")[:200]
        raise refusals.not_a_member(service, f"a user of {shown}", "users of the institutions that your instructor has chosen")
    text = _text(claims.get(options.username))
    if not text:
        raise refusals.missing_claim(service, options.username)
    # Anybody can type somebody else's address into a form. Some providers write the claim as a string.
    if options.username == "email" and claims.get("email_verified") not in (True, "true"):
        raise refusals.unverified(service)
    name, _, domain = text.rpartition("@")
    if options.domains:
        # Of Google, an address alone does not say that the organization has made the account.
        domain = claims.get("hd") if options.kind == "google" else domain
        if not isinstance(domain, str) or domain.lower() not in options.domains or not name:
            raise refusals.not_a_member(service, text[:100], f"accounts of {', '.join(options.domains)}")
    # Two domains could have the same short name.
    is_short = len(options.domains) == 1 and text.lower().endswith(f"@{options.domains[0]}")
    name = name if is_short else text
    if not _NAME.match(name) or set(name) <= {"."} or not is_plain(name):
        raise refusals.unusable_name(service, text[:100])
    account = _text(claims.get("id" if options.kind == "github" else "sub"))
    if not account:
        raise refusals.missing_claim(service, "sub")
    return Identity(name, account, text[:100], _groups(options, claims))


def _groups(options: ProviderOptions, claims: Mapping[str, object]) -> frozenset[str]:
    claim = claims.get(options.groups) if options.groups else None
    # CILogon writes several values as one text: "student@example.edu;member@example.edu".
    return claims_in(claim.split(";") if options.kind == "cilogon" and isinstance(claim, str) else claim)


def _text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""
