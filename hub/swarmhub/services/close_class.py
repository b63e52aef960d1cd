"""The hub's side of the commands `swarmhub close` and `swarmhub reopen`."""

from ..login.closing import Closing, Unusable, closed_by
from ..settings import Paths, Settings
from .hub_api import HubApi


def close_class(paths: Paths, settings: Settings, hub: HubApi, arguments: dict) -> dict:
    """Closes the class: `until` is a time with an offset or None, `stopAfter` seconds or None. The hub acts on it within 3 s.

    Returns the sentences that people read, and how many servers of students still run (None: the hub does not answer).
    """
    try:
        closed = closed_by(arguments)
    except Unusable as error:
        why = str(error)
        return {"ok": False, "why": why[0].lower() + why[1:].removesuffix(".")}
    Closing(paths.data / "closed.json").close(closed)
    sentences = [closed.sentence(settings.name), closed.stop_sentence()]
    return {"ok": True, "sentences": [each for each in sentences if each], "servers": _servers(hub, settings)}


def reopen_class(paths: Paths) -> dict:
    """Opens the class again, and returns whether it was closed."""
    return {"ok": True, "wasClosed": Closing(paths.data / "closed.json").reopen()}


def _servers(hub: HubApi, settings: Settings) -> int | None:
    try:
        return len(hub.active_users() - settings.admins - settings.teachers)
    except OSError:
        return None
