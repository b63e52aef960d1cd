"""Configures JupyterHub with the SwarmSpawner of dockerspawner, as its documentation shows, to replace the hub of a class.

All other settings have their defaults, timeouts and limits in particular. There are no homes, because SwarmSpawner mounts only
folders of the machine on which a server runs.
"""

import json
from pathlib import Path

c = get_config()  # noqa: F821
settings = json.loads(Path("/etc/swarmhub/hub.json").read_text())

c.JupyterHub.hub_bind_url = "http://0.0.0.0:8081"
c.JupyterHub.hub_connect_url = "http://hub:8081"
c.JupyterHub.db_url = "sqlite:////data/stock.sqlite"
c.JupyterHub.cookie_secret_file = "/data/stock-cookie-secret"
c.JupyterHub.cleanup_servers = False
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = "http://proxy:8001"
c.ConfigurableHTTPProxy.auth_token = Path("/run/secrets/proxy-token").read_text().strip()

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = Path("/run/secrets/shared-password").read_text().strip()
c.Authenticator.allow_all = True

c.JupyterHub.spawner_class = "dockerspawner.SwarmSpawner"
c.SwarmSpawner.image = settings["image"]
c.SwarmSpawner.cmd = ["jupyterhub-singleuser"]
c.SwarmSpawner.network_name = settings["network"]
c.SwarmSpawner.use_internal_ip = True
c.SwarmSpawner.mem_limit = settings["memory"]
c.SwarmSpawner.cpu_limit = settings["cpu"]
c.SwarmSpawner.extra_placement_spec = {"constraints": settings["placement"]}

# Lets the benchmark compare the servers of this hub with the services of the Swarm.
c.JupyterHub.services = [{"name": "operator", "api_token": Path("/data/operator-token").read_text()}]
c.JupyterHub.load_roles = [
    {"name": "operator", "services": ["operator"], "scopes": ["list:users", "read:servers"]}
]
