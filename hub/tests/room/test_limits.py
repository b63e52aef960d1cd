"""The limits of the page of the room: readers, the length of a stream, and people."""

import asyncio
import datetime
import json
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from jupyterhub import orm
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from swarmhub.login.roster import Roster
from swarmhub.room import feed as feed_module
from swarmhub.room.feed import Feed
from swarmhub.room.people import people_of
from swarmhub.room.service import Events

from ..support.wait import wait_for


class OpenEvents(Events):
    """The stream, for a teacher whom the hub has let in."""

    def prepare(self):
        pass

    def get_current_user(self):
        return {"name": "grace"}


async def ask(_path):
    return {"people": []}


async def no_certificate():
    return None


@asynccontextmanager
async def service():
    """The stream of a service on loopback: a function that opens it, and returns its status, its first bytes and how to close it."""
    feed = Feed(ask, no_certificate)
    socket, port = bind_unused_port()
    server = HTTPServer(Application([("/events", OpenEvents)], feed=feed))
    server.add_sockets([socket])
    writers = []

    async def open_stream():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writers.append(writer)
        writer.write(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        return int(head.split()[1]), reader, writer

    yield feed, open_stream
    for writer in writers:
        writer.close()
    await wait_for(lambda: feed.readers == 0)
    server.stop()


async def test_a_hundred_pages_can_be_open_and_the_next_is_refused_until_one_is_closed(monkeypatch):
    monkeypatch.setattr(feed_module, "_ALIVE_EVERY", 0.05)  # a page that has been closed is noticed at the next write
    async with service() as (feed, open_stream):
        opened = [await open_stream() for _ in range(100)]
        assert {status for status, *_ in opened} == {200}
        status, reader, _ = await open_stream()
        assert status == 503
        assert json.loads(await reader.readuntil(b"}")) == {"message": "Too many pages are open."}
        opened[0][2].close()
        await wait_for(lambda: feed.readers == 99)
        assert (await open_stream())[0] == 200


async def test_a_stream_ends_after_ten_minutes_so_that_the_rights_of_its_reader_are_looked_at_again(monkeypatch):
    assert feed_module._LONGEST == 600
    monkeypatch.setattr(feed_module, "_LONGEST", 0.1)
    monkeypatch.setattr(feed_module, "_ALIVE_EVERY", 0.02)
    async with service() as (feed, open_stream):
        _, reader, _ = await open_stream()
        assert b"retry: 2000\n" in await reader.readuntil(b"\r\n0\r\n\r\n")
        assert feed.readers == 0


@pytest.mark.parametrize("in_roster", [0, 600])
def test_the_page_shows_a_thousand_people_at_most(tmp_path, in_roster):
    engine = create_engine("sqlite://")
    orm.Base.metadata.create_all(engine)
    db = Session(engine)
    known = 1100 - in_roster
    now = datetime.datetime(2026, 11, 30)  # noqa: DTZ001 - as JupyterHub keeps it
    db.bulk_save_objects([orm.User(name=f"known-{number:04}", last_activity=now) for number in range(known)])
    db.commit()
    path = tmp_path / "roster.json"
    path.write_text(json.dumps({"people": [{"name": f"new-{number:04}"} for number in range(in_roster)]}))
    found = [each.name for each in people_of(SimpleNamespace(db=db, users={}), Roster(path))]
    assert (len(found), found[0]) == (1000, "known-0000")
    assert found[-1] == (f"new-{999 - known:04}" if in_roster else "known-0999")
