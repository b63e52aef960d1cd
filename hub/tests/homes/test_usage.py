import threading
import time
from types import SimpleNamespace

import pytest

from swarmhub.homes import usage
from swarmhub.homes.provisioning import make_home
from swarmhub.homes.usage import Usage, describe, home_usage

GB = 1 << 30


def room(total, used, files=200_000, files_used=10):
    blocks, free = total // 4096, (total - used) // 4096
    return SimpleNamespace(f_blocks=blocks, f_bavail=free, f_frsize=4096, f_files=files, f_favail=files - files_used)


@pytest.mark.parametrize(
    ("found", "text", "is_nearly_full"),
    [
        (room(5 * GB, 4.2 * GB), "Your home: 4.2 of 5 GB", False),
        (room(5 * GB, 0), "Your home: 0 of 5 GB", False),
        (room(1.5 * GB, 1.5 * GB), "Your home: 1.5 of 1.5 GB", True),
        (room(100 << 20, 95 << 20), "Your home: 95 of 100 MB", True),
        (room(5 * GB, GB, 1000, 999), "Your home: 1 of 5 GB, 999 of 1,000 files", True),
    ],
)
def test_the_usage_of_a_home_is_described_in_one_sentence(found, text, is_nearly_full):
    assert describe(found) == Usage(text, is_nearly_full)


@pytest.fixture
def storage(tmp_path):
    for name in ("homes", "owners", "pending"):
        (tmp_path / name).mkdir()
    make_home(tmp_path, "alice", "alice")
    (tmp_path / "pending/alice").unlink()
    return tmp_path


async def test_a_home_with_a_limit_has_a_usage(storage):
    assert (await home_usage(storage, "alice")).text.startswith("Your home: ")


async def test_a_missing_home_and_a_home_without_a_limit_have_no_usage(storage):
    make_home(storage, "bob", "bob")
    assert await home_usage(storage, "bob") is None
    assert await home_usage(storage, "carol") is None


async def test_a_storage_that_does_not_respond_does_not_delay_a_page(storage, monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(usage.os, "statvfs", lambda _path: answered.wait(30))
    started = time.monotonic()
    assert await home_usage(storage, "alice", 0.1) is None
    assert time.monotonic() - started < 20
    answered.set()


async def test_an_error_of_the_storage_does_not_break_a_page(storage):
    (storage / "pending").rmdir()
    assert await home_usage(storage, "alice") is None
