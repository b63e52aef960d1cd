"""The hub's side of the commands `swarmhub close` and `swarmhub reopen`."""

from datetime import UTC, datetime, timedelta

from ..login.closing import Closed, Closing
from ..settings import Paths, Settings
from .hub_api import HubApi


def close_class(paths: Paths, settings: Settings, hub: HubApi, arguments: dict) -> dict:
    """Closes the class: `until` is a time with an offset or None, `stopAfter` seconds or None. The hub acts on it within 3 s.

    Returns the sentences that people read, and how many servers of students still run (None: the hub does not answer).
    """
    now = datetime.now(UTC)
    until = datetime.fromisoformat(arguments["until"]) if arguments.get("until") else None
    if until and until <= now:
        return {"ok": False, "why": f"the clock of the manager shows {now:%Y-%m-%d %H:%M} UTC, which is later than the time to open again"}
    stop_at = None
    if arguments.get("stopAfter") is not None:
        offset = datetime.fromisoformat(arguments["now"]).tzinfo
        stop_at = (now + timedelta(seconds=arguments["stopAfter"])).astimezone(offset)
    closed = Closed(now, until, stop_at, arguments.get("zone") or "")
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
