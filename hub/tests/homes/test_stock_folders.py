"""The files that Jupyter and IPython would otherwise make, and what in a home can prevent a start."""

import errno
import os

import pytest

from swarmhub.homes.repairs import find_repairs
from swarmhub.homes.stock_folders import make_stock_folders

SECRET = ".local/share/jupyter/notebook_secret"


@pytest.fixture
def home(tmp_path):
    (tmp_path / "homes/ada").mkdir(parents=True)
    return tmp_path / "homes/ada"


def make(home):
    make_stock_folders(home.parent.parent, home.name)


def test_a_new_home_gets_the_folders_the_mark_and_a_secret_of_its_own(home):
    make(home)
    for name in ("security", "log", "pid", "startup"):
        assert (home / ".ipython/profile_default" / name).is_dir()
    assert (home / ".jupyter/migrated").exists()
    secret = home / SECRET
    assert len(secret.read_bytes()) > 1024
    assert secret.stat().st_mode & 0o777 == 0o600


def test_what_is_there_stays(home):
    make(home)
    secret = (home / SECRET).read_bytes()
    (home / ".jupyter/migrated").write_text("2020")
    make(home)
    assert (home / SECRET).read_bytes() == secret
    assert (home / ".jupyter/migrated").read_text() == "2020"


def test_nothing_is_written_through_links_or_over_files_of_the_user(home, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (home / ".jupyter").symlink_to(outside)
    (home / ".local").write_text("mine")
    (home / ".ipython").mkdir()
    (home / ".ipython/profile_default").symlink_to(outside)
    make(home)
    assert list(outside.iterdir()) == []
    assert (home / ".local").read_text() == "mine"


def test_a_home_that_fills_up_leaves_no_empty_secret(home, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="quota"):
        make(home)
    assert not (home / SECRET).exists()
    assert [path.name for path in (home / ".jupyter").iterdir()] == []


def test_what_prevents_a_start_is_named_with_a_command_that_puts_it_aside(home):
    make(home)
    assert find_repairs(home.parent.parent, "ada", "/home/jovyan") == []
    (home / ".local/lib/python3.13/site-packages").mkdir(parents=True)
    (home / ".local/share/jupyter/kernels/python3").mkdir(parents=True)
    (home / ".ipython/profile_default/startup/00-exit.py").write_text("exit()")
    (home / ".ipython/profile_default/startup/README").write_text("")
    (home / ".jupyter/jupyter_server_config.py").write_text("(")
    found = find_repairs(home.parent.parent, "ada", "/home/rstudio")
    assert [line.partition("mv ")[2].split()[0] for line in found] == [
        "/home/rstudio/.local/lib",
        "/home/rstudio/.local/share/jupyter/kernels",
        "/home/rstudio/.ipython/profile_default/startup",
        "/home/rstudio/.jupyter",
    ]


def test_a_link_in_a_home_shows_nothing_of_other_homes(home):
    (home.parent / "bob/lib/python3").mkdir(parents=True)
    (home / ".local").symlink_to("../bob")
    assert find_repairs(home.parent.parent, "ada", "/home/jovyan") == []
