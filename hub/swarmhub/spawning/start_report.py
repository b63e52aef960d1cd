"""Keeps why a start failed: the end of the container's output, which is gone as soon as the service is removed.

The output is written by a program of the user or of an image of others, so it may contain anything, without end.
"""

import asyncio
import re
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from docker import APIClient
from docker.errors import DockerException
from requests.exceptions import RequestException

from ..private_file import write_private
from . import tasks
from .tasks import Task

_LINES, _WIDTH, _MAX_BYTES = 50, 400, 1 << 18
_SECONDS = 5  # for the whole output; Swarm's log of a task can hang for minutes
_REPORTS = 200  # the newest ones are kept
_HEADER = struct.Struct(">BxxxL")  # before each piece of output: the stream and the number of bytes
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

# Not the threads for all other requests to Docker, which would wait for logs that hang.
_threads = ThreadPoolExecutor(4, thread_name_prefix="output")


async def read_output(client: APIClient, task: Task) -> list[str]:
    """Returns the last 50 lines of a task's container, printable and cut; one line with the reason if they cannot be read."""
    reading = asyncio.get_running_loop().run_in_executor(_threads, _read, client, task["ID"])
    try:
        return await asyncio.wait_for(reading, _SECONDS + 1)
    except (TimeoutError, DockerException, RequestException) as error:
        return [f"(the output cannot be read: {printable(str(error)) or 'Docker does not respond'})"]


def report(user: str, sentence: str, task: Task, output: list[str]) -> list[str]:
    """Returns the lines for the log and for `swarmhub logs`."""
    container = task["Status"].get("ContainerStatus") or {}
    code = container.get("ExitCode")
    ending = "" if code is None else f"; exit code {code}{', killed, as by the memory limit' if code == tasks.KILLED else ''}"
    return [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC: the server of {printable(user)} did not start: {sentence}",
        f"{printable(tasks.describe(task))} (node {task.get('NodeID', '-')}){ending}",
        *(f"| {line}" for line in (output or ["(no output)"])),
    ]


def save_report(folder: Path, home: str, lines: list[str]) -> None:
    """Writes the report of the last failed start of a home; keeps the newest reports only. Raises OSError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    write_private(folder / home, "\n".join(lines) + "\n")
    reports = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in reports[_REPORTS:]:
        path.unlink(missing_ok=True)


def printable(text: str) -> str:
    """Returns one line without control characters and colours, of 400 characters at most."""
    line = "".join(each if each.isprintable() else " " for each in _COLOURS.sub("", text[: 4 * _WIDTH])).rstrip()
    return line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…"


def _read(client: APIClient, task_id: str) -> list[str]:
    url = f"{client.base_url}/v{client.api_version}/tasks/{task_id}/logs"
    body = b""
    end = time.monotonic() + _SECONDS
    with client.get(url, params={"stdout": 1, "stderr": 1, "tail": _LINES}, stream=True, timeout=_SECONDS) as response:
        response.raise_for_status()
        for chunk in response.iter_content(1 << 16):
            body += chunk
            if len(body) > _MAX_BYTES or time.monotonic() > end:
                break
    text = b"".join(_pieces(body)).decode(errors="replace")
    return [printable(line) for line in text.splitlines()[-_LINES:]]


def _pieces(body: bytes) -> Iterator[bytes]:
    position = 0
    while position + _HEADER.size <= len(body):
        _, size = _HEADER.unpack_from(body, position)
        position += _HEADER.size
        yield body[position : position + size]
        position += size
