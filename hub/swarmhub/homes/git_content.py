"""The class's content from git (`servers.content`): the hub fetches it, and it becomes a version of what is handed out.

So it comes into homes, and keeps the work of their owners, by the rule of what is handed out: `late_comers` does the rest.
"""

import asyncio
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from ..server_settings import Content
from .git_repository import ContentError, Limits, fetch
from .handouts import Store
from .versions import Version

MISSING = (
    "The files of this class could not be fetched from its repository, so they are not in your home folder. Please tell your instructor."
)
_log = logging.getLogger("content")
# Nothing that `swarmhub handout` sends has such a name.
NAME = ".content"
TOKEN = "content-token"  # noqa: S105
CA = "content-ca"


class ContentKeeper:
    """Keeps the newest commit among what is handed out. Without content, it withdraws what an earlier configuration had."""

    def __init__(
        self, content: Content | None, token: str | None, storage: Path, fetch: Callable = fetch, limits: Limits | None = None
    ) -> None:
        """`token` is for a private repository."""
        self._content, self._token, self._store = content, token, Store(storage / "handouts")
        self._fetch, self._limits = fetch, limits or Limits()
        self._seen: tuple[Content, str] | None = None  # the newest commit that was handed out
        self._looked: tuple[Content | None, float] = (None, float("-inf"))  # at which content the last look ended, and when
        self._work: asyncio.Future | None = None
        self._is_withdrawn = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="content")
        self.problem: str | None = None
        self.is_missing = False  # nothing was ever fetched

    def use(self, content: Content | None) -> None:
        """Keeps another content from the next look on."""
        if content != self._content:
            self._content, self._is_withdrawn, self.problem = content, False, None
            self.look_soon()

    def look_soon(self) -> None:
        """Looks before the first start needs it, so that what is wrong is known early; needs a running event loop."""
        self._first = asyncio.ensure_future(self._look_and_log())

    async def _look_and_log(self) -> None:
        if problem := await self.refresh(wait=self._limits.seconds * 2, pause=0):
            _log.warning(problem)

    async def refresh(self, wait: float = 5, pause: float = 30) -> str | None:
        """Looks at the repository if the last look ended `pause` seconds ago; returns what failed last, for the log.

        One look serves all starts, and goes on after a start has waited `wait` seconds for it. Without content, one is enough. It raises
        nothing.
        """
        looked_at, ended = self._looked
        is_due = looked_at != self._content or time.monotonic() - ended >= pause
        if self._work is None and not self._is_withdrawn and is_due:
            self._work = asyncio.get_running_loop().run_in_executor(self._thread, self._look, self._content)
            self._work.add_done_callback(partial(self._done, self._content))
        if self._work:
            await asyncio.wait([self._work], timeout=wait)
        return self.problem

    def _done(self, content: Content | None, _work: asyncio.Future) -> None:
        self._work, self._looked = None, (content, time.monotonic())

    def _look(self, content: Content | None) -> None:
        try:
            self._update(content)
            self.problem = None
        except (ContentError, OSError, ValueError) as error:
            self.problem = f"no new content from {content.repository}: {error}" if content else f"content stays: {error}"

    def _update(self, content: Content | None) -> None:
        was_fetched = NAME in self._store.names()
        self.is_missing = content is not None and not was_fetched
        if content is None:
            if was_fetched:
                self._store.withhold(NAME, None)
            self._seen, self._is_withdrawn = None, self._content is None
            return
        before = self._seen[1] if self._seen and self._seen[0] == content else None
        with tempfile.TemporaryDirectory(prefix="files-") as draft:
            commit, files = self._fetch(content, self._token, before, Path(draft), self._limits)
            if commit != before:
                self._store.publish(Version(NAME, 0, tuple(files)), lambda folder: _copy_tree(Path(draft), folder))
                self._seen = content, commit
            self.is_missing = False


def _copy_tree(draft: Path, folder: Path) -> None:
    shutil.copytree(draft, folder, dirs_exist_ok=True)
    for each in folder.rglob("*"):
        if each.is_file():
            with each.open("rb") as file:
                os.fsync(file.fileno())
