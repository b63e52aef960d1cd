"""Asking the hub, as one of its services does."""

import json
import urllib.request
from collections.abc import Iterator

_PAGE = 200  # the hub gives no more at once (JupyterHub.api_page_max_limit)


class HubApi:
    """The hub's API at `url`, with a token that may list users and their servers. Raises OSError and ValueError."""

    def __init__(self, url: str, token: str) -> None:
        """`url` ends in /hub/api."""
        self._url = url
        self._token = token

    def active_users(self) -> set[str]:
        """The names of all users who have a server, or one that is about to start or to stop."""
        return {user["name"] for user in self._active()}

    def _active(self) -> Iterator[dict]:
        # Without this header the hub answers the first users only, and who is not in the answer would lose their server.
        accept = "application/jupyterhub-pagination+json"
        offset: int | None = 0
        while offset is not None:
            url = f"{self._url}/users?state=active&offset={offset}&limit={_PAGE}"
            headers = {"Authorization": f"token {self._token}", "Accept": accept}
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:  # noqa: S310
                found = json.load(answer)
            yield from found["items"]
            following = found["_pagination"]["next"]
            offset = following and following["offset"]
