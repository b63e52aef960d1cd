"""In the hub's container: prints whose servers the hub has, a line each; `stop` asks it to stop them first, all at once."""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

API = "http://127.0.0.1:8081/hub/api/users"
HEADERS = {"Authorization": f"token {Path('/data/operator-token').read_text()}"}


def ask(url, method="GET"):
    with urllib.request.urlopen(urllib.request.Request(url, headers=HEADERS, method=method), timeout=60) as answer:
        return answer.read()


def stop(user):
    try:
        ask(f"{API}/{urllib.parse.quote(user, safe='')}/server", "DELETE")
    except urllib.error.HTTPError as error:
        print(f"{user}: {error.read().decode()}", file=sys.stderr)


def users():
    return [user["name"] for user in json.loads(ask(f"{API}?state=active&limit=200"))]


if "stop" in sys.argv:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(stop, users()))
print("\n".join(users()))
