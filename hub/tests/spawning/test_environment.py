"""The environment and the command of a user's server."""

import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from swarmhub.server_settings import Look, ServerSettings
from swarmhub.spawning.environment import THREAD_VARIABLES, Mode, command_for, environment_for

from ..support.examples import SETTINGS

ALL = [Mode.NORMAL, Mode.FULL, Mode.SAFE]


def looked(*variables, environment=(), **changes):
    look = Look(SETTINGS.image, "/home/rstudio", frozenset(variables))
    return replace(SETTINGS, servers=ServerSettings(looks=(look,), environment=environment), **changes)


def test_in_a_home_with_room_everything_is_at_its_stock_place():
    found = environment_for(replace(looked(), cpu=None), Mode.NORMAL)
    assert found == {
        "HOME": "/home/rstudio",
        "JUPYTER_RUNTIME_DIR": "/tmp/jupyter-runtime",  # noqa: S108
        "XDG_CACHE_HOME": "/tmp/cache",  # noqa: S108
        "TINI_KILL_PROCESS_GROUP": "1",
    }


def test_in_a_full_home_nothing_of_jupyter_is_written_and_the_users_own_kernels_and_settings_are_found():
    found = environment_for(looked(), Mode.FULL)
    elsewhere = ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "XDG_CACHE_HOME")
    assert all(found[name].startswith("/tmp/") for name in elsewhere)  # noqa: S108
    assert found["JUPYTER_PATH"] == "/home/rstudio/.local/share/jupyter"
    assert found["JUPYTER_CONFIG_PATH"] == "/home/rstudio/.jupyter"
    assert found["HOME"] == "/home/rstudio"


def test_a_safe_start_has_another_home_and_no_folder_of_the_users():
    found = environment_for(looked(), Mode.SAFE)
    assert found["HOME"] == "/tmp/home"  # noqa: S108
    assert not [value for value in found.values() if value.startswith("/home/")]


@pytest.mark.parametrize("mode", ALL)
def test_variables_of_the_image_are_not_replaced_except_by_the_class(mode):
    of_image = ("IPYTHONDIR", "OMP_NUM_THREADS", "XDG_CACHE_HOME", "TZ", "JUPYTER_PATH", "HOME")
    found = environment_for(looked(*of_image, environment=(("TZ", "Europe/Berlin"), ("MKL_NUM_THREADS", "7"))), mode)
    assert [name for name in of_image if name in found] == ["TZ", "HOME"]
    assert (found["TZ"], found["MKL_NUM_THREADS"], found["OPENBLAS_NUM_THREADS"]) == ("Europe/Berlin", "7", "2")


def test_threads_are_those_of_the_cpu_limit_rounded_up():
    assert {environment_for(looked(cpu=0.25), Mode.NORMAL)[name] for name in THREAD_VARIABLES} == {"1"}
    assert "OMP_NUM_THREADS" not in environment_for(looked(cpu=None), Mode.NORMAL)


# Like jupyterhub-singleuser, which ends with 0 after SIGTERM. In one long sleep, a signal that comes just before it would wait.
SERVER = """import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, flush=True)
for _ in range(600):
    time.sleep(0.1)
"""


INIT = shutil.which("docker-init") or shutil.which("tini")


@pytest.mark.skipif(not INIT, reason="no tini")
@pytest.mark.parametrize("entrypoint", [[], [INIT, "-s", "--"], [INIT, "-s", "-g", "--"], ["sh", "-c", 'exec "$@"', "sh"]])
@pytest.mark.parametrize("notice", [None, "Your home is full."])
def test_a_server_that_is_ended_with_sigterm_fails_so_that_swarm_starts_it_again(tmp_path, monkeypatch, entrypoint, notice):
    monkeypatch.setattr("swarmhub.spawning.environment._FOLDER", str(tmp_path / "swarmhub"))
    variables = {"PATH": os.environ["PATH"]} | environment_for(looked(), Mode.NORMAL) | {"HOME": str(tmp_path)}
    command = [INIT, "-s", "--", *entrypoint, *command_for([sys.executable, "-c", SERVER], notice)]
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout.readline() == "True\n", "its kernels can be interrupted"
        server.terminate()
        assert server.wait(10) == 128 + signal.SIGTERM


@pytest.mark.parametrize(("end", "status"), [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", 137), ("exec no-such-program", 127)])
def test_a_server_that_ends_otherwise_has_its_own_exit_status(end, status):
    ended = subprocess.run(command_for(["sh", "-c", end], None), capture_output=True, check=False)  # noqa: S603
    assert ended.returncode == status


# Like jupyterhub-singleuser, which fails with 1 if it cannot ask the hub for its version.
ASKS_HUB = """echo x >>starts
[ "$(wc -l <starts)" -le "$FAILS" ] || exit 0
exit 1
"""


@pytest.mark.parametrize(
    ("hub_answers", "fails", "ended", "starts"),
    [
        ([True], 9, 1, 1),
        ([False], 1, 0, 2),
        ([False, True], 2, 0, 3),  # it comes back while the second one asks
        ([False, True, True], 9, 1, 3),
        (None, 9, 1, 1),
    ],
)
def test_a_server_that_fails_begins_again_while_the_hub_does_not_answer(tmp_path, hub_answers, fails, ended, starts):
    class Hub(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/hub/api" and hub_answers.pop(0) else 503)
            self.end_headers()

    with http.server.HTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        variables = {"PATH": os.environ["PATH"], "http_proxy": "http://127.0.0.1:9", "FAILS": str(fails), "waited": "yes"}
        if hub_answers is not None:
            variables["JUPYTERHUB_API_URL"] = f"http://127.0.0.1:{server.server_port}/hub/api"
        found = subprocess.run(command_for(["sh", "-c", ASKS_HUB], None), cwd=tmp_path, env=variables, check=False)  # noqa: S603
        server.shutdown()
    assert (found.returncode, len((tmp_path / "starts").read_text().split())) == (ended, starts)


def test_a_notice_is_an_extension_of_jupyterlab_whatever_text_it_has(tmp_path, monkeypatch):
    monkeypatch.setattr("swarmhub.spawning.environment._FOLDER", str(tmp_path / "swarmhub"))
    notice = 'Type: mv "$HOME/x" `y`\n</script> \u2028 %s \\ NOTICE'
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), "JUPYTER_PATH": "/opt/own"}
    command = command_for(["sh", "-c", 'echo "$JUPYTER_PATH $1"', "sh", "a b"], notice)
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    assert ended.stdout == f"{tmp_path}/swarmhub:/opt/own a b\n"
    assert (tmp_path / "home").is_dir()
    extension = tmp_path / "swarmhub/labextensions/swarmhub-notice"
    assert json.loads((extension / "package.json").read_text())["jupyterlab"]["_build"]["load"] == "static/notice.js"
    script = (extension / "static/notice.js").read_text()
    assert json.dumps(notice) in script
    if node := shutil.which("node"):
        subprocess.run([node, "--check", extension / "static/notice.js"], check=True)  # noqa: S603
