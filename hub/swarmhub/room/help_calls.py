"""Who has asked for help in JupyterLab, until a teacher or they themselves take it off."""

import json
from pathlib import Path

from tornado.log import app_log

from ..private_file import write_private


class HelpCalls:
    """The time of each call by user, in seconds since 1970; kept in a file, so that a restart of the hub forgets nobody."""

    def __init__(self, path: Path) -> None:
        """Reads what is there; a damaged file is no call."""
        self._path = path
        self._since: dict[str, int] = {}
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            self._since = {str(name): int(since) for name, since in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            pass

    def __deepcopy__(self, _memo: dict) -> "HelpCalls":
        """Stays one object: traitlets copies the objects in a settings file."""
        return self

    def __bool__(self) -> bool:
        """Returns whether there are any, also of servers that have ended."""
        return bool(self._since)

    def since(self, user: str, began: float) -> int | None:
        """Returns when a user asked for help; None without a call since the server began."""
        since = self._since.get(user)
        return since if since is not None and since >= int(began) else None

    def call(self, user: str, now: float) -> None:
        """Notes the call of a user; an earlier one stays. Raises OSError."""
        self._write({user: int(now)} | self._since)

    def end(self, user: str) -> None:
        """Takes the call off. Raises OSError."""
        self._write({name: since for name, since in self._since.items() if name != user})

    def forget(self, user: str) -> None:
        """Takes off what was asked for in an earlier server, because another one starts, also while the disk is full."""
        try:
            self.end(user)
        except OSError as error:
            app_log.warning("the call for help of %s may return after a restart of the hub: %s", user, error)

    def _write(self, calls: dict[str, int]) -> None:
        if calls != self._since:
            self._since = calls
            write_private(self._path, json.dumps(calls))
