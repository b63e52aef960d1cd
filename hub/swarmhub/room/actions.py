"""What the buttons of the page do, through the hub's API."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from io import IOBase
from urllib.parse import quote, urlencode

from ..bounded_request import KIB, request
from .download import download

_AT_ONCE, _SECONDS, _STOP_SECONDS = 8, 60, 60
_DOWNLOAD_SECONDS = 1800
_MAX_BYTES = 8 * 1024 * KIB
MOST_USERS = 1000
# What ends programs, so the class's name is asked for.
CONFIRMED = frozenset({"stop", "restart", "safe-restart"})


class HubError(OSError):
    """The hub refused; the message is its sentence."""


class Hub:
    """The hub's API at `url` (…/hub/api), with the token of the service."""

    def __init__(self, url: str, token: str) -> None:
        """Connects to nothing yet."""
        self._url, self._headers = url, {"Authorization": f"token {token}"}

    async def ask(self, path: str, method: str = "GET", body: object = None, seconds: float = _SECONDS) -> object:
        """Returns the JSON of the response, None without any; raises OSError, or HubError for an error status.

        The body is a file, or anything else as JSON.
        """
        sent = body if isinstance(body, IOBase) else b"" if body is None else json.dumps(body).encode()
        response = await request(f"{self._url}{path}", seconds, _MAX_BYTES, method=method, headers=self._headers, body=sent)
        found = response.json() if response.body else None
        if response.status >= 400:
            message = found.get("message") if isinstance(found, dict) else None
            raise HubError(str(message or f"The hub answered with status {response.status}."))
        return found

    def download(self, path: str) -> AbstractAsyncContextManager:
        """Returns download.py's manager for a path of the API."""
        return download(f"{self._url}{path}", self._headers, _DOWNLOAD_SECONDS)

    async def start(self, user: str) -> str | None:
        """Starts a server as its user would, with the image chosen last."""
        await self.ask(f"/users/{quote(user, safe='')}/server", "POST")
        return None

    async def welcome(self, user: str) -> str | None:
        """The same for anybody of the class, also before their first login."""
        await self._admit(user)
        return await self.start(user)

    async def start_safely(self, user: str) -> str | None:
        """Starts a server without its user's own packages and settings."""
        return await self._start_with(user, {"safe": True} | await self._admit(user))

    async def stop(self, user: str) -> str | None:
        """Stops a server."""
        await self.ask(f"/users/{quote(user, safe='')}/server", "DELETE")
        return None

    async def restart(self, user: str) -> str | None:
        """Stops a server, waits until it is gone, and starts it again."""
        await self._admit(user)  # or a server that may not start again would stop
        await self._stop_wholly(user)
        return await self.start(user)

    async def restart_safely(self, user: str) -> str | None:
        """The same without the user's own packages and settings."""
        options = {"safe": True} | await self._admit(user)
        await self._stop_wholly(user)
        return await self._start_with(user, options)

    async def interrupt(self, user: str) -> str | None:
        """Interrupts the busy kernels of a server."""
        found = await self.ask(f"/room/interrupt?{urlencode({'user': user})}", "POST")
        return None if found["interrupted"] else "No kernel was busy."

    async def quota(self, user: str, limit: int) -> str | None:
        """Sets the limit of a home in bytes."""
        found = await self.ask(f"/room/quota?{urlencode({'user': user, 'bytes': limit})}", "POST")
        return found["note"]

    async def announce(self, text: str | None, until: str | None) -> None:
        """Says something to everybody until a time with an offset; None takes it back."""
        await self.ask("/room/announce", "POST", {"text": text, "until": until})

    async def close(self, how: dict) -> None:
        """Closes the class (doors.py)."""
        await self.ask("/room/doors", "POST", {"closed": True} | how)

    async def reopen(self) -> None:
        """Opens the class again."""
        await self.ask("/room/doors", "POST", {"closed": False})

    async def help(self, user: str, *, is_wanted: bool) -> None:
        """Marks somebody who has asked for help, or takes the mark off."""
        await self.ask(f"/room/help?{urlencode({'user': user, 'wanted': 'yes' if is_wanted else 'no'})}", "POST")

    async def helped(self, user: str) -> str | None:
        """Takes a call for help off."""
        await self.help(user, is_wanted=False)

    async def _admit(self, user: str) -> dict:
        """Asks whether somebody may have a server now; returns the options of the last start."""
        found = await self.ask(f"/room/admit?{urlencode({'user': user})}", "POST")
        return found["options"]

    async def _start_with(self, user: str, options: dict) -> str | None:
        await self.ask(f"/users/{quote(user, safe='')}/server", "POST", options)
        return None

    async def _stop_wholly(self, user: str) -> None:
        await self.stop(user)
        end = time.monotonic() + _STOP_SECONDS
        while await self._is_there(user):
            if time.monotonic() > end:
                raise TimeoutError
            await asyncio.sleep(0.5)

    async def _is_there(self, user: str) -> bool:
        found = await self.ask("/room")
        return any(each["name"] == user and each["state"] not in ("away", "failed") for each in found["people"])


async def for_each(users: list[str], act: Callable[[str], Awaitable[str | None]]) -> list[dict]:
    """Acts for each user, eight at a time; returns for each whether it worked, and a sentence if there is one."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(user: str) -> dict:
        async with gate:
            try:
                return {"user": user, "ok": True, "say": await act(user)}
            except TimeoutError:
                return {"user": user, "ok": False, "say": "The server did not stop in time."}
            except OSError as error:
                return {"user": user, "ok": False, "say": str(error) or "The hub does not answer."}

    return list(await asyncio.gather(*map(one, users)))
