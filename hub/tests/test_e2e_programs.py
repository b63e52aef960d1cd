"""The programs of the end-to-end tests use what is here, and run only much later."""

import ast
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = sorted((ROOT / "test/e2e/support").rglob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_program_imports_from_the_hub_and_its_tests_is_there(program):
    found = [
        (each.module, name.name)
        for each in ast.walk(ast.parse(program.read_text()))
        if isinstance(each, ast.ImportFrom) and (each.module or "").split(".")[0] in ("tests", "swarmhub")
        for name in each.names
    ]
    for module, name in found:
        found_module = importlib.import_module(module)
        is_module = hasattr(found_module, "__path__") and importlib.util.find_spec(f"{module}.{name}") is not None
        assert is_module or hasattr(found_module, name), f"{module} has no {name}"


def test_there_are_such_programs():
    assert len(PROGRAMS) > 5
