"""Calls the hub's API, as a service of the hub."""

from collections.abc import Iterator

from ..bounded_request import KIB, request_now

_MAX_BYTES = 16 * 1024 * KIB  # of a page
_PAGE = 200  # the maximum for one response of the hub (JupyterHub.api_page_max_limit)


class HubApi:
    """The hub's API at `url`, with a token that may list users and their servers. Raises OSError."""

    def __init__(self, url: str, token: str) -> None:
        """`url` ends in /hub/api."""
        self._url = url
        self._token = token

    def active_users(self) -> set[str]:
        """Returns the names of all users whose server runs, starts or stops."""
        return {user["name"] for user in self.active()}

    def active(self) -> Iterator[dict]:
        """Yields these users with their servers, as the hub's API describes them, from all pages."""
        offset: int | None = 0
        while offset is not None:
            found, offset = self._page(offset)
            yield from found

    def _page(self, offset: int) -> tuple[list[dict], int | None]:
        url = f"{self._url}/users?state=active&offset={offset}&limit={_PAGE}"
        # Without this header the hub returns only the first users, and the sweeper would remove the servers of all others.
        headers = {"Authorization": f"token {self._token}", "Accept": "application/jupyterhub-pagination+json"}
        response = request_now(url, 30, _MAX_BYTES, headers=headers)
        if response.status != 200:
            raise OSError(f"the hub responded with status {response.status}: {_message(response.json())}")
        try:
            found = response.json()
            following = found["_pagination"]["next"]
            return found["items"], following and following["offset"]
        except (LookupError, TypeError) as error:
            raise OSError("the hub did not return a list of users") from error


def _message(content: object) -> str:
    return str(content.get("message")) if isinstance(content, dict) else "no message"
