"""The environment and the command of a user's server."""

import json
import shutil
import subprocess
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
    assert found == {"HOME": "/home/rstudio", "JUPYTER_RUNTIME_DIR": "/tmp/jupyter-runtime", "XDG_CACHE_HOME": "/tmp/cache"}  # noqa: S108


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


def test_without_a_notice_the_command_stays_as_it_is():
    assert command_for(["jupyterhub-singleuser"], None) == ["jupyterhub-singleuser"]


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
