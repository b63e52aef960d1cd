"""The warning about a server that was ended because it had filled the disk of its machine."""

import json
import time
from types import SimpleNamespace

from swarmhub.machines import parse
from swarmhub.room.machines import Machine
from swarmhub.room.warnings import warnings


def said(at):
    """Returns the warnings about a machine on which alice's server was ended at this time."""
    ended = [{"at": at, "user": "alice", "container": "a" * 64, "bytes": 7 << 30, "files": None}]
    line = json.dumps({"disks": [], "largestLayers": [], "containers": [], "endedServers": ended}).encode()
    figures = SimpleNamespace(report=parse(line), fullest=None, memory=0, available=0)
    seen = SimpleNamespace(figures={"10.0.0.1": figures}, homes={})
    return warnings([Machine("one", "10.0.0.1", "ready", True)], seen, {}, {"alice": "Alice"}, [])


def test_a_teacher_reads_whose_server_was_ended_and_when_for_half_an_hour():
    now = int(time.time())
    assert said(now - 60) == [
        [
            "The disk of one was full, so a server was ended at ",
            {"time": now - 60},
            ": outside the home, ",
            {"person": "Alice"},
            " wrote 7 GB",
            ".",
        ]
    ]
    assert said(now - 3600) == []


def test_full_homes_are_named_and_the_others_are_counted():
    def full(count):
        homes = {f"user{number}": (95 << 20, 100 << 20) for number in range(count)}
        return [text for [text, *_] in warnings([], SimpleNamespace(figures={}, homes=homes), {}, {}, [])]

    assert full(5) == ["The home of "] * 5
    assert full(6)[5:] == ["1 more home is over 90 % full."]
    assert full(7)[5:] == ["2 more homes are over 90 % full."]
