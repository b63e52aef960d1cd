import errno
import itertools
import json
import os
import threading
import time
from pathlib import Path

import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.homes.provisioning import make_home, prepare_home

from ..support.kill_points import kill_at_each_point


@pytest.fixture
def storage(tmp_path):
    for name in ("homes", "owners", "pending", "groups"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def repeat():
    """Calls functions in threads until the end of the test, each every 0.01 s after a first wait."""
    ended, threads = threading.Event(), []

    def start(work, after: float = 0.1) -> None:
        def run():
            ended.wait(after)
            while not ended.wait(0.01):
                work()

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    yield start
    ended.set()
    for thread in threads:
        thread.join()


def remove_markers(storage: Path) -> None:
    for marker in (storage / "pending").iterdir():
        if (storage / "homes" / marker.name).exists():
            marker.unlink()


async def refused(storage: Path, user: str = "alice", **timeouts: float) -> SpawnException:
    with pytest.raises(SpawnException) as raised:
        await prepare_home(storage, "alice", user, **timeouts)
    return raised.value


async def test_a_new_home_gets_a_pending_marker_an_owner_and_a_private_folder(storage, repeat):
    repeat(lambda: remove_markers(storage))
    await prepare_home(storage, "alice", "Alice", poll_interval=0.01)
    assert (storage / "homes/alice").stat().st_mode & 0o777 == 0o700
    assert json.loads((storage / "owners/alice").read_text()) == {"user": "Alice"}
    assert sorted(path.name for path in (storage / "owners").iterdir()) == ["alice"]


async def test_a_new_home_waits_until_the_watcher_has_removed_the_marker(storage, repeat):
    started = time.monotonic()
    repeat(lambda: remove_markers(storage), after=0.3)
    await prepare_home(storage, "alice", "alice", poll_interval=0.01)
    assert time.monotonic() - started > 0.25
    assert not (storage / "pending/alice").exists()


async def test_without_a_watcher_a_new_user_gets_a_message_and_the_marker_remains(storage):
    raised = await refused(storage, watcher_timeout=0.2, poll_interval=0.05)
    assert "quota watcher does not respond" in raised.message
    assert "instructor" in raised.message
    assert "watcher.json cannot be read" in raised.get_message()
    assert (storage / "pending/alice").exists()


async def test_a_limit_that_the_watcher_could_not_set_gives_a_message_and_the_log_has_the_reason(storage):
    failures = [{"home": "bob", "reason": "x"}, {"home": "alice", "reason": "no project quota"}]
    (storage / "watcher.json").write_text(json.dumps({"at": "2026-11-21T06:00:00Z", "failures": failures}))
    raised = await refused(storage, watcher_timeout=0, poll_interval=0.01)
    assert "cannot set the size limit" in raised.message
    assert "no project quota" in raised.get_message()


@pytest.mark.parametrize("status", ["", "{", "[]", "\xff"])
async def test_an_invalid_status_file_of_the_watcher_appears_only_in_the_log(storage, status):
    (storage / "watcher.json").write_bytes(status.encode("latin-1"))
    assert "watcher.json cannot be read" in (await refused(storage, watcher_timeout=0)).get_message()


@pytest.mark.parametrize("status", [{}, {"failures": [1, {}]}, {"failures": None}, {"failures": 7, "problem": ""}])
async def test_a_watcher_status_without_the_home_counts_as_a_silent_watcher(storage, status):
    (storage / "watcher.json").write_text(json.dumps(status))
    raised = await refused(storage, watcher_timeout=0)
    assert "does not respond" in raised.message
    assert "nothing about this home" in raised.get_message()


async def test_the_log_has_the_reason_why_the_watcher_cannot_read_the_storage(storage):
    (storage / "watcher.json").write_text(json.dumps({"at": "now", "problem": "XFS does not enforce project quotas"}))
    raised = await refused(storage, watcher_timeout=0)
    assert "cannot set the size limit" in raised.message
    assert "does not enforce" in raised.get_message()


@pytest.fixture
def busy_watcher(storage, repeat):
    """A watcher that makes one pass after the other, without failures."""
    passes = itertools.count()

    def write_status():
        (storage / "new").write_text(json.dumps({"at": f"pass {next(passes)}", "failures": []}))
        (storage / "new").replace(storage / "watcher.json")

    write_status()
    repeat(write_status)


@pytest.mark.usefixtures("busy_watcher")
async def test_a_busy_watcher_that_has_not_reached_a_home_yet_does_not_count_as_silent(storage):
    assert "try again in a minute" in (await refused(storage, watcher_timeout=2, poll_interval=0.05, max_wait=0.3)).message


@pytest.mark.usefixtures("busy_watcher")
async def test_a_new_home_waits_while_the_watcher_is_busy_with_a_whole_class(storage, repeat):
    repeat(lambda: remove_markers(storage), after=4)
    await prepare_home(storage, "alice", "alice", watcher_timeout=2, poll_interval=0.01)
    assert not (storage / "pending/alice").exists()


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EDQUOT, "is full"),
        (errno.EROFS, "is read-only"),
        (errno.EIO, "reports errors"),
        (errno.ESTALE, "is missing"),
        (errno.ETIMEDOUT, "does not respond"),
        (errno.EACCES, "cannot be created"),
    ],
)
async def test_an_error_of_the_storage_becomes_a_message_and_is_written_to_the_log(storage, monkeypatch, number, sentence):
    def fail(*_arguments, **_keywords):
        raise OSError(number, os.strerror(number), "homes/alice")

    monkeypatch.setattr(Path, "mkdir", fail)
    raised = await refused(storage)
    assert sentence in raised.message
    assert raised.message.endswith("Please tell your instructor.")
    assert f"make_home: [Errno {number}] {os.strerror(number)}" in raised.get_message()
    assert [path.name for path in (storage / "owners").iterdir()] == ["alice"], "no draft of a note remains"


async def test_a_note_that_cannot_be_written_leaves_no_draft_and_no_folder(storage, monkeypatch):
    def fail(*_arguments, **_keywords):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "hardlink_to", fail)
    assert "is full" in (await refused(storage)).message
    assert list((storage / "owners").iterdir()) == []
    assert list((storage / "homes").iterdir()) == []


async def test_a_server_with_an_existing_home_starts_from_a_read_only_storage(storage, monkeypatch):
    make_home(storage, "alice", "alice")
    (storage / "pending/alice").unlink()

    def fail(*_arguments, **_keywords):
        raise OSError(errno.EROFS, "Read-only file system")

    for change in ("touch", "mkdir", "write_text", "hardlink_to"):
        monkeypatch.setattr(Path, change, fail)
    await prepare_home(storage, "alice", "alice")


async def test_a_server_with_an_existing_home_starts_immediately_without_a_watcher(storage):
    make_home(storage, "alice", "alice")
    (storage / "pending/alice").unlink()
    await prepare_home(storage, "alice", "alice", watcher_timeout=0)
    assert not (storage / "pending/alice").exists()


async def test_a_home_without_an_owner_note_gets_a_note_but_no_marker(storage):
    (storage / "homes/alice").mkdir()
    await prepare_home(storage, "alice", "alice")
    assert json.loads((storage / "owners/alice").read_text()) == {"user": "alice"}


async def test_a_deleted_home_gets_a_marker_again(storage):
    make_home(storage, "alice", "alice")
    (storage / "pending/alice").unlink()
    (storage / "homes/alice").rmdir()
    make_home(storage, "alice", "alice")
    assert (storage / "pending/alice").exists()


async def test_the_home_of_another_user_is_refused_and_not_changed(storage):
    make_home(storage, "alice", "Alice")
    raised = await refused(storage, user="alice")
    assert raised.status_code == 403
    assert "belongs to another user" in raised.message
    assert "'Alice'" in raised.get_message()


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", '{"user": 1}', "\xff"])
async def test_an_unreadable_owner_note_is_refused(storage, note):
    (storage / "owners/alice").write_bytes(note.encode("latin-1"))
    assert "cannot read who owns" in (await refused(storage)).message
    assert not (storage / "homes/alice").exists()


async def test_a_storage_that_is_not_mounted_gives_a_message(tmp_path):
    raised = await refused(tmp_path)
    assert "is missing" in raised.message
    assert list(tmp_path.iterdir()) == []


async def test_a_storage_that_refuses_a_write_gives_a_message(storage):
    (storage / "pending").rmdir()
    raised = await refused(storage)
    assert "cannot be created on the storage" in raised.message
    assert "pending/alice" in raised.get_message()
    assert not (storage / "homes/alice").exists()


async def test_a_file_in_place_of_a_home_gives_a_message(storage):
    (storage / "homes/alice").write_text("")
    assert "cannot be created on the storage" in (await refused(storage)).message


async def test_a_storage_that_fails_while_a_home_waits_for_its_limit_gives_a_message(storage):
    make_home(storage, "alice", "alice")
    (storage / "pending/alice").unlink()
    (storage / "pending").rmdir()
    assert "cannot be created on the storage" in (await refused(storage)).message


async def test_a_storage_that_hangs_gives_a_message_after_the_deadline_and_does_not_block_the_hub(storage):
    os.mkfifo(storage / "owners/alice")  # opening it blocks, like a file on a storage that is unavailable
    started = time.monotonic()
    raised = await refused(storage, call_timeout=0.2)
    assert "does not respond" in raised.message
    assert time.monotonic() - started < 20, "else it waits for ever"
    with (storage / "owners/alice").open("w"):
        pass  # unblocks the thread


def test_a_hub_killed_before_any_of_its_file_calls_leaves_no_home_without_a_marker_and_the_next_call_completes_it(tmp_path):
    storages = [tmp_path / str(calls) for calls in range(30)]
    for storage in storages:
        for name in ("homes", "owners", "pending", "groups"):
            (storage / name).mkdir(parents=True)
    ends = kill_at_each_point("make_home", storages)
    assert ends[-1] == 0
    assert len(ends) > 4, "it was killed at several points"
    for storage in storages[: len(ends)]:
        assert (storage / "pending/alice").exists() or not (storage / "homes/alice").exists()
        assert (storage / "groups/alice").exists() or not (storage / "homes/alice").exists(), "the watcher would not know its group"
        make_home(storage, "alice", "alice")
        assert (storage / "homes/alice").is_dir()
        assert (storage / "pending/alice").exists()
        assert json.loads((storage / "owners/alice").read_text()) == {"user": "alice"}
