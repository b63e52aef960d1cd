"""JupyterHub with dockerspawner's own SwarmSpawner, as its documentation has it, in the place of a class's hub.

What is not said here is as it comes, the timeouts and limits above all. Homes: none, since it mounts folders of the machine alone.
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

# So that its servers can be counted against Swarm's services, as ours are.
c.JupyterHub.services = [{"name": "operator", "api_token": Path("/data/operator-token").read_text()}]
c.JupyterHub.load_roles = [
    {"name": "operator", "services": ["operator"], "scopes": ["list:users", "read:servers"]}
]
