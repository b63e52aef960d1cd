"""JupyterHub's settings for a class: this file is the same for every class; hub.json and the secrets contain the differences.

For tests, SWARMHUB_ROOT sets another root folder than `/` for all paths, SWARMHUB_PORT another port than 8081 for the hub, and
SWARMHUB_SWEEP_SECONDS another interval of the sweeper than 60 s.
"""

import asyncio
import contextlib
import os
import sys
from functools import partial
from pathlib import Path

from jupyterhub.spawner import SpawnException

from swarmhub.homes.first_files import add_first_files
from swarmhub.homes.git_content import CA, MISSING, TOKEN, ContentKeeper
from swarmhub.homes.git_repository import fetch
from swarmhub.homes.late_comers import catch_up
from swarmhub.homes.owner_note import find_home
from swarmhub.homes.provisioning import prepare_home
from swarmhub.homes.shared_folder import link_shared_folder, prepare_shared_folder
from swarmhub.homes.storage_calls import call_storage
from swarmhub.homes.usage import home_usage
from swarmhub.live_settings import LiveSettings
from swarmhub.login.membership import last_claims
from swarmhub.login.methods import configure_login
from swarmhub.login.new_admins import NewAdmins
from swarmhub.login.pages import PAGES, page_variables
from swarmhub.login.renames import refuse_renames
from swarmhub.login.roles import ROOM, is_teacher, teacher_role
from swarmhub.login.sessions import API_TOKEN_SECONDS
from swarmhub.login.upkeep import configure_access
from swarmhub.room.announcement import FILE as ANNOUNCEMENT
from swarmhub.room.announcement import Announcements
from swarmhub.room.configuration import configure_room
from swarmhub.services.idle_culler import configure_culler
from swarmhub.services.operator_api import Hub, operator_token, stop
from swarmhub.services.outside import configure_programs
from swarmhub.services.rehearsal import configure_rehearsal
from swarmhub.settings import Paths, SettingsError, read_outbound, read_secret
from swarmhub.spawning.home_state import look_at_home
from swarmhub.spawning.image_choice import check_options, options_from_form
from swarmhub.spawning.image_form import form
from swarmhub.spawning.seats import QUEUE_LIMIT, follow_seats, spawn_limit
from swarmhub.spawning.spawner import SwarmHubSpawner
from swarmhub.upstream_fixes import FreshResolver, ask_for_a_new_login, bound_answers_of_servers, share_pending_start, use_write_ahead_log
from swarmhub.warm.configuration import configure_warm
from swarmhub.web import queue_page, websocket_check
from swarmhub.web.admin_scopes import keep_admins_out_of_servers
from swarmhub.web.client_address import believe_only
from swarmhub.web.login_form import accept_from_any_address
from swarmhub.web.page_guard import HEADERS, guard_pages
from swarmhub.web.request_limits import limit_requests
from swarmhub.web.subdomains import subdomain
from swarmhub.web.user_options import check_user_options

c = get_config()
paths = Paths(Path(os.environ.get("SWARMHUB_ROOT", "/")))
# The files are readable for every account of the container, and the page of the room and git run with accounts that need none of them.
with contextlib.suppress(FileNotFoundError):
    paths.secrets.chmod(0o700)
try:
    settings = LiveSettings(paths)
    proxy_token = read_secret(paths, "proxy-token")
    edge_token = read_secret(paths, "edge-token")
except SettingsError as error:
    sys.exit(str(error))

# --- the hub: addresses and data ------------------------------------------------------------------------------------------
port = os.environ.get("SWARMHUB_PORT", "8081")
c.JupyterHub.hub_bind_url = f"http://0.0.0.0:{port}"
# The hub also registers this address with the proxy, as the target of all requests that are not for a user's server
# (jupyterhub/proxy.py, add_hub_route uses hub.host). With the proxy's own address, which the users' servers use (see below), the
# proxy would send these requests to itself in an endless loop.
c.JupyterHub.hub_connect_url = "http://hub:8081"
# A restarted hub has a new address, and a server that still uses the old one gets no response for 30-60 s. The address of the
# proxy service stays the same, so users' servers reach the hub through it: JUPYTERHUB_API_URL=http://proxy:8000/hub/api.
c.SwarmHubSpawner.hub_connect_url = "http://proxy:8000"
c.JupyterHubHTTPClient.connector_options = {"resolver": FreshResolver(), "use_dns_cache": False}
if settings.subdomain_host:
    c.JupyterHub.subdomain_host = settings.subdomain_host
    c.JupyterHub.subdomain_hook = subdomain
    # A page of a user's server can set cookies for the whole domain, but not with this prefix (jupyterhub/app.py).
    c.JupyterHub.cookie_host_prefix_enabled = True
# SQLite is on the manager's own disk, never on NFS. A newer JupyterHub migrates the tables, which cannot be undone; upgrade_db
# keeps a copy of the old database.
c.JupyterHub.db_url = f"sqlite:///{(paths.data / 'hub.sqlite').absolute()}"
c.JupyterHub.upgrade_db = True
use_write_ahead_log()
# A restarted hub checks all servers in parallel, and answers no requests during this time (default: 10 s). Servers that are not
# checked by then are "check pending", and keep their routes (jupyterhub/proxy.py, check_routes).
c.JupyterHub.init_spawners_timeout = 1
c.JupyterHub.cookie_secret_file = str(paths.data / "cookie-secret")

# --- the proxy: a separate service, so that a restart of the hub drops no connections -------------------------------------
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = "http://proxy:8001"
c.ConfigurableHTTPProxy.auth_token = proxy_token
c.JupyterHub.cleanup_servers = False  # by default, every notebook stops when the hub stops
c.JupyterHub.cleanup_proxy = False
# A restarted proxy has lost its routes, and the hub checks a proxy that it did not start only at this interval. Until then users
# are in a redirect loop, with an error after 14 s (jupyterhub/handlers/base.py, _redirect_to_user_server); default: 300 s.
c.JupyterHub.last_activity_interval = 5

# --- login ----------------------------------------------------------------------------------------------------------------
hub_api = f"http://127.0.0.1:{port}/hub/api"


def stop_server(name: str) -> bool:
    return stop(Hub(hub_api, operator_token(paths), docker=None, service_prefix=""), name)["ok"]


try:
    access = configure_access(c, settings, paths, stop_server, SwarmHubSpawner.seat_queue.clear)
    configure_login(c, settings, paths)
except SettingsError as error:
    sys.exit(str(error))
c.Authenticator.admin_users = set(settings.admins)
c.JupyterHub.cookie_max_age_days = settings.remember_seconds / 86400
c.JupyterHub.oauth_token_expires_in = settings.remember_seconds  # for the cookies of users' servers
c.JupyterHub.token_expires_in_max_seconds = API_TOKEN_SECONDS
c.Authenticator.username_pattern = r"[^\x00-\x1f\x7f]{1,254}\Z"  # any name or e-mail address, with a limited length

new_admins = NewAdmins(paths.data / "new-admins.json", stop_server, names_are_open=settings.login_method == "shared-password")
new_admins.watch()
refuse_renames()

# --- servers --------------------------------------------------------------------------------------------------------------
c.JupyterHub.spawner_class = SwarmHubSpawner
c.SwarmHubSpawner.find_settings = settings.current
c.SwarmHubSpawner.membership = access.membership
c.SwarmHubSpawner.reports = paths.reports
c.SwarmHubSpawner.options_form = form
c.SwarmHubSpawner.options_from_form = partial(options_from_form, settings)
check_user_options(partial(check_options, settings))
c.SwarmHubSpawner.name_template = f"{settings.user_service_prefix}{{username}}"
c.SwarmHubSpawner.network_name = settings.network
c.SwarmHubSpawner.use_internal_ip = True  # by name on the overlay network; otherwise each server would publish a port
# If this is unset, dockerspawner reads the command from the image, which is not on the hub's machine.
c.SwarmHubSpawner.cmd = ["jupyterhub-singleuser"]
# In images with the package jupyter-resource-usage, JupyterLab shows how full the home is; all others ignore the option. The
# package's Prometheus metrics would be collected every second, but nothing reads them.
c.SwarmHubSpawner.args = ["--ResourceUseDisplay.track_disk_usage=True", "--ResourceUseDisplay.enable_prometheus_metrics=False"]
# No server fetches news of the Jupyter project. Whether to is not asked either: hub/labextension/settings.json.
c.SwarmHubSpawner.args.append("--LabApp.news_url=None")
c.SwarmHubSpawner.failed_starts = str(paths.data / "failed-starts")
c.SwarmHubSpawner.client_kwargs = {"timeout": 30}  # seconds for one response of Docker
QUEUE_TIMEOUT = 1800  # seconds, when all seats are taken
c.SwarmHubSpawner.queue_timeout = QUEUE_TIMEOUT
c.SwarmHubSpawner.queue_limit = QUEUE_LIMIT
c.SwarmHubSpawner.start_timeout = QUEUE_TIMEOUT + 300  # the first server on a machine may have to download the image
c.SwarmHubSpawner.http_timeout = 120
c.SwarmHubSpawner.poll_interval = 15  # the maximum delay until the hub notices that a user chose File > Shut Down
c.SwarmHubSpawner.consecutive_failure_limit = 0  # 0: never exit, because a hub that is down helps nobody
c.JupyterHub.concurrent_spawn_limit = spawn_limit(settings.now)
settings.follow(follow_seats)
c.JupyterHub.active_server_limit = 0
# Users are redirected to the progress page after one second (default: 10 s). Not immediately: a start that fails immediately would
# fail before that page listens, and its request then gets status 400 without a message (jupyterhub/apihandlers/users.py).
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 1}
share_pending_start()
bound_answers_of_servers()
ask_for_a_new_login()


try:
    content_token = read_secret(paths, TOKEN) if (paths.secrets / TOKEN).exists() else None
    outbound = read_outbound(paths)
except SettingsError as error:
    sys.exit(str(error))
content_ca = paths.secrets / CA if (paths.secrets / CA).exists() else None
git_content = ContentKeeper(settings.servers.content, content_token, paths.storage, partial(fetch, proxy=outbound, ca=content_ca))
settings.follow(lambda found: git_content.use(found.servers.content))


async def pre_spawn_hook(spawner: SwarmHubSpawner) -> None:
    spawner.notice = None
    spawner.use_home(await call_storage(8, find_home, paths.storage, spawner.user.name))
    notice = await new_admins.home_notice(paths.storage, spawner.user.name)
    if spawner.settings.servers.shared:
        spawner.may_write_shared = is_teacher(spawner.user.orm_user)
        await prepare_shared_folder(paths.storage)
    claims = last_claims(spawner.user, spawner.authenticator)
    groups = access.membership.claimed_groups(claims)
    await prepare_home(paths.storage, spawner.escaped_name, spawner.user.name, groups)
    await look_at_home(paths.storage, spawner)
    if notice:
        spawner.log.warning("%s: %s", spawner.user.name, notice)
    else:
        new_admins.forget(spawner.user.name)
    problem = await add_first_files(paths.storage, spawner.escaped_name)
    if problem:
        spawner.log.warning("%s: %s (%s)", spawner.user.name, *problem)
    if spawner.settings.servers.shared and not spawner.home_is_full:
        try:
            await call_storage(8, link_shared_folder, paths.storage, spawner.escaped_name)
        except SpawnException as error:  # the folder is there without it
            spawner.log.warning("%s: no link to the shared folder: %s", spawner.user.name, error.log_message)
    stale = await git_content.refresh()
    if stale:
        spawner.log.warning(stale)
    if git_content.is_missing:
        # JupyterLab shows it: a link to a file of the content opens nothing.
        spawner.notices.say(spawner.user.name, MISSING)
    mine = access.membership.names_of(spawner.user.name, claims)
    late = await catch_up(paths.storage, paths.data / "handout-locks", spawner.escaped_name, mine)
    if late:
        spawner.log.warning("%s: %s (%s)", spawner.user.name, *late)
    notices = [spawner.mode_notice, notice, problem and problem[0], late and late[0]]
    spawner.notice = " ".join(filter(None, notices)) or None


# --- the pages ------------------------------------------------------------------------------------------------------------
c.JupyterHub.template_paths = [str(Path(__file__).parent / "templates")]
c.JupyterHub.template_vars = {
    "class_name": settings.name,
    "admins_may_enter": settings.admins_may_enter,
    "queue_length": queue_page.queue_length,
}
c.JupyterHub.extra_handlers = [(queue_page.PATH, queue_page.ClearQueue), (websocket_check.PATH, websocket_check.WebsocketCheck)]
limit_requests()
believe_only(edge_token)
accept_from_any_address()
guard_pages()
# No script needs the cookie: pages contain the token that it must match.
c.JupyterHub.tornado_settings |= {"headers": HEADERS, "xsrf_cookie_kwargs": {"httponly": True}}
if not settings.admins_may_enter:
    keep_admins_out_of_servers()
if settings.storage:
    c.SwarmHubSpawner.pre_spawn_hook = pre_spawn_hook
    # JupyterHub calls a function in template_vars for every page; only the pages that show the usage call its result.
    c.JupyterHub.template_vars["home_usage"] = lambda _user: partial(home_usage, paths.storage)
    c.JupyterHub.template_vars["admin_notice"] = lambda _user: partial(new_admins.home_notice, paths.storage)
TEMPORARY = "Your files are kept only while your server is running. Download the files that you want to keep."
c.JupyterHub.extra_handlers += PAGES
c.JupyterHub.template_vars |= page_variables(
    access, settings.login_method, None if settings.storage else TEMPORARY, Announcements(paths.data / ANNOUNCEMENT).html
)

# --- services that the hub starts -----------------------------------------------------------------------------------------
sweep_seconds = os.environ.get("SWARMHUB_SWEEP_SECONDS", "60")
sweeper = [sys.executable, "-m", "swarmhub.services.sweeper", settings.name, settings.user_service_prefix, hub_api, sweep_seconds]
if settings.storage:
    sweeper.append(str(paths.storage / "fenced"))
# The hub passes only a few of its environment variables to its services.
docker_host = {name: value for name, value in os.environ.items() if name == "DOCKER_HOST"}
c.JupyterHub.services = [{"name": "sweeper", "command": sweeper, "environment": docker_host}]
c.JupyterHub.load_roles = [
    {"name": "sweeper", "scopes": ["list:users", "read:servers"], "services": ["sweeper"]},
    teacher_role(settings.teachers),
]
if settings.login_method != "shared-password":
    # The configuration decides alone who is an admin, at each start.
    c.JupyterHub.load_roles.append({"name": "admin", "users": sorted(settings.admins)})
configure_culler(c, settings, hub_api)

# --- new settings, which the hub takes while it runs ------------------------------------------------------------------------------
# Other programs than the hub, such as `jupyterhub token`, read the settings without an event loop that runs.
loop = asyncio.get_running_loop()
loop.call_soon(lambda: setattr(settings, "task", loop.create_task(settings.watch())))
if settings.storage:
    loop.call_soon(git_content.look_soon)

# --- the page of the room, for teachers and admins ---------------------------------------------------------------------------
configure_room(c, settings, paths, hub_api, access).find_content_problem = lambda: git_content.problem
configure_rehearsal(c, paths, hub_api)
configure_warm(c, settings, paths, hub_api, access)

# --- the API for the operator (swarmhub/services/operator_api.py) ---------------------------------------------------------
c.JupyterHub.services.append({"name": "operator", "api_token": operator_token(paths)})
c.JupyterHub.load_roles.append(
    {
        "name": "operator",
        "scopes": ["list:users", "read:users:activity", "read:servers", "servers", ROOM],
        "services": ["operator"],
    }
)

# --- programs of others, such as a science gateway ----------------------------------------------------------------------------
try:
    configure_programs(c, settings, paths, access)
except SettingsError as error:
    sys.exit(str(error))
