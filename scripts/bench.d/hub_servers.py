"""Prints the users who have a server, one on each line. Runs in the container of the hub."""

from pathlib import Path

from swarmhub.services.hub_api import HubApi

token = Path("/data/operator-token").read_text()
print("\n".join(HubApi("http://127.0.0.1:8081/hub/api", token).active_users()))
