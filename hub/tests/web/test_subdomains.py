import re

import pytest

from swarmhub.web.subdomains import subdomain


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("ada", "ada"),
        ("ada-2", "ada-2"),
        ("hub", "hub"),
        ("ada@example.org", "ada-examp---[0-9a-f]{16}"),
        ("müller", "m-ller---[0-9a-f]{16}"),
        ("李", "x---[0-9a-f]{16}"),
        ("007", "x-007---[0-9a-f]{16}"),
        ("xn.", "u-xn---[0-9a-f]{16}"),
        ("xn--mnchen-3ya", "xn-mnchen---[0-9a-f]{16}"),
        ("a.b", "a-b---[0-9a-f]{16}"),
        ("x" * 254, "x{9}---[0-9a-f]{16}"),
        ("--user", "user---[0-9a-f]{16}"),
    ],
)
def test_each_name_becomes_one_label_of_a_host(name, label):
    host = subdomain(name, "geo.example.org", "user")
    assert re.fullmatch(rf"{label}\.geo\.example\.org", host), host
    assert not host.startswith("xn--")
    assert len(host.split(".")[0]) <= 63


def test_different_names_have_different_hosts():
    names = ["ada", "Ada", "ada.", "ada@", "a-da", "a.da", "xn.", "xn-", "u-xn.", "u-xn"]
    assert len({subdomain(name, "geo.example.org", "user") for name in names}) == len(names)


def test_a_service_has_the_host_of_the_hub():
    assert subdomain("room", "geo.example.org", "service") == "geo.example.org"
