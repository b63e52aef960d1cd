"""The login form of a browser whose network leaves through several addresses."""

import pytest

from ..support.real_hub import EDGE_TOKEN, PASSWORD
from ..web.test_pages import hub, pytestmark  # noqa: F401
from .support import is_logged_in


@pytest.mark.parametrize("other", ["198.51.100.9", "2001:db8::9"])
def test_a_form_may_be_sent_from_another_address_than_its_page(hub, other):  # noqa: F811
    browser = hub.browser()

    def come_from(address: str) -> None:
        browser.opener.addheaders = [("User-Agent", "Browser/1"), ("X-Swarmhub-Forwarded", EDGE_TOKEN), ("X-Forwarded-For", address)]

    come_from("203.0.113.7")
    browser.open("/hub/login")
    come_from(other)
    browser.open("/hub/login?next=%2Fhub%2Fhome", {"username": f"u{len(other)}", "password": PASSWORD})
    assert is_logged_in(browser)
