"""The limits with which the tests wait."""

from types import SimpleNamespace

import pytest

from .support import wait
from .support.wait import wait_for, wait_in_thread_for


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def monotonic(self):
        return self.now

    def pause(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(wait, "time", SimpleNamespace(monotonic=made.monotonic, sleep=made.pause))
    return made


def test_a_pause_of_the_machine_does_not_use_up_the_limit(clock):
    pauses = iter([600.0] * 3)
    wait_in_thread_for(lambda: clock.pause(next(pauses, 0)) or clock.now > 1800.05, deadline=1)


def test_what_never_becomes_true_fails_at_the_limit_and_says_how_it_is(clock):
    with pytest.raises(AssertionError, match="did not become true in time still 7"):
        wait_in_thread_for(lambda: False, deadline=30, state=lambda: "still 7")
    assert clock.now == pytest.approx(30, abs=0.1)


async def test_an_event_loop_waits_with_the_same_limit():
    with pytest.raises(AssertionError, match="did not become true in time"):
        await wait_for(lambda: False, deadline=0.05)
    await wait_for(lambda: True, deadline=0.05)
