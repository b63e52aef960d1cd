"""The environment and the command of a user's server: one for a home with room, one for a full home, and one for a safe start.

A stock image writes its settings, its history and its runtime files into the home. All of that was tried in homes that were full or
broken (issue 16): in a full home a server fails on `~/.jupyter/migrated`, a kernel on `~/.ipython`, and an old notebook on
`~/.local/share/jupyter/notebook_secret`.
"""

import json
import math
from enum import Enum

from ..settings import Settings

# The CPU limit is a quota of time: `nproc` and these libraries still see all cores of the machine, and would start as many
# threads (scikit-learn-mooc#586: 2 s became 40 s). Go, Java and loky read the quota themselves.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "JULIA_NUM_THREADS",
    "MC_CORES",
    "LOKY_MAX_CPU_COUNT",
    "PYTHON_CPU_COUNT",
)
# Folders of the container, which end with it.
_SAFE_HOME, _FOLDER = "/tmp/home", "/tmp/swarmhub"  # noqa: S108


class Mode(Enum):
    """How a server starts: in a home with room, in a full home, or with the user's own packages and settings put aside."""

    NORMAL = "normal"
    FULL = "full"
    SAFE = "safe"


def environment_for(settings: Settings, mode: Mode) -> dict[str, str]:
    """Returns the variables of a server with the image of `settings`, apart from those of JupyterHub.

    A variable that the image sets itself is not replaced, except by the configuration of the class. HOME is the mount of the home,
    which the image knows already, or for a safe start another folder.
    """
    look = settings.servers.look(settings.image)
    given = dict.fromkeys(THREAD_VARIABLES, str(math.ceil(settings.cpu))) if settings.cpu else {}
    if settings.servers.proxy:
        given |= settings.servers.proxy.variables()
    stock = {name: value for name, value in (given | _FOLDERS[mode](look.home)).items() if name not in look.variables}
    home = _SAFE_HOME if mode is Mode.SAFE else look.home
    return stock | dict(settings.servers.environment) | {"HOME": home, "TINI_KILL_PROCESS_GROUP": "1"}  # see _END_OF_SERVER


def command_for(command: list[str], notice: str | None) -> list[str]:
    """Returns the command, which fails if it is ended with SIGTERM, and with a notice first writes an extension of JupyterLab for it.

    The extension is a folder that JupyterLab finds through JUPYTER_PATH, so it works with every image and needs no room in the home.
    """
    command = ["sh", "-c", _END_OF_SERVER, "sh", *command]
    return command if notice is None else ["sh", "-c", _WRITE_NOTICE, "sh", _FOLDER, _notice_script(notice), *command]


def _normal(_home: str) -> dict[str, str]:
    # Everything that a user sets persists in the stock places of the home; only what belongs to this one server is elsewhere.
    return {"JUPYTER_RUNTIME_DIR": "/tmp/jupyter-runtime", "XDG_CACHE_HOME": "/tmp/cache"}  # noqa: S108


def _full(home: str) -> dict[str, str]:
    # Nothing of Jupyter writes into the home; the user's own kernels and settings are still found there.
    return _normal(home) | {
        "IPYTHONDIR": "/tmp/ipython",  # noqa: S108
        "JUPYTER_DATA_DIR": "/tmp/jupyter-data",  # noqa: S108
        "JUPYTER_CONFIG_DIR": "/tmp/jupyter-config",  # noqa: S108
        "JUPYTER_PATH": f"{home}/.local/share/jupyter",
        "JUPYTER_CONFIG_PATH": f"{home}/.jupyter",
        "JUPYTERLAB_SETTINGS_DIR": f"{home}/.jupyter/lab/user-settings",
    }


# With another HOME, the user's packages, kernels, startup files and settings of all programs are aside at once: the only way that
# also helps where a kernel in the home has the name of the image's own (JUPYTER_PREFER_ENV_PATH does not, issue 16).
_FOLDERS = {Mode.NORMAL: _normal, Mode.FULL: _full, Mode.SAFE: _normal}

# Docker ends all containers with SIGTERM when it stops, also for a reboot. Jupyter then exits with 0, as after File > Shut Down, so
# Swarm would not start the server again. The server must not be in the background: a shell lets those ignore SIGINT, and then no
# kernel could be interrupted. So a shell cannot pass SIGTERM on, and tini sends it to the whole process group.
#
# After a power cut a server may be there minutes before the hub. It asks the hub for its version, fails after 46 s (jupyterhub,
# singleuser/extension.py), and Swarm gives it up after three times. So it begins again here while the hub does not answer, for a
# quarter of an hour at least, and once more when the hub is back. Without python3 its end counts as any other.
_END_OF_SERVER = """stopped= waited=
trap stopped=143 TERM
hub_is_away() {
  command -v python3 >/dev/null || return
  ! python3 -I - <<'END' 2>/dev/null
import os, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(os.environ["JUPYTERHUB_API_URL"], timeout=10)
END
}
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  "$@"
  status=$?
  [ "$status" = 1 ] && [ -n "$JUPYTERHUB_API_URL" ] || break
  if hub_is_away; then waited=yes; elif [ -n "$waited" ]; then waited=; else break; fi
  sleep 2
  [ -z "$stopped" ] || break
done
exit "${stopped:-$status}"
"""

_WRITE_NOTICE = """folder=$1/labextensions/swarmhub-notice
mkdir -p "$HOME" "$folder/static"
printf %s "$2" >"$folder/static/notice.js"
echo '{"name":"swarmhub-notice","version":"1.0.0","jupyterlab":{"extension":true,"_build":{"load":"static/notice.js","extension":"./extension"}}}' >"$folder/package.json"
export JUPYTER_PATH="$1${JUPYTER_PATH:+:$JUPYTER_PATH}"
shift 2
exec "$@"
"""  # noqa: E501

# An extension as webpack's module federation expects it (JupyterLab 3 and later), with a <dialog> of the browser: a notification of
# JupyterLab is cut after 140 characters.
_NOTICE_SCRIPT = """(window._JUPYTERLAB ??= {})["swarmhub-notice"] = {
  init() {},
  async get() {
    const activate = () => {
      const dialog = document.createElement("dialog");
      const text = document.createElement("p");
      text.textContent = NOTICE;
      text.style.cssText = "white-space: pre-line; max-width: 40em; user-select: text";
      const button = document.createElement("button");
      button.textContent = "OK";
      button.onclick = () => dialog.remove();
      dialog.id = "swarmhub-notice";
      dialog.style.cssText = "font-family: sans-serif; padding: 1.5em; z-index: 10000";
      dialog.append(text, button);
      document.body.append(dialog);
      dialog.showModal();
    };
    const plugin = { id: "swarmhub-notice:plugin", autoStart: true, activate };
    return () => ({ __esModule: true, default: plugin });
  },
};
"""


def _notice_script(notice: str) -> str:
    return _NOTICE_SCRIPT.replace("NOTICE", json.dumps(notice), 1)
