"""A failed start says why: to its user, in the hub's log and for `swarmhub logs`; against the fake Swarm."""

import struct
import time

import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.spawning import start_report
from swarmhub.spawning.start_report import printable, save_report

from ..conftest import spawner

ENDS = ["failed|shutdown|task: non-zero exit (1)"]


def framed(text, stream=1):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack(">BxxxL", stream, len(data)) + data


async def failed(swarm, tmp_path, output, **traits):
    swarm.script, swarm.output = ENDS, output
    alice = spawner(failed_starts=str(tmp_path / "failed-starts"), **traits)
    with pytest.raises(SpawnException) as raised:
        await alice.start()
    return raised.value, (tmp_path / "failed-starts/alice").read_text().splitlines()


async def test_the_output_of_a_failed_start_is_kept_after_its_container_is_removed(swarm, tmp_path, caplog):
    output = framed("".join(f"line {number}\n" for number in range(70))) + framed("ModuleNotFoundError: jupyterhub\n", 2)
    error, kept = await failed(swarm, tmp_path, output)
    assert swarm.services == {}
    assert error.message == "Your server stopped right after it started. Please tell your instructor."
    assert "the server of alice did not start: Your server stopped right after it started." in kept[0]
    assert kept[1] == "task geo-101-nb-alice-0 failed: task: non-zero exit (1) (node machine); exit code 1"
    assert kept[2:] == [*(f"| line {number}" for number in range(21, 70)), "| ModuleNotFoundError: jupyterhub"]
    assert "\n".join(kept) in [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("exec /usr/local/bin/start.sh: exec format error", "is made for another type of processor"),
        ("[FATAL tini (7)] exec x failed: Exec format error", "is made for another type of processor"),
        ("sudo: error initializing audit plugin sudoers_audit", "needs to run as root"),
        ("s6-overlay-suexec: fatal: can only run as pid 1", "needs to run as root"),
        ("start.sh: line 9: jupyterhub-singleuser: command not found", "has no jupyterhub-singleuser"),
    ],
)
async def test_the_user_reads_the_cause_if_the_output_tells_it(swarm, tmp_path, output, sentence):
    error, kept = await failed(swarm, tmp_path, framed(output))
    assert sentence in error.message
    assert sentence in kept[0]


async def test_a_server_that_was_killed_is_said_to_lack_memory(swarm, tmp_path):
    swarm.exit_code = 137
    swarm.script = ["failed|shutdown|task: non-zero exit (137)"]
    with pytest.raises(SpawnException) as raised:
        await spawner(failed_starts=str(tmp_path)).start()
    assert "most likely because its memory is too small" in raised.value.message
    assert (tmp_path / "alice").read_text().splitlines()[1:] == [
        "task geo-101-nb-alice-0 failed: task: non-zero exit (137) (node machine); exit code 137, killed, as by the memory limit",
        "| (no output)",
    ]


async def test_a_running_server_that_does_not_respond_leaves_its_output_too(swarm, tmp_path):
    swarm.output = framed("listening on the wrong port")
    alice = spawner(http_timeout=1, failed_starts=str(tmp_path))
    alice.listening = False
    with pytest.raises(SpawnException):
        await alice.start()
    assert (tmp_path / "alice").read_text().endswith("| listening on the wrong port\n")


HOSTILE = {
    "control characters": framed("\x1b]0;pwned\x07\x1b[31mred\x1b[0m\u202e\rE 2026 fake log line\n"),
    "a line without end": framed("x" * 3_000_000),
    "no lengths": b"\xff" * 100_000,
    "a length beyond the end": struct.pack(">BxxxL", 1, 2**32 - 1) + b"short",
    "not UTF-8": framed(b"\xc3\x28\xff\n"),
    "a million lines": framed("\n" * 1_000_000),
}


@pytest.mark.parametrize("output", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_output_stays_small_and_printable(swarm, tmp_path, output):
    _, kept = await failed(swarm, tmp_path, output)
    assert len(kept) <= 52
    assert all(line.isprintable() and len(line) <= 405 for line in kept)
    assert all(line.startswith("| ") for line in kept[2:])


async def test_an_output_that_cannot_be_read_does_not_delay_the_message(swarm, tmp_path, monkeypatch):
    monkeypatch.setattr(start_report, "_SECONDS", 0.5)
    swarm.output_delay = 60
    started = time.monotonic()
    error, kept = await failed(swarm, tmp_path, framed("late"))
    assert "stopped right after it started" in error.message
    assert kept[2].startswith("| (the output cannot be read")
    assert time.monotonic() - started < 20


async def test_a_folder_that_cannot_be_written_does_not_hide_the_reason(swarm, tmp_path):
    (tmp_path / "file").touch()
    swarm.script = ENDS
    with pytest.raises(SpawnException) as raised:
        await spawner(failed_starts=str(tmp_path / "file")).start()
    assert "stopped right after it started" in raised.value.message


async def test_an_image_that_fails_on_two_machines_is_not_tried_on_a_third(swarm):
    swarm.nodes = dict.fromkeys(("one", "two", "three"), "ready")
    swarm.memory = dict.fromkeys(swarm.nodes, 1 << 40)
    swarm.node_by_service["geo-101-nb-alice"] = "one"
    swarm.broken_nodes, swarm.node_error = set(swarm.nodes), "task: non-zero exit (1)"
    with pytest.raises(SpawnException):
        await spawner(failure_limit=9).start()
    assert len(swarm.updated) == 1


def test_only_the_newest_reports_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(start_report, "_REPORTS", 3)
    for number in range(6):
        save_report(tmp_path / "reports", f"user{number}", [str(number)])
    assert len(list((tmp_path / "reports").iterdir())) == 3
    assert (tmp_path / "reports/user5").read_text() == "5\n"
    assert (tmp_path / "reports").stat().st_mode & 0o777 == 0o700


def test_a_line_that_is_too_long_is_cut():
    assert printable("y" * 1000) == "y" * 400 + "…"
