"""The websocket of the hub on which its pages try whether websockets get through."""

import pytest
from tornado.websocket import websocket_connect

from .test_pages import hub, pytestmark  # noqa: F401


@pytest.mark.asyncio
async def test_everybody_gets_one_word_and_the_connection_ends(hub):  # noqa: F811
    socket = await websocket_connect(f"ws://127.0.0.1:{hub.hub_port}/hub/websocket-check", connect_timeout=20)
    assert await socket.read_message() == "works"
    assert await socket.read_message() is None


def test_the_home_page_tries_it(hub):  # noqa: F811
    browser = hub.browser()
    browser.log_in("bob")
    assert "/hub/websocket-check" in browser.open("/hub/home")[1]
