"""JupyterHub's settings for a class: the same file for every class, what differs comes from hub.json and the secrets.

SWARMHUB_ROOT moves all paths below another folder than `/`, SWARMHUB_PORT the hub to another port than 8081 (tests).
"""

import os
import sys
from functools import partial
from pathlib import Path

from swarmhub.authenticator import ClassAuthenticator, to_ascii
from swarmhub.homes.first_files import add_first_files
from swarmhub.homes.provisioning import prepare_home
from swarmhub.homes.usage import home_usage
from swarmhub.services.operator_api import operator_token
from swarmhub.settings import Paths, SettingsError, read_secret, read_settings
from swarmhub.spawning.image_choice import FIELD, form, options_from_form
from swarmhub.spawning.service_spec import HOME
from swarmhub.spawning.spawner import SwarmHubSpawner
from swarmhub.upstream_fixes import FreshResolver, share_pending_start, use_write_ahead_log

c = get_config()
paths = Paths(Path(os.environ.get("SWARMHUB_ROOT", "/")))
try:
    settings = read_settings(paths.settings)
    proxy_token = read_secret(paths, "proxy-token")
    shared_password = to_ascii(read_secret(paths, "shared-password"))
    admin_password = to_ascii(read_secret(paths, "admin-password")) if settings.admins else None
except SettingsError as error:
    sys.exit(str(error))

# --- where the hub lives -------------------------------------------------------------------------------------------------
port = os.environ.get("SWARMHUB_PORT", "8081")
c.JupyterHub.hub_bind_url = f"http://0.0.0.0:{port}"
# Also what the hub tells the proxy to send everything to that is no user's server (jupyterhub/proxy.py, add_hub_route uses
# hub.host). Were it the proxy's own address, as for the users' servers below, the proxy would ask itself for ever.
c.JupyterHub.hub_connect_url = "http://hub:8081"
# A restarted hub has a new address, and a server that asks an address it remembers gets no answer for 30-60 s. The proxy
# service's address stays, so users' servers reach the hub through it: JUPYTERHUB_API_URL=http://proxy:8000/hub/api.
c.SwarmHubSpawner.hub_connect_url = "http://proxy:8000"
c.JupyterHubHTTPClient.connector_options = {"resolver": FreshResolver(), "use_dns_cache": False}
# SQLite on the manager's own disk, never NFS. A new JupyterHub changes its tables one way; upgrade_db keeps a copy beside it.
c.JupyterHub.db_url = f"sqlite:///{(paths.data / 'hub.sqlite').absolute()}"
c.JupyterHub.upgrade_db = True
use_write_ahead_log()
# A hub that comes back looks at all servers side by side, and answers nobody for so long (default: 10 s). Those that it has not
# seen then are "check pending", and keep their routes (jupyterhub/proxy.py, check_routes).
c.JupyterHub.init_spawners_timeout = 1
c.JupyterHub.cookie_secret_file = str(paths.data / "cookie-secret")

# --- the proxy is a service of its own, so that a hub restart drops no connection ------------------------------------------
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = "http://proxy:8001"
c.ConfigurableHTTPProxy.auth_token = proxy_token
c.JupyterHub.cleanup_servers = False  # the default stops every notebook when the hub stops
c.JupyterHub.cleanup_proxy = False
# A restarted proxy has forgotten its routes, and a proxy that the hub did not start is looked at only here. Until then users
# are redirected in circles, with an error after 14 s (jupyterhub/handlers/base.py, _redirect_to_user_server); default: 300 s.
c.JupyterHub.last_activity_interval = 5

# --- login: one password for the room, another for the admins --------------------------------------------------------------
c.JupyterHub.authenticator_class = ClassAuthenticator
c.ClassAuthenticator.user_password = shared_password
c.ClassAuthenticator.admin_password = admin_password
c.Authenticator.admin_users = set(settings.admins)
c.Authenticator.allow_all = True  # since Hub 5 nobody gets in without a rule
c.Authenticator.username_pattern = r"[^\x00-\x1f\x7f]{1,254}\Z"  # any name or e-mail address, but no megabytes

# --- servers ---------------------------------------------------------------------------------------------------------------
c.JupyterHub.spawner_class = SwarmHubSpawner
c.SwarmHubSpawner.settings = settings
c.SwarmHubSpawner.image = settings.image
c.SwarmHubSpawner.options_form = lambda spawner: form(settings, spawner.user_options.get(FIELD))
c.SwarmHubSpawner.options_from_form = partial(options_from_form, settings)
c.SwarmHubSpawner.name_template = "nb-{username}"
c.SwarmHubSpawner.network_name = settings.network
c.SwarmHubSpawner.use_internal_ip = True  # by name on the overlay network; else each server would publish a port
# Unset, dockerspawner reads the command from the image, which is not on the hub's machine.
c.SwarmHubSpawner.cmd = ["jupyterhub-singleuser"]
# For images with the package jupyter-resource-usage: JupyterLab shows how full the home is. All others ignore it. Its
# figures for Prometheus would be collected each second, for nobody.
c.SwarmHubSpawner.args = ["--ResourceUseDisplay.track_disk_usage=True", "--ResourceUseDisplay.enable_prometheus_metrics=False"]
c.SwarmHubSpawner.notebook_dir = HOME
c.SwarmHubSpawner.default_url = "/lab"
c.SwarmHubSpawner.environment = {
    "HOME": HOME,
    # In a full home a server must still start, or its user could never make room. It would fail on its runtime files, and on
    # the mark "migrated" that jupyter_core writes into the settings folder at the second start (migrate.py).
    "JUPYTER_RUNTIME_DIR": "/tmp/jupyter-runtime",
    "JUPYTER_CONFIG_DIR": "/tmp/jupyter-config",
    # The user's own settings stay in the home all the same: read from it, and JupyterLab's written to it.
    "JUPYTER_CONFIG_PATH": f"{HOME}/.jupyter",
    "JUPYTERLAB_SETTINGS_DIR": f"{HOME}/.jupyter/lab/user-settings",
    "JUPYTERLAB_WORKSPACES_DIR": f"{HOME}/.jupyter/lab/workspaces",
    "XDG_CACHE_HOME": "/tmp/cache",
}
c.SwarmHubSpawner.client_kwargs = {"timeout": 30}  # seconds for one answer of Docker's
QUEUE_TIMEOUT, QUEUE_LIMIT = 1800, 100  # for how many seconds, and how many people, wait in line when all seats are taken
c.SwarmHubSpawner.queue_timeout = QUEUE_TIMEOUT
c.SwarmHubSpawner.queue_limit = QUEUE_LIMIT
c.SwarmHubSpawner.start_timeout = QUEUE_TIMEOUT + 300  # the first server on a machine may have to fetch the image
c.SwarmHubSpawner.http_timeout = 120
c.SwarmHubSpawner.poll_interval = 15  # so late at most the hub sees that somebody chose File > Shut Down
c.SwarmHubSpawner.consecutive_failure_limit = 0  # a hub that exits helps nobody
# It refuses with 429, it does not queue (jupyterhub/handlers/base.py, spawn_single_user); a class that logs in at once must
# fit, and those who wait in line count too. Seats are counted by Swarm.
c.JupyterHub.concurrent_spawn_limit = max(settings.seats, 100) + QUEUE_LIMIT
c.JupyterHub.active_server_limit = 0
# After a second (default 10) to the page that tells how far the start is. Not at once: what fails at once would fail before
# that page listens, and its question is then answered with 400 and no words (jupyterhub/apihandlers/users.py).
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 1}
share_pending_start()


async def pre_spawn_hook(spawner: SwarmHubSpawner) -> None:
    spawner.notice = None
    await prepare_home(paths.storage, spawner.escaped_name, spawner.user.name)
    if problem := await add_first_files(paths.storage, spawner.escaped_name):
        spawner.notice, detail = problem
        spawner.log.warning("%s: %s (%s)", spawner.user.name, spawner.notice, detail)


# --- the pages ---------------------------------------------------------------------------------------------------------------
c.JupyterHub.template_paths = [str(Path(__file__).parent / "templates")]
c.JupyterHub.template_vars = {"class_name": settings.name}
if settings.storage:
    c.SwarmHubSpawner.pre_spawn_hook = pre_spawn_hook
    # JupyterHub calls a function that it finds here, on every page; what it answers is called by the pages that want to know.
    c.JupyterHub.template_vars["home_usage"] = lambda _user: partial(home_usage, paths.storage)
else:
    c.JupyterHub.template_vars["announcement"] = "Files here are kept only while your server runs; download what you want to keep."

# --- services of the hub's own ---------------------------------------------------------------------------------------------
hub_api = f"http://127.0.0.1:{port}/hub/api"
sweeper = [sys.executable, "-m", "swarmhub.services.sweeper", settings.name, hub_api, str(settings.sweep_interval)]
if settings.storage:
    sweeper.append(str(paths.storage / "fenced"))
# A service of the hub's gets few of its variables.
docker_host = {name: value for name, value in os.environ.items() if name == "DOCKER_HOST"}
c.JupyterHub.services = [{"name": "sweeper", "command": sweeper, "environment": docker_host}]
c.JupyterHub.load_roles = [{"name": "sweeper", "scopes": ["list:users", "read:servers"], "services": ["sweeper"]}]
if settings.idle_timeout:
    interval = min(settings.idle_timeout // 2, 300)
    culler = ["jupyterhub_idle_culler", f"--url={hub_api}", f"--timeout={settings.idle_timeout}", f"--cull-every={interval}"]
    scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
    c.JupyterHub.services.append({"name": "idle-culler", "command": [sys.executable, "-m", *culler]})
    c.JupyterHub.load_roles.append({"name": "idle-culler", "scopes": scopes, "services": ["idle-culler"]})

# --- what the operator asks of the hub (swarmhub/services/operator_api.py) ---------------------------------------------------
c.JupyterHub.services.append({"name": "operator", "api_token": operator_token(paths)})
c.JupyterHub.load_roles.append(
    {
        "name": "operator",
        "scopes": ["list:users", "read:users:activity", "read:servers", "servers"],
        "services": ["operator"],
    }
)
