"""How a start looks at a home: full or not, safe or not."""

import os
from types import SimpleNamespace

import pytest

from swarmhub.spawning.environment import Mode
from swarmhub.spawning.home_state import is_full, look_at_home

from ..conftest import spawner

MEGABYTE = 1 << 20


def room(total, free, files=1000):
    return SimpleNamespace(f_frsize=4096, f_blocks=total // 4096, f_bavail=free // 4096, f_files=10_000, f_favail=files)


@pytest.mark.parametrize(
    ("found", "full"),
    [
        (room(100 * MEGABYTE, 11 * MEGABYTE), False),
        (room(100 * MEGABYTE, 9 * MEGABYTE), True),
        (room(100 * MEGABYTE, 50 * MEGABYTE, files=49), True),
        (room(10 * MEGABYTE, 6 * MEGABYTE), False),
        (room(10 * MEGABYTE, 4 * MEGABYTE), True),
    ],
)
def test_a_home_is_full_with_less_than_10_mb_or_half_of_a_small_home_or_50_files_left(found, full):
    assert is_full(found) is full


@pytest.fixture
def storage(tmp_path):
    (tmp_path / "homes/alice").mkdir(parents=True)
    return tmp_path


async def test_a_start_in_a_home_with_room_is_a_normal_one_and_makes_its_folders(swarm, storage):
    alice = spawner()
    await look_at_home(storage, alice)
    assert (alice.mode, alice.mode_notice) == (Mode.NORMAL, None)
    assert alice.home_size > 0
    assert (storage / "homes/alice/.jupyter/migrated").exists()


async def test_a_start_in_a_full_home_says_so_in_jupyterlab_and_writes_nothing(swarm, storage, monkeypatch):
    monkeypatch.setattr(os, "statvfs", lambda _: room(20 * MEGABYTE, 0))
    alice = spawner()
    await look_at_home(storage, alice)
    assert alice.mode is Mode.FULL
    assert alice.mode_notice.startswith("Your home folder is full (20 of 20 MB). You can open and delete files")
    assert list((storage / "homes/alice").iterdir()) == []
    await alice.start()
    container = swarm.services["geo-101-nb-alice"]["TaskTemplate"]["ContainerSpec"]
    assert "IPYTHONDIR=/tmp/ipython" in container["Env"]
    assert "swarmhub-notice" in container["Args"][2]
    assert container["Args"][-1] == "jupyterhub-singleuser"


async def test_a_start_frees_what_a_kernel_kept_of_deleted_files_in_a_full_home(swarm, storage, monkeypatch):
    home = storage / "homes/alice"
    kept = home / "data/.nfs000000000000008c00000001"
    kept.parent.mkdir()
    kept.write_bytes(b"x" * 100_000)
    monkeypatch.setattr(os, "statvfs", lambda _: room(20 * MEGABYTE, 0 if kept.stat().st_size else 20 * MEGABYTE))
    alice = spawner()
    await look_at_home(storage, alice)
    assert kept.stat().st_size == 0
    assert (alice.mode, alice.mode_notice) == (Mode.NORMAL, None)


async def test_a_safe_start_says_what_to_repair(swarm, storage):
    (storage / "homes/alice/.local/lib/python3.13").mkdir(parents=True)
    alice = spawner()
    alice.user_options = {"safe": True}
    await look_at_home(storage, alice)
    assert alice.mode is Mode.SAFE
    assert "mv /home/jovyan/.local/lib /home/jovyan/local-lib-aside" in alice.mode_notice
    await alice.start()
    assert "HOME=/tmp/home" in swarm.services["geo-101-nb-alice"]["TaskTemplate"]["ContainerSpec"]["Env"]
