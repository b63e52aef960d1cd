"""The settings of the class while the hub runs: it takes a new hub.json by itself, unless one of the changes needs a restart.

`contracts/hub-reload.ts` says which values need one; their hash is in the file (`fixedHash`), so nobody else has to know.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable

from jupyterhub.app import JupyterHub
from tornado.log import app_log

from .private_file import version_of, write_private
from .settings import Paths, Settings, SettingsError, parse_settings, read_bytes, with_secret_environment

_EVERY = 2  # seconds
NEEDS_RESTART = "some of its values need a restart of the hub"


class LiveSettings:
    """Has the attributes of `Settings` with their values of now; `now` is all of them, of one file.

    A file that is missing or wrong, or that needs a restart, changes nothing.
    """

    def __init__(self, paths: Paths) -> None:
        """Reads the file and the secret variables of users' servers; raises SettingsError."""
        self._paths = paths
        self._version: tuple | None = None
        self._followers: list[Callable[[Settings], None]] = []
        self.now = self._read()
        self._problem: str | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self.__dict__["now"], name)

    def __deepcopy__(self, _memo: dict) -> "LiveSettings":
        """Stays one object: traitlets copies the objects in a settings file."""
        return self

    def current(self) -> Settings:
        """Returns the settings of now, which do not change any more: for one start."""
        return self.now

    def follow(self, follower: Callable[[Settings], None]) -> None:
        """Calls `follower` with the new settings after each change."""
        self._followers.append(follower)

    async def watch(self) -> None:
        """Looks every two seconds, for ever, once the hub has started."""
        self._write_status()
        while True:
            await asyncio.sleep(_EVERY)
            started = getattr(JupyterHub.instance(), "_start_future", None)
            if started and started.done():
                self.look()

    def look(self) -> None:
        """Takes the file if it is another one, or notes why not."""
        if version_of(self._paths.settings) == self._version:
            return
        try:
            found = self._read()
        except Exception as error:  # whatever is wrong with a file must not end the looks
            self._problem = "; ".join(error.faults) if isinstance(error, SettingsError) else repr(error)
            app_log.error("the hub keeps the settings that it has: %s: %s", self._paths.settings, self._problem)
        else:
            self._problem = None if found.fixed_hash == self.now.fixed_hash else NEEDS_RESTART
            if self._problem:  # `swarmhub up` restarts the hub next
                app_log.info("%s: %s", self._paths.settings, self._problem)
            else:
                self._use(found)
        self._write_status()

    def _use(self, found: Settings) -> None:
        self.now = found
        for follower in self._followers:
            try:
                follower(found)
            except Exception as error:
                self._problem = f"not everything follows the new settings: {error!r}"
                app_log.exception("not everything follows the new settings")
        app_log.info("the hub has taken new settings from %s", self._paths.settings)

    def _read(self) -> Settings:
        # Before the content: if it is replaced in between, the next look reads it again.
        self._version, self._digest = version_of(self._paths.settings), ""
        content = read_bytes(self._paths.settings)
        self._digest = hashlib.sha256(content).hexdigest()
        return with_secret_environment(parse_settings(content, self._paths.settings), self._paths)

    def _write_status(self) -> None:
        """Tells `swarmhub` which file was read last, and why it is not used (`contracts/hub-reload.ts`)."""
        status = {"read": self._digest, "problem": self._problem, "needsRestart": self._problem == NEEDS_RESTART}
        try:
            write_private(self._paths.settings_status, json.dumps(status))
        except OSError as error:
            app_log.error("cannot write %s: %s", self._paths.settings_status, error)
