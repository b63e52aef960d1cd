"""The buttons of the page. Each asks the hub anew whether its user may still do that."""

import json
from collections.abc import Awaitable, Callable

from tornado.log import app_log
from tornado.web import HTTPError, authenticated

from .actions import CONFIRMED, MOST_USERS, Hub, HubError, for_each
from .page_handler import ScriptHandler


class _Button(ScriptHandler):
    @property
    def hub(self) -> Hub:
        return self.settings["hub"]

    def body(self, needed: str, **types: type) -> list:
        """Returns these values of the JSON object that was sent, each of its type or None; the `needed` one must be there."""
        try:
            found = json.loads(self.request.body)
        except (ValueError, RecursionError) as error:
            raise HTTPError(400, "The request needs a JSON object.") from error
        if not isinstance(found, dict) or needed not in found:
            raise HTTPError(400, "The request needs a JSON object.")
        for name, kind in types.items():
            # True and False are integers in Python.
            if not isinstance(found.get(name), kind | None) or (kind is int and isinstance(found.get(name), bool)):
                raise HTTPError(400, f"The request has no {name} that can be used.")
        return [found.get(name) for name in types]

    def check_confirmed(self, typed: object) -> None:
        """Refuses without the name of the class."""
        if typed != self.settings["class_name"]:
            raise HTTPError(400, f"Type the name of the class to confirm: {self.settings['class_name']}")

    def note(self, what: str, detail: object) -> None:
        """Writes a line into the hub's log; names are anybody's text, and as JSON they stay in one line."""
        app_log.warning("%s: %s %s", json.dumps(self.current_user["name"]), what, json.dumps(detail)[:1000])

    async def ask(self, asked: Awaitable[None]) -> None:
        """Waits for the hub's answer, which changes what pages show; a refusal of the hub is a sentence."""
        try:
            await asked
        except OSError as error:
            raise HTTPError(400 if isinstance(error, HubError) else 502, str(error) or "The hub does not answer.") from error
        self.settings["news"].forget()
        self.settings["feed"].poll_soon()
        self.write({})


class Act(_Button):
    """What is done for one user, or for many."""

    @authenticated
    async def post(self) -> None:
        """Does it for each of the users, and returns for each how it went."""
        await self.check_anew()
        action, users, act = self._wanted()
        self.note(action, users)
        results = await for_each(users, act)
        self.settings["feed"].poll_soon()
        self.write({"results": results})

    def _wanted(self) -> tuple[str, list[str], Callable[[str], Awaitable[str | None]]]:
        action, users, limit, typed = self.body("action", action=str, users=list, bytes=int, confirm=str)
        hub = self.hub
        acts = {
            "start": hub.welcome,
            "safe-start": hub.start_safely,
            "stop": hub.stop,
            "restart": hub.restart,
            "safe-restart": hub.restart_safely,
            "interrupt": hub.interrupt,
            "helped": hub.helped,
            "quota": lambda user: hub.quota(user, limit),
        }
        if action not in acts:
            raise HTTPError(400, "There is no such action.")
        if not users or len(users) > MOST_USERS or not all(isinstance(each, str) for each in users):
            raise HTTPError(400, "The request needs a list of users.")
        if action == "quota" and limit is None:
            raise HTTPError(400, "The request needs a number of bytes.")
        if action in CONFIRMED:
            self.check_confirmed(typed)
        return action, users, acts[action]


class Announce(_Button):
    """A word to everybody."""

    @authenticated
    async def post(self) -> None:
        """Says `text` until `until`, a time with its offset; both may be null."""
        await self.check_anew()
        text, until = self.body("text", text=str, until=str)
        self.note("announce", text)
        await self.ask(self.hub.announce(text, until))


class Doors(_Button):
    """Closes the class, or opens it again."""

    @authenticated
    async def post(self) -> None:
        """Closes it if `closed` is true, which needs the name of the class; see `Hub.close`."""
        await self.check_anew()
        types = {"until": str, "stopAfter": int, "now": str, "zone": str, "confirm": str}
        closed, until, stop_after, now, zone, typed = self.body("closed", closed=bool, **types)
        if not closed:
            self.note("opens", "the class")
            return await self.ask(self.hub.reopen())
        self.check_confirmed(typed)
        self.note("closes", {"until": until, "stopAfter": stop_after})
        return await self.ask(self.hub.close({"until": until, "stopAfter": stop_after, "now": now, "zone": zone}))
