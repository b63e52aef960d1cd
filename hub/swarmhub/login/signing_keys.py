"""The public keys with which a provider or a learning platform signs (RFC 7517)."""

import asyncio
import time
from collections.abc import Callable

import jwt

from .provider.connection import Connection


class SigningKeys:
    """The public keys at an address: asked again after 5 minutes, and for an unknown key at most every 30 s."""

    def __init__(self, connection: Connection, url: str, now: Callable[[], float] = time.monotonic) -> None:
        self._connection, self.url, self._now = connection, url, now
        self._keys: dict[str, object] = {}
        self._asked = float("-inf")
        self._asking: asyncio.Future | None = None

    async def find(self, kid: object) -> object:
        """Returns a key; raises LookupError for one that is not there, and SignInRefusedError."""
        age = self._now() - self._asked
        if age > 300 or (kid not in self._keys and age > 30):
            # All who wait share one request: a class comes at once.
            if self._asking is None or self._asking.done():
                self._asking = asyncio.ensure_future(self._ask())
            await asyncio.shield(self._asking)
        return self._keys[kid]

    async def _ask(self) -> None:
        found = jwt.PyJWKSet.from_dict(await self._connection.read_object(self.url)).keys
        self._keys, self._asked = {each.key_id: each.key for each in found if each.key_id}, self._now()
