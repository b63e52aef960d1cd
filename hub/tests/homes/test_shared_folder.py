"""The folder that all servers share: its home, its link and its mounts."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from swarmhub.homes.shared_folder import HOME, PLACE, link_shared_folder, prepare_shared_folder
from swarmhub.server_settings import ServerSettings
from swarmhub.slug import _PLAIN, former_slug, slug
from swarmhub.spawning.service_spec import build_service_spec

from ..support.examples import SETTINGS
from ..support.wait import wait_for

SHARED = replace(SETTINGS, servers=ServerSettings(shared=True))


@pytest.fixture
def storage(tmp_path):
    for name in ("homes", "owners", "pending", "limits"):
        (tmp_path / name).mkdir()
    (tmp_path / "homes/ada").mkdir()
    return tmp_path


def mounts(settings, **options):
    found = build_service_spec(settings, "ada", {}, ["x"], **options)["task_template"]["ContainerSpec"]["Mounts"]
    return {each["Target"]: each for each in found if each["Type"] == "volume"}


def test_no_user_can_have_the_home_of_the_shared_folder():
    assert not _PLAIN.match(HOME)
    for name in (HOME, "class-shared", "Class--Shared", "class--shared-"):
        assert HOME not in (slug(name), former_slug(name))


async def test_it_is_a_home_that_waits_for_its_limit(storage):
    made = asyncio.create_task(prepare_shared_folder(storage))
    await wait_for(lambda: (storage / "homes" / HOME).exists())
    assert not made.done()
    (storage / "pending" / HOME).unlink()
    await made
    await prepare_shared_folder(storage)
    assert not (storage / "pending" / HOME).exists()


def test_only_who_teaches_may_write_by_the_mount_of_the_container_and_the_volume_is_the_same():
    student, teacher = mounts(SHARED)[PLACE], mounts(SHARED, may_write_shared=True)[PLACE]
    assert (student["ReadOnly"], teacher["ReadOnly"]) == (True, False)
    assert student["Source"] == teacher["Source"]
    options = student["VolumeOptions"]["DriverConfig"]["Options"]
    assert options["device"] == f":/srv/swarmhub/homes/{HOME}"
    assert ",rw," in options["o"]
    assert not mounts(SHARED)["/home/jovyan"]["ReadOnly"]


def test_a_class_without_it_or_without_homes_has_no_mount():
    assert PLACE not in mounts(SETTINGS, may_write_shared=True)
    assert mounts(replace(SHARED, storage=None)) == {}


def test_the_link_is_made_where_nothing_has_its_name(storage):
    link_shared_folder(storage, "ada")
    link_shared_folder(storage, "ada")
    assert (storage / "homes/ada/shared").readlink() == Path(PLACE)
    (storage / "homes/ada/shared").unlink()
    (storage / "homes/ada/shared").write_text("mine")
    link_shared_folder(storage, "ada")
    assert (storage / "homes/ada/shared").read_text() == "mine"
    with pytest.raises(OSError, match="nobody"):
        link_shared_folder(storage, "nobody")
