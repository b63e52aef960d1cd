"""In the hub's container: prints whose servers the hub has, a line each."""

import json
import urllib.request
from pathlib import Path

url = "http://127.0.0.1:8081/hub/api/users?state=active&limit=200"
headers = {"Authorization": f"token {Path('/data/operator-token').read_text()}"}
with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
    print("\n".join(user["name"] for user in json.load(answer)))
