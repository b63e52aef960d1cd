import os

import pytest

from swarmhub.homes.removed_files import free_removed_files

NAME = ".nfs000000000000008c00000001"


@pytest.fixture
def home(tmp_path):
    found = tmp_path / "homes/ada"
    found.mkdir(parents=True)
    return found


def test_only_regular_files_with_such_a_name_are_emptied_and_none_is_removed(home, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("of others")
    for folder in ("a", "b/c"):
        (home / folder).mkdir(parents=True)
    others = (".nfs", ".nfs1", f"{NAME}.ipynb", "nfs000000000000008c00000001", "a/work.ipynb")
    for name in (NAME, f"b/c/{NAME}", *others):
        (home / name).write_text("text")
    (home / "a" / NAME).symlink_to(outside)
    (home / "folder").mkdir()
    os.mkfifo(home / "folder" / NAME)
    (home / "link").symlink_to(tmp_path)
    assert free_removed_files(tmp_path, "ada") == 2
    assert [(home / name).read_text() for name in (NAME, f"b/c/{NAME}")] == ["", ""]
    assert {(home / name).read_text() for name in others} == {"text"}
    assert outside.read_text() == "of others"
    assert free_removed_files(tmp_path, "ada") == 0, "there was nothing left to free"


def test_the_look_ends_in_time_and_a_home_that_is_none_is_an_error(home, tmp_path):
    (home / NAME).write_text("text")
    assert free_removed_files(tmp_path, "ada", seconds=-1) == 0
    (tmp_path / "homes/eve").symlink_to(home)
    with pytest.raises(OSError, match="eve"):
        free_removed_files(tmp_path, "eve")
    assert (home / NAME).read_text() == "text"
