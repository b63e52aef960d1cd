"""The figures in the machines' reports; a machine that a user has broken out to may write anything."""

import json

import pytest

from swarmhub.room.figures import cores_between, parse_figures

from .support import GB, MB, container, report


def parse(**changes):
    return parse_figures(json.dumps(report(**changes)).encode())


def test_a_report_has_memory_cpu_and_disk_of_the_machine_and_its_containers():
    figures = parse(containers=[container("a", 700 * MB, 5, memoryLimit=None), container("b")])
    assert (figures.used, figures.memory, figures.cores, figures.load) == (3 * GB, 8 * GB, 4, 0.5)
    assert figures.fullest.used_share == pytest.approx(0.55)
    first, second = figures.containers["a" * 64], figures.containers["b" * 64]
    assert (first.memory, first.limit, first.cpu, second.limit) == (700 * MB, None, 5, GB)


@pytest.mark.parametrize(
    "changes",
    [{"uptime": value} for value in (None, "1", True, -1, 1 << 63, 10**400, float("nan"), float("inf"), [], {})]
    + [
        {"load": -0.1},
        {"memory": None},
        {"memory": []},
        {"memory": {"bytes": 1.5, "availableBytes": 1}},
        {"memory": {"bytes": 1, "availableBytes": -1}},
        {"cpu": {"cores": 2}},
        {"cpu": "x"},
        {"disks": {}},
        {"disks": [{"path": "<b>", "bytes": 1, "freeBytes": 1, "files": 0, "freeFiles": 0}]},
        {"containers": None},
        {"containers": [container("<")]},
        {"containers": [container("A")]},
        {"containers": [container(memory=-1)]},
        {"containers": [container(cpu=1 << 63)]},
        {"containers": [container(memoryLimit="1G")]},
        {"containers": [container() | {"processes": True}]},
        {"containers": ["x"]},
    ],
)
def test_anything_else_is_no_report(changes):
    with pytest.raises(ValueError):  # noqa: PT011 - json and int raise it too
        parse(**changes)


@pytest.mark.parametrize("line", [b"", b"null", b"[]", b"\xff", b"[" * 60_000])
def test_a_line_without_an_object_is_no_report(line):
    with pytest.raises((ValueError, RecursionError)):
        parse_figures(line)


def test_of_a_long_list_only_the_first_200_containers_count():
    many = [container(f"{number:064x}") for number in range(300)]
    assert len(parse(containers=many).containers) == 200


def test_the_difference_of_two_reports_is_the_number_of_busy_cores():
    before = parse(containers=[container("a", cpu=1_000_000)])
    now = parse(uptime=110.5, cpu={"cores": 4, "busyMicroseconds": 16_000_000}, containers=[container("a", cpu=6_000_000)])
    assert cores_between(before, now) == pytest.approx(1.5)
    assert cores_between(before, now, "a" * 64) == pytest.approx(0.5)
    assert cores_between(before, now, "b" * 64) is None
    assert cores_between(None, now) is None


def test_a_clock_that_stands_or_goes_back_gives_no_rate_and_no_rate_exceeds_the_cores():
    before = parse(containers=[container("a", cpu=5)])
    assert cores_between(before, before) is None
    assert cores_between(before, parse(uptime=1)) is None
    wild = parse(uptime=100.6, cpu={"cores": 4, "busyMicroseconds": 1 << 62}, containers=[container("a", cpu=0)])
    assert cores_between(before, wild) == 4
    assert cores_between(before, wild, "a" * 64) == 0
