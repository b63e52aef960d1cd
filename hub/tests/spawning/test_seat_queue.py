"""Waiting for a seat in a full class, with the fake Swarm."""

import asyncio

import pytest
from jupyterhub.spawner import SpawnException

from swarmhub.refusal import QUEUE_CLEARED
from swarmhub.spawning.seat_queue import QueueEntry, SeatQueue

from ..conftest import spawner
from ..support.wait import wait_for


@pytest.fixture
def full(swarm):
    swarm.seats = 0
    return swarm


async def starts(*names):
    """Starts spawners one by one; each starts after the previous one waits or runs."""
    made = [spawner(name) for name in names]
    tasks = []
    for each in made:
        tasks.append(asyncio.ensure_future(each.start()))
        await wait_for(lambda each=each: "in the queue" in message_of(each))
    return made, tasks


def message_of(a_spawner):
    return a_spawner._stage[1]


async def test_users_without_a_seat_see_their_position_and_only_the_first_has_a_service(full):
    (alice, bob, carol), waiting = await starts("alice", "bob", "carol")
    assert (
        message_of(alice) == "All seats are taken. You are next in the queue. Your server starts automatically as soon as a seat is free."
    )
    assert "You are number 2 in the queue" in message_of(bob)
    assert "You are number 3 in the queue" in message_of(carol)
    assert list(full.services) == ["geo-101-nb-alice"]
    await cancelled(*waiting)


async def test_queued_starts_begin_in_order_as_seats_become_free(full):
    names = ["alice", "bob", "carol", "dave"]
    _, waiting = await starts(*names)
    full.created.clear()
    for seats, name in enumerate(names, 1):
        full.seats = seats
        await waiting[seats - 1]
        assert full.placed == {f"geo-101-nb-{each}" for each in names[:seats]}, f"{name} is the next"
    assert full.created == ["geo-101-nb-bob", "geo-101-nb-carol", "geo-101-nb-dave"]
    assert len(spawner().seat_queue) == 0


async def test_a_later_start_does_not_overtake_the_queue(full):
    _, (first, second) = await starts("alice", "bob")
    full.created.clear()
    (carol,), (third,) = await starts("carol")
    assert full.created == []
    full.seats = 1
    await first
    await wait_for(lambda: "number 2" in message_of(carol))
    await cancelled(second, third)


async def test_many_simultaneous_starts_in_a_full_class_all_succeed_in_the_end(full):
    starting = [asyncio.ensure_future(spawner(f"user{number}").start()) for number in range(12)]
    await wait_for(lambda: len(spawner().seat_queue) == 12)
    await wait_for(lambda: len(full.services) == 1)
    full.seats = 12
    await asyncio.gather(*starting)
    assert len(full.services) == 12


async def test_a_cancelled_start_leaves_the_queue_and_the_next_one_moves_up(full):
    (_, bob, carol), (first, second, third) = await starts("alice", "bob", "carol")
    await cancelled(second)
    await wait_for(lambda: "number 2" in message_of(carol))
    await cancelled(first)
    await wait_for(lambda: "You are next" in message_of(carol))
    assert "number 2" in message_of(bob)
    await cancelled(third)
    assert full.services == {}
    assert len(spawner().seat_queue) == 0


async def test_each_wait_ends_after_the_timeout_with_a_message(full):
    made = [spawner(name, queue_timeout=0.3) for name in ("alice", "bob")]
    for refused in await asyncio.gather(*[each.start() for each in made], return_exceptions=True):
        assert isinstance(refused, SpawnException)
        assert refused.message == "All seats are taken, and no seat became free while you were waiting. Please ask your instructor."
    assert full.services == {}
    assert len(spawner().seat_queue) == 0


async def test_the_wait_does_not_count_towards_the_start_timeout(full):
    alice = spawner(start_timeout=60 + 10 + 1)  # one second for everything except the wait
    starting = asyncio.ensure_future(alice.start())
    await asyncio.sleep(1.3)
    full.seats = 1
    await starting


async def test_a_full_queue_refuses_more_starts(full):
    _, waiting = await starts("alice", "bob")
    with pytest.raises(SpawnException) as raised:
        await spawner("carol", queue_limit=2).start()
    assert "the queue is full" in raised.value.message
    await cancelled(*waiting)


async def test_progress_shows_every_new_position(full):
    (_, bob), (first, second) = await starts("alice", "bob")
    messages = []

    async def listen():
        async for event in bob.progress():
            messages.append(event["message"])

    listening = asyncio.ensure_future(listen())
    await wait_for(lambda: messages)
    full.seats = 1
    await first
    await wait_for(lambda: len(messages) > 1)
    full.seats = 2
    await second
    await wait_for(lambda: "is running" in messages[-1])
    assert ["number 2" in messages[0], "You are next" in messages[1]] == [True, True]
    listening.cancel()


def test_an_entry_that_is_not_queued_has_no_position_and_can_leave():
    queue = SeatQueue()
    entry = QueueEntry(queue, "geo-101-nb-alice", 60, 100)
    assert queue.position(entry) == 0
    assert entry.is_next
    entry.leave()


async def cancelled(*starting):
    for each in starting:
        each.cancel()
    for each in starting:
        with pytest.raises(asyncio.CancelledError):
            await each


async def test_a_cleared_queue_ends_the_starts_that_wait_and_their_users_read_why(full):
    (alice, _bob), waiting = await starts("alice", "bob")
    assert alice.seat_queue.clear() == ["geo-101-nb-alice", "geo-101-nb-bob"]
    for start in waiting:
        with pytest.raises(SpawnException) as raised:
            await start
        assert raised.value.message == QUEUE_CLEARED.sentence
    assert full.services == {}
    assert len(alice.seat_queue) == 0
    full.seats = None
    await alice.start()  # a new start does not remember
