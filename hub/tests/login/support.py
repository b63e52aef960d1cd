"""Requests to the API of a real hub, as a script or as a logged-in browser makes them."""

import http.client
import json
import urllib.error
import urllib.request

from ..support.real_hub import Browser, RunningHub


def call(hub: RunningHub, method: str, path: str, body: object = None, token: str | None = None, **headers: str) -> tuple[int, object]:
    """Returns the status and the JSON of the response, its text if it is none."""
    data = None if body is None else json.dumps(body).encode()
    headers |= {"Authorization": f"token {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{hub.hub_port}/hub/api{path}", data, headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return response.status, _read(response.read())
    except urllib.error.HTTPError as error:
        return error.code, _read(error.read())


def make_token(browser: Browser, user: str) -> str:
    """Makes an API token as its user does on the page Token."""
    status, text = browser.open(f"/hub/api/users/{user}/tokens", method="POST")
    assert status == 201, text
    return json.loads(text)["token"]


def redirect_of(browser: Browser, path: str) -> str:
    """Returns the address to which a page redirects the browser."""
    connection = http.client.HTTPConnection(browser.address.removeprefix("http://"), timeout=60)
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
    connection.request("GET", path, headers={"Cookie": cookies, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
    answer = connection.getresponse()
    connection.close()
    return answer.headers["Location"]


def is_logged_in(browser: Browser) -> bool:
    return 'id="logout"' in browser.open("/hub/home")[1]


def change_settings(hub: RunningHub, **changes: object) -> None:
    """Changes hub.json; the next start of the hub reads it."""
    path = hub.root / "etc/swarmhub/hub.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change_secret(hub: RunningHub, name: str, value: str) -> None:
    (hub.root / "run/secrets" / name).write_text(f"{value}\n")


def _read(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()
