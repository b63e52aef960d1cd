"""The figures for Prometheus."""

import json
import re
from pathlib import Path

from swarmhub.room.metrics import metrics

STATE = {
    "seats": 3,
    "taken": 2,
    "warnings": [["x"]],
    "people": [
        {"name": "bob", "state": "running", "memory": 2, "busy": True, "ended": {"count": 2}, "home": 95, "quota": 100},
        {"name": "eve", "state": "failed"},
    ],
    "machines": [
        {"name": "one", "people": 1, "memory": 1, "memoryTotal": 2, "cpu": 0.5, "cores": 4, "disk": 1, "diskTotal": 3},
        {"name": "two", "people": 0},
    ],
}


def test_each_figure_has_help_type_and_values_and_nobody_is_named():
    text = metrics(STATE)
    lines = text.splitlines()
    assert {
        "swarmhub_seats 3",
        "swarmhub_seats_taken 2",
        'swarmhub_servers{state="running"} 1',
        'swarmhub_servers{state="away"} 0',
        "swarmhub_kernels_busy 1",
        "swarmhub_servers_memory_bytes 2097152",
        "swarmhub_memory_kills 2",
        "swarmhub_homes_nearly_full 1",
        'swarmhub_machine_memory_used_bytes{machine="one"} 1048576',
        'swarmhub_machine_reports{machine="two"} 0',
    } <= set(lines)
    assert 'swarmhub_machine_memory_bytes{machine="two"} 0' not in lines, "unknown is not 0"
    assert not {"bob", "eve"} & set(text.replace('"', " ").split())
    names = {line.split()[2] for line in lines if line.startswith("# HELP")}
    assert names == {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert {line.split("{")[0].split()[0] for line in lines if not line.startswith("#")} == names


def test_the_board_for_grafana_uses_only_figures_that_exist():
    board = json.loads((Path(__file__).parents[3] / "docs/grafana-room.json").read_text())
    used = {name for panel in board["panels"] for each in panel["targets"] for name in re.findall(r"swarmhub_\w+", each["expr"])}
    assert used
    assert used <= {line.split()[2] for line in metrics(STATE).splitlines() if line.startswith("# HELP")}
