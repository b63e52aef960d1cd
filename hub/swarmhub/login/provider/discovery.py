"""The addresses of an OpenID Connect provider, which it publishes below its issuer (OpenID Connect Discovery 1.0)."""

import asyncio
import time
from dataclasses import dataclass

from tornado.log import app_log

from .connection import Connection
from .refusals import SignInRefusedError, unreadable

PATH = "/.well-known/openid-configuration"
_FRESH_SECONDS = 3600


@dataclass(frozen=True)
class Addresses:
    """What the hub needs of a provider's document. A provider may have no `end_session` and no `keys`: "" then."""

    issuer: str
    authorize: str
    token: str
    userinfo: str
    end_session: str
    keys: str
    has_groups_scope: bool
    secret_ways: tuple[str, ...]


class Discovery:
    """Reads the document at the first login and then once an hour: the hub also starts while the provider is down."""

    def __init__(self, issuer: str, connection: Connection) -> None:
        self._issuer, self._connection = issuer, connection
        self._found: Addresses | None = None
        self._read_at = 0.0
        self._reading: asyncio.Task | None = None

    def __deepcopy__(self, _memo: dict) -> "Discovery":
        """Stays one object: traitlets copies the objects in a settings file."""
        return self

    async def addresses(self) -> Addresses:
        """Returns the addresses; raises SignInRefusedError if they were never found. Later failures leave the earlier ones."""
        if self._found and time.monotonic() - self._read_at < _FRESH_SECONDS:
            return self._found
        if self._reading is None:  # one request, however many people wait for it
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(lambda _: setattr(self, "_reading", None))
        try:
            # A browser that goes away must not end the request for the others.
            await asyncio.shield(self._reading)
        except SignInRefusedError:
            if self._found is None:
                raise
        return self._found

    async def _read(self) -> None:
        found = await self._connection.read_object(self._issuer.rstrip("/") + PATH)
        self._found = self._checked(found)
        self._read_at = time.monotonic()

    def _checked(self, found: dict) -> Addresses:
        issuer = found.get("issuer")
        # Some providers' issuers end in a slash, and people leave it out.
        if not isinstance(issuer, str) or issuer.rstrip("/") != self._issuer.rstrip("/"):
            app_log.error("%s calls itself %.200r", self._issuer, issuer)
            raise unreadable(self._connection.service)
        names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")
        endpoints = [found.get(name) for name in names]
        if not all(map(_is_address, endpoints)):
            app_log.error("%s: no https address for %s", self._issuer, ", ".join(names))
            raise unreadable(self._connection.service)
        methods = _texts(found.get("token_endpoint_auth_methods_supported")) or {"client_secret_basic"}
        return Addresses(
            issuer,
            *endpoints,
            *(found[name] if _is_address(found.get(name)) else "" for name in ("end_session_endpoint", "jwks_uri")),
            has_groups_scope="groups" in _texts(found.get("scopes_supported")),
            # The standard wants the header wherever there are passwords (RFC 6749, 2.3.1).
            secret_ways=tuple(way for way, name in _SECRET_WAYS.items() if name in methods) or ("body",),
        )


_SECRET_WAYS = {"header": "client_secret_basic", "body": "client_secret_post"}


def _is_address(value: object) -> bool:
    return isinstance(value, str) and value.startswith("https://") and len(value) < 2000


def _texts(value: object) -> set[str]:
    return {each for each in value if isinstance(each, str)} if isinstance(value, list) else set()
