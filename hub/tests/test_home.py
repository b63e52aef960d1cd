import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.home import make_home, prepare_home

HUB = Path(__file__).parent.parent


@pytest.fixture
def storage(tmp_path):
    for name in ("homes", "owners", "pending"):
        (tmp_path / name).mkdir()
    return tmp_path


def take_marks_away(storage: Path, after: float = 0.1) -> None:
    def watch():
        time.sleep(after)
        for mark in (storage / "pending").iterdir():
            mark.unlink()

    threading.Thread(target=watch).start()


async def refused(storage: Path, user: str = "alice", **waits: float) -> SpawnException:
    with pytest.raises(SpawnException) as raised:
        await prepare_home(storage, "alice", user, **waits)
    return raised.value


async def test_a_new_home_gets_a_mark_an_owner_and_a_private_folder(storage):
    take_marks_away(storage)
    await prepare_home(storage, "alice", "Alice", look=0.01)
    assert (storage / "homes/alice").stat().st_mode & 0o777 == 0o700
    assert json.loads((storage / "owners/alice").read_text()) == {"user": "Alice"}
    assert sorted(path.name for path in (storage / "owners").iterdir()) == ["alice"]


async def test_a_new_home_waits_until_the_watcher_took_the_mark_away(storage):
    begin = time.monotonic()
    take_marks_away(storage, after=0.3)
    await prepare_home(storage, "alice", "alice", look=0.01)
    assert 0.25 < time.monotonic() - begin < 2
    assert not (storage / "pending/alice").exists()


async def test_without_a_watcher_a_new_user_is_told_and_the_mark_stays(storage):
    raised = await refused(storage, limit_wait=0.2, look=0.05)
    assert "quota watcher does not answer" in raised.message
    assert "instructor" in raised.message
    assert "watcher.json cannot be read" in raised.get_message()
    assert (storage / "pending/alice").exists()


async def test_a_limit_that_the_watcher_could_not_set_is_told_with_its_reason_in_the_log(storage):
    failures = [{"home": "bob", "reason": "x"}, {"home": "alice", "reason": "no project quota"}]
    (storage / "watcher.json").write_text(json.dumps({"at": "2026-11-21T06:00:00Z", "failures": failures}))
    raised = await refused(storage, limit_wait=0, look=0.01)
    assert "cannot set the size limit" in raised.message
    assert "no project quota" in raised.get_message()


@pytest.mark.parametrize("status", ["", "[]", "{}", '{"at": 1, "failures": [1]}', '{"at": 1, "failures": null}'])
async def test_a_broken_status_file_of_the_watcher_is_only_said_in_the_log(storage, status):
    (storage / "watcher.json").write_text(status)
    assert "watcher.json cannot be read" in (await refused(storage, limit_wait=0)).get_message()


async def test_an_old_home_starts_at_once_with_the_watcher_down(storage):
    make_home(storage, "alice", "alice")
    (storage / "pending/alice").unlink()
    begin = time.monotonic()
    await prepare_home(storage, "alice", "alice")
    assert time.monotonic() - begin < 0.5
    assert not (storage / "pending/alice").exists()


async def test_a_home_without_an_owner_s_note_gets_one_and_no_mark(storage):
    (storage / "homes/alice").mkdir()
    await prepare_home(storage, "alice", "alice")
    assert json.loads((storage / "owners/alice").read_text()) == {"user": "alice"}


async def test_a_home_that_was_deleted_is_marked_again(storage):
    make_home(storage, "alice", "alice")
    (storage / "pending/alice").unlink()
    (storage / "homes/alice").rmdir()
    make_home(storage, "alice", "alice")
    assert (storage / "pending/alice").exists()


async def test_the_home_of_somebody_else_is_refused_and_left_alone(storage):
    make_home(storage, "alice", "Alice")
    raised = await refused(storage, user="alice")
    assert raised.status_code == 403
    assert "belongs to somebody else" in raised.message
    assert "'Alice'" in raised.get_message()


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", '{"user": 1}', "\xff"])
async def test_an_unreadable_owner_s_note_is_refused(storage, note):
    (storage / "owners/alice").write_bytes(note.encode("latin-1"))
    assert "cannot read whose home" in (await refused(storage)).message
    assert not (storage / "homes/alice").exists()


async def test_a_storage_that_is_not_mounted_is_said(tmp_path):
    raised = await refused(tmp_path)
    assert "not mounted" in raised.message
    assert list(tmp_path.iterdir()) == []


async def test_a_storage_that_refuses_is_said(storage):
    (storage / "pending").rmdir()
    raised = await refused(storage)
    assert "cannot be made on the storage" in raised.message
    assert "pending/alice" in raised.get_message()
    assert not (storage / "homes/alice").exists()


async def test_a_file_in_the_place_of_a_home_is_said(storage):
    (storage / "homes/alice").write_text("")
    assert "cannot be made on the storage" in (await refused(storage)).message


async def test_a_storage_that_goes_away_while_a_home_waits_for_its_limit_is_said(storage):
    make_home(storage, "alice", "alice")
    (storage / "pending/alice").unlink()
    (storage / "pending").rmdir()
    assert "cannot be made on the storage" in (await refused(storage)).message


async def test_a_storage_that_hangs_is_said_after_the_deadline_and_the_hub_goes_on(storage):
    os.mkfifo(storage / "owners/alice")  # opening it blocks, as a file of a storage that is away does
    begin = time.monotonic()
    raised = await refused(storage, deadline=0.2)
    assert "does not answer" in raised.message
    assert time.monotonic() - begin < 2
    with (storage / "owners/alice").open("w"):
        pass  # lets the blocked thread end


KILLED = """
import os, signal, sys
from pathlib import Path
left = int(sys.argv[2])
def hook(event, arguments):
    global left
    path = str(arguments[0]) if arguments else ""
    if event in ("open", "os.mkdir", "os.link", "os.remove", "os.utime") and path.startswith(sys.argv[1]):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
from swarmhub.home import make_home
sys.addaudithook(hook)
make_home(Path(sys.argv[1]), "alice", "alice")
"""


def test_a_hub_killed_before_any_of_its_file_calls_leaves_no_home_without_a_mark_and_the_next_try_finishes(tmp_path):
    for calls in range(30):
        storage = tmp_path / str(calls)
        for name in ("homes", "owners", "pending"):
            (storage / name).mkdir(parents=True)
        ended = subprocess.run([sys.executable, "-c", KILLED, storage, str(calls)], cwd=HUB, check=False)  # noqa: S603
        assert ended.returncode in (0, -9)
        assert (storage / "pending/alice").exists() or not (storage / "homes/alice").exists()
        make_home(storage, "alice", "alice")
        assert (storage / "homes/alice").is_dir()
        assert (storage / "pending/alice").exists()
        assert json.loads((storage / "owners/alice").read_text()) == {"user": "alice"}
        if ended.returncode == 0:
            break
    assert 4 <= calls < 29, "the hub was killed in several places and got through at last"
