"""Files are handed out into a home whose owner has put something else in the place of a folder or of a file."""

import pytest

from ..support.special_files import SPECIAL, make_special
from .test_handing_out import LAB, room  # noqa: F401 - a fixture


@pytest.mark.parametrize("make", ["file", "link", "loop", *SPECIAL])
def test_something_else_in_place_of_a_folder_is_named_and_nothing_is_written_through_it(room, tmp_path_factory, make):  # noqa: F811
    outside = tmp_path_factory.mktemp("outside")
    at = room.home("ada") / "week2"
    links = {"link": outside, "loop": "week2"}
    if make in links:
        at.symlink_to(links[make])
    elif make in SPECIAL:
        make_special(make, at)
    else:
        at.touch()
    version = room.publish({LAB: "1"})
    assert room.give(version) == {LAB: "blocked"}
    assert list(outside.iterdir()) == []
    at.unlink()
    assert room.store.record("ada", "week2").number == 0, "the next start tries again"
    assert room.give(version) == {LAB: "place"}


@pytest.mark.parametrize("make", ["link", "folder", "sparse", *SPECIAL])
def test_something_else_in_place_of_a_file_stays_and_costs_no_time(room, tmp_path_factory, make):  # noqa: F811
    outside = tmp_path_factory.mktemp("outside") / "secret"
    outside.write_text("1")
    at = room.home("ada") / LAB
    at.parent.mkdir()
    if make == "sparse":
        with at.open("wb") as file:
            file.truncate(10 << 40)
    elif make in SPECIAL:
        make_special(make, at)
    else:
        {"link": lambda: at.symlink_to(outside), "folder": at.mkdir}[make]()
    before = at.lstat()
    assert room.give(room.publish({LAB: "1"})) == {LAB: "beside"}
    assert at.lstat().st_ino == before.st_ino
    assert (at.parent / "lab1 (new 1).ipynb").read_text() == "1"
    assert outside.read_text() == "1"
