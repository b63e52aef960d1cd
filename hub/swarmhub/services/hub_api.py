"""Asking the hub, as one of its services does."""

import json
import urllib.request
from collections.abc import Iterator
from urllib.error import HTTPError

_PAGE = 200  # the hub gives no more at once (JupyterHub.api_page_max_limit)


class HubApi:
    """The hub's API at `url`, with a token that may list users and their servers. Raises OSError."""

    def __init__(self, url: str, token: str) -> None:
        """`url` ends in /hub/api."""
        self._url = url
        self._token = token

    def active_users(self) -> set[str]:
        """The names of all users who have a server, or one that is about to start or to stop."""
        return {user["name"] for user in self.active()}

    def active(self) -> Iterator[dict]:
        """The same users as the hub's API models them, with their servers; all pages of them."""
        offset: int | None = 0
        while offset is not None:
            found, offset = self._page(offset)
            yield from found

    def _page(self, offset: int) -> tuple[list[dict], int | None]:
        url = f"{self._url}/users?state=active&offset={offset}&limit={_PAGE}"
        # Without this header the hub answers the first users only, and who is not in the answer would lose their server.
        headers = {"Authorization": f"token {self._token}", "Accept": "application/jupyterhub-pagination+json"}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:  # noqa: S310
                found = json.load(answer)
            following = found["_pagination"]["next"]
            return found["items"], following and following["offset"]
        except HTTPError as error:
            raise OSError(f"the hub answers {error.code}: {_message(error.read())}") from error
        except (ValueError, LookupError, TypeError) as error:
            raise OSError(f"the hub answers no list of users: {error}") from error


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, LookupError, TypeError):
        return "no words"
