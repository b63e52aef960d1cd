import asyncio
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from swarmhub.homes.provisioning import make_home
from swarmhub.homes.teacher_command import REFUSED
from swarmhub.room import file_work
from swarmhub.room.class_homes import Students, find_homes, students_of
from swarmhub.room.file_work import Busy, FileWork, Kept
from swarmhub.room.people import Person

from ..support.real_hub import FOLDER


@pytest.fixture
def storage(tmp_path):
    for name in ("homes", "owners", "pending", "handouts"):
        (tmp_path / "storage" / name).mkdir(parents=True)
    for home, user in {"ada": "ada", "bob": "bob", "x--1a2b": "Bo B", "ben": "ben"}.items():
        make_home(tmp_path / "storage", home, user)
    return tmp_path / "storage"


def test_homes_of_teachers_links_and_the_shared_folder_are_none_of_students(storage):
    (storage / "homes/class--shared").mkdir()
    (storage / "homes/.trash").mkdir()
    (storage / "homes/link").symlink_to("/etc")
    (storage / "owners/ben").write_text("damaged")
    homes = find_homes(storage)
    assert homes == {"ada": "ada", "ben": "ben", "bob": "bob", "x--1a2b": "Bo B"}
    found = students_of(homes, [Person("ada", "teacher"), Person("bob"), Person("never here"), Person("root", "admin")])
    assert found.homes == {"ben": "ben", "bob": "bob", "x--1a2b": "Bo B"}
    assert found.missing == ["never here"]


def test_two_students_never_have_one_folder():
    students = Students({"ada": "ada", "ada--1a2b": "ada", "c--2": "../c", "d--3": "CON\n"}, [])
    assert students.folders() == {"ada": "ada", "ada--1a2b": "ada--1a2b", "c--2": "c--2", "d--3": "d--3"}


def test_only_the_newest_things_are_kept_and_not_for_ever(monkeypatch):
    monkeypatch.setattr(file_work, "_KEPT_SECONDS", 0.05)

    async def use() -> None:
        kept = Kept(2)
        words = [kept.add(number) for number in range(3)]
        assert [kept.find(word) for word in [*words, None, ["x"]]] == [None, 1, 2, None, None]
        await asyncio.sleep(0.1)
        assert kept.find(words[2]) is None

    asyncio.run(use())


def test_work_waits_for_other_work_and_then_says_so(storage, monkeypatch):
    monkeypatch.setattr(file_work, "_WAIT_SECONDS", 0.05)
    monkeypatch.setenv("PYTHONPATH", str(FOLDER))
    monkeypatch.setenv("SWARMHUB_ROOT", str(storage.parent))

    async def use() -> None:
        work = FileWork(storage)
        async with work._alone():
            with pytest.raises(Busy):
                await work.collect("hw1.ipynb", Students({}, []))
        assert await work.collect("hw1.ipynb", Students({}, [])) == {"rows": []}

    asyncio.run(use())


def collected(storage: Path, output: Path, most: int) -> subprocess.CompletedProcess:
    program = f"import swarmhub.homes.submitted_archive as program; program.MOST_BYTES = {most}; program.main()"
    request = {"path": "hw1.ipynb", "homes": ["bob"], "limit": 1 << 20, "students": {"bob": "bob"}}
    with output.open("wb") as archive:
        return subprocess.run(  # noqa: S603
            [sys.executable, "-c", program, str(archive.fileno())],
            input=json.dumps(request).encode() + b"\n",
            pass_fds=[archive.fileno()],
            env={"SWARMHUB_ROOT": str(storage.parent), "PYTHONPATH": str(FOLDER)},
            capture_output=True,
            timeout=30,
            check=False,
        )


def test_an_archive_has_an_end_however_much_the_students_have(storage, tmp_path):
    (storage / "homes/bob/hw1.ipynb").write_text("1" * 100_000)
    output = tmp_path / "archive.zip"
    found = collected(storage, output, 50_000)
    assert (found.returncode, found.stderr) == (REFUSED, b"It is more than 1 GB of all students.\n")
    found = collected(storage, output, 1 << 20)
    assert json.loads(found.stdout)["rows"][0]["what"] == "changed"
    archive = zipfile.ZipFile(io.BytesIO(output.read_bytes()))
    assert archive.namelist() == ["submitted/bob/hw1/hw1.ipynb", "submitted/bob/hw1/timestamp.txt"]
