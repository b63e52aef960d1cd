"""The methods that `swarmhub up` writes into hub.json: test/contracts/campus.test.ts has the same."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from swarmhub.login.campus.options import CampusOptions, campus_options
from swarmhub.login.methods import CAMPUS_KINDS

WRITTEN = json.loads((Path(__file__).parents[4] / "test/fixtures/contracts/campus-methods.json").read_text())


def read(found: dict) -> tuple[CampusOptions | None, list[str]]:
    faults = []

    def take(key, value, is_valid, expected):
        if not is_valid(value):
            faults.append(f"{key}: must be {expected}")
        return value

    return campus_options(found, take), faults


@pytest.mark.parametrize("written", WRITTEN, ids=lambda each: each["kind"])
def test_every_key_of_a_method_in_hub_json_is_read(written):
    found, faults = read(written)
    assert faults == []
    expected = {key: tuple(value) if isinstance(value, list) else value for key, value in written.items() if key != "kind"}
    assert asdict(found) == expected


def test_each_kind_has_an_example_and_another_method_is_none():
    assert [each["kind"] for each in WRITTEN] == list(CAMPUS_KINDS)
    assert read({"kind": "shared-password"}) == (None, [])


@pytest.mark.parametrize(
    ("kind", "changes", "fault"),
    [
        ("cas", {"url": "http://x"}, "loginMethod.url: must be an address with https://"),
        ("cas", {"groups": 5}, "loginMethod.groups: must be a string, or null"),
        ("ldap", {"url": "https://x"}, "loginMethod.url: must be an address with ldaps:// or ldap://"),
        ("ldap", {"groups": ["x"]}, "loginMethod.groups: must be an object with strings"),
        ("ldap", {"base": ""}, "loginMethod.base: must be a string"),
        ("lti", {"deployments": []}, "loginMethod.deployments: must be a list of strings"),
        ("lti", {"keys": "file:///etc/passwd"}, "loginMethod.keys: must be an address with https://"),
    ],
)
def test_a_method_that_is_damaged_names_the_key(kind, changes, fault):
    written = next(each for each in WRITTEN if each["kind"] == kind)
    assert read(written | changes)[1] == [fault]
