"""Which warm starts begin when, with a clock of the test and without a hub."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from swarmhub.login.access import Access
from swarmhub.login.closing import Closed, Closing
from swarmhub.login.roster import Roster
from swarmhub.spawning.seat_queue import QueueEntry, SeatQueue
from swarmhub.spawning.warm_starts import WarmServer, WarmStarts
from swarmhub.warm import round as rounds
from swarmhub.warm.keeper import VISIT_AFTER, Keeper
from swarmhub.warm.timetable import KEPT_SECONDS, Occasion

from ..support.examples import SETTINGS
from ..support.wait import wait_for
from .test_timetable import at, weekly

MONDAY = at("2026-11-30T07:50")


class Server:
    """A spawner that starts as `outcome` says: "" or a sentence."""

    settings, pending, ready, _failed, _spawn_future, outcome, chosen = SETTINGS, None, False, False, None, "", SETTINGS
    began, server, api_token = 0.0, None, ""

    def __init__(self):
        self.orm_spawner = SimpleNamespace(last_activity=None)


class World:
    """The hub's users, with the API that starts and stops their servers."""

    def __init__(self):
        self.users, self.started, self.stopped = {}, [], []

    def names(self):
        return sorted(self.users)

    def visitors(self):
        return [name for name in self.names() if name != "never"]

    def in_groups(self, claims):
        return ["claire"] if claims == {"A"} else []

    def find(self, name):
        return self.users.get(name)

    def find_or_add(self, name):
        return self.users.setdefault(name, SimpleNamespace(spawners={"": Server()}))

    def server(self, name):
        return self.find_or_add(name).spawners[""]

    async def start(self, name):
        self.started.append(name)
        server = self.server(name)
        if server.outcome:
            server._failed = True
            server._spawn_future = asyncio.get_running_loop().create_future()
            server._spawn_future.set_exception(SimpleError(server.outcome))
        else:
            server.ready = True

    async def stop(self, name):
        self.stopped.append(name)
        self.server(name).ready = False


class SimpleError(Exception):
    @property
    def jupyterhub_message(self):
        return self.args[0]


@pytest.fixture
def world():
    return World()


@pytest.fixture
def make(world, tmp_path, monkeypatch):
    """Returns a function that makes the keeper, as after a start of the hub."""
    monkeypatch.setattr(rounds, "memory_reservation", lambda _settings: 1)
    roster = tmp_path / "roster.json"

    def write(*names, group=()):
        people = [{"name": name, "groups": ["A"] if name in group else []} for name in names]
        draft = tmp_path / "draft"
        draft.write_text(json.dumps({"people": people}))
        draft.rename(roster)

    def keeper(*timetable, **changes):
        settings = replace(SETTINGS, warm=tuple(timetable), **changes)
        access = Access("geo-101", Closing(tmp_path / "closed.json"), Roster(roster) if roster.exists() else None, settings.teachers)
        made = Keeper(settings, access, tmp_path / "warm.json", world, WarmStarts(), SeatQueue(), world)
        made.closing = access.closing
        return made

    keeper.roster = write
    return keeper


async def settled(keeper):
    await wait_for(lambda: not keeper._rounds)


async def test_the_servers_of_the_roster_start_before_the_time_and_once(make, world):
    make.roster("bob", "carol")
    keeper = make(weekly({0}))
    keeper.look(MONDAY - 3600)
    assert world.started == []
    keeper.look(MONDAY - 200)
    await settled(keeper)
    assert world.started == ["bob", "carol"]
    world.server("bob").ready = False
    for restarted in (keeper, make(weekly({0}))):
        restarted.look(MONDAY)
        restarted.look(MONDAY + 3600)
        await settled(restarted)
    assert world.started == ["bob", "carol"]
    assert keeper.report(MONDAY)["starts"] == [
        {"key": f"2026-11-30 {weekly({0}).key}", "at": MONDAY, "ready": 2, "total": 2, "going": False, "missing": []}
    ]


async def test_each_occasion_begins(make, world):
    make.roster("bob")
    keeper = make(weekly({0, 2}))
    for moment in (MONDAY - 86400, MONDAY, MONDAY + 2 * 86400, MONDAY + 7 * 86400):
        keeper.look(moment)
        await settled(keeper)
        world.server("bob").ready = False
    assert world.started == ["bob"] * 3
    assert datetime.fromtimestamp(keeper.report(MONDAY + 7 * 86400)["next"]["at"], UTC).strftime("%a %d %H:%M") == "Wed 09 07:50"


async def test_a_hub_that_was_down_catches_up_until_the_end_and_not_after_it(make, world):
    make.roster("bob")
    make(weekly({0})).look(MONDAY - 86400)
    late = make(weekly({0}))
    late.look(at("2026-11-30T11:01"))
    assert (world.started, late.report(at("2026-11-30T11:01"))["starts"]) == ([], [])
    make(weekly({0})).look(at("2026-11-30T10:59"))
    await wait_for(lambda: world.started == ["bob"])


async def test_a_hub_that_stopped_in_the_middle_starts_only_the_others(make, world):
    make.roster("bob", "carol")
    keeper = make(weekly({0}))
    keeper.look(MONDAY - 86400)
    keeper.look(MONDAY)
    keeper.record.started[f"2026-11-30 {weekly({0}).key}"].results["bob"] = ""
    keeper.record.write(MONDAY)
    for _round, task in keeper._rounds.values():
        task.cancel()
    again = make(weekly({0}))
    again.look(MONDAY + 60)
    await settled(again)
    assert world.started == ["carol"]
    assert again.report(MONDAY + 60)["starts"][0]["ready"] == 2


async def test_a_warm_start_that_was_configured_in_the_lesson_waits_for_the_next_one(make, world):
    make.roster("bob")
    keeper = make(weekly({0}))
    keeper.look(MONDAY + 600)
    assert world.started == []
    assert keeper.report(MONDAY + 600)["next"]["at"] == MONDAY + 7 * 86400


async def test_the_roster_counts_as_it_is_when_the_warm_start_begins(make, world):
    make.roster("bob", "carol")
    keeper = make(weekly({0}))
    keeper.look(MONDAY - 86400)
    make.roster("carol", "dora")
    keeper.look(MONDAY)
    await settled(keeper)
    assert world.started == ["carol", "dora"]


async def test_teachers_come_first_and_without_a_roster_those_who_have_been_here(make, world):
    for name in ("ada", "bob", "grace", "never"):
        world.find_or_add(name)
    keeper = make(weekly({0}), teachers=frozenset({"grace"}))
    keeper.look(MONDAY - 86400)
    keeper.look(MONDAY)
    await settled(keeper)
    assert world.started == ["grace", "ada", "bob"]


async def test_only_the_members_of_a_group_start(make, world):
    make.roster("ada", "bob", "carol", group=("bob",))
    keeper = make(weekly({0}, group="A", members=("carol", "stranger")), teachers=frozenset({"grace"}))
    keeper.look(MONDAY - 86400)
    keeper.look(MONDAY)
    await settled(keeper)
    assert world.started == ["bob", "carol"]
    keeper.plan(Occasion("once", MONDAY, MONDAY + 3600, "B"), MONDAY)
    await settled(keeper)
    assert keeper.report(MONDAY)["starts"][-1]["problem"] == "Nobody is in the group B."


async def test_nothing_starts_in_a_closed_class_and_it_is_caught_up_when_it_opens(make, world):
    make.roster("bob")
    keeper = make(weekly({0}))
    keeper.look(MONDAY - 86400)
    keeper.closing.close(Closed(datetime.now(UTC)))
    keeper.look(MONDAY)
    assert (world.started, keeper._rounds) == ([], {})
    assert keeper.report(MONDAY)["next"]["say"] == "It waits, because the class is closed."
    keeper.closing.reopen()
    keeper.look(MONDAY + 600)
    await settled(keeper)
    assert world.started == ["bob"]


async def test_a_start_that_was_stopped_by_closing_the_class_can_be_cancelled_before_it_opens(make, world):
    make.roster("bob")
    keeper = make(weekly({0}))
    keeper.look(MONDAY - 86400)
    keeper.look(MONDAY)
    keeper.closing.close(Closed(datetime.now(UTC)))
    await settled(keeper)
    assert keeper.cancel() == 1
    keeper.closing.reopen()
    for restarted in (keeper, make(weekly({0}))):
        restarted.look(MONDAY + 600)
        await settled(restarted)
    assert (world.started, keeper.cancel()) == ([], 0)


async def test_failed_starts_are_named_with_their_reasons(make, world):
    make.roster("bob", "dora", "carol")
    world.server("bob").outcome = "Your home folder cannot be mounted. Please tell your instructor."
    world.server("carol").outcome = "No seat was left for a warm start."
    keeper = make(weekly({0}))
    keeper.look(MONDAY - 86400)
    keeper.look(MONDAY)
    await settled(keeper)
    [shown] = keeper.report(MONDAY)["starts"]
    assert (shown["ready"], shown["total"]) == (1, 3)
    assert shown["missing"] == [{"name": name, "say": world.server(name).outcome} for name in ("bob", "carol")]
    assert world.server("carol")._spawn_future is None, "carol has done nothing yet, and reads no failure"
    assert world.server("bob")._spawn_future is not None


async def test_a_server_that_nobody_visits_goes_only_after_fifteen_minutes_and_only_for_somebody_who_waits(make, world):
    keeper = make()
    for rank, name in enumerate(("grace", "bob", "carol")):
        world.server(name).ready = True
        keeper._warm.servers[name] = WarmServer(MONDAY, rank, None, MONDAY - 60)
    world.server("carol").orm_spawner.last_activity = datetime.fromtimestamp(MONDAY - 60 + VISIT_AFTER + 1, UTC).replace(tzinfo=None)
    world.server("bob").orm_spawner.last_activity = datetime.fromtimestamp(MONDAY - 50, UTC).replace(tzinfo=None)
    keeper.look(MONDAY + KEPT_SECONDS)
    assert sorted(keeper._warm.servers) == ["bob", "grace"], "carol has come"
    keeper._queue.join(QueueEntry(keeper._queue, "x", 60, 10))
    keeper.look(MONDAY + KEPT_SECONDS - 1)
    await asyncio.sleep(0)
    assert world.stopped == []
    keeper.look(MONDAY + KEPT_SECONDS)
    await asyncio.gather(*keeper._stops)
    keeper.look(MONDAY + KEPT_SECONDS + 5)
    assert (world.stopped, sorted(keeper._warm.servers)) == (["bob"], ["grace"]), "one seat for one person"


async def test_a_warm_start_that_has_not_ended_gives_its_seat_at_once(make, world):
    keeper = make()
    for rank, name in enumerate(("bob", "carol")):
        keeper._warm.servers[name] = WarmServer(MONDAY, rank)
        keeper._warm.begin(name, QueueEntry(keeper._queue, name, 60, 10))
        keeper._warm.servers[name].entry.has_seat = True
    keeper._queue.join(QueueEntry(keeper._queue, "x", 60, 10))
    keeper.look(MONDAY - 300)
    assert [each.entry.gives_way for each in keeper._warm.servers.values()] == [False, True]


async def test_a_planned_start_survives_the_hub_and_can_be_cancelled(make, world):
    make.roster("bob")
    now = datetime.now(UTC).timestamp()
    make().plan(Occasion("once a", now + 3600, now + 7200), now)
    again = make()
    assert again.report(now)["next"] == {"at": now + 3600}
    assert again.cancel() == 1
    assert make().report(now) == {"starts": []}


def test_a_damaged_file_is_as_good_as_none(make, tmp_path):
    (tmp_path / "warm.json").write_text('{"started": [[]]}')
    assert make().report(MONDAY) == {"starts": []}
