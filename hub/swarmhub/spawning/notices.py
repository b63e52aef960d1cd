"""What JupyterLab tells users about their running servers: why a kernel has gone, or why the whole server was restarted."""

import time

MEMORY_ENDED = (
    "Your server reached its memory limit ({limit}), so a program in it was ended, most likely the kernel of a notebook. "
    "Its variables are gone, your files are unchanged. "
    "Before you run the cells again, shut down kernels that you do not need, or load less data."
)
_KEPT = 3600  # seconds


class UserNotices:
    """The newest sentence for each user, for an hour."""

    def __init__(self) -> None:
        """Has none."""
        self._said: dict[str, tuple[float, str]] = {}

    def say(self, user: str, text: str) -> None:
        """Replaces the sentence for a user."""
        self._said[user] = time.time(), text

    def forget(self, user: str) -> None:
        """Takes back what was said, because the server starts anew."""
        self._said.pop(user, None)

    def shown(self) -> dict[str, dict[str, str]]:
        """Returns the sentences by user; the id is another one for each sentence."""
        since = time.time() - _KEPT
        self._said = {user: (at, text) for user, (at, text) in self._said.items() if at > since}
        return {user: {"id": f"{at:.3f}", "text": text} for user, (at, text) in self._said.items()}
