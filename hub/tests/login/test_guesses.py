import pytest

from swarmhub.login.guesses import AttemptLimit, network_of


class Clock:
    seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


def fail(limit, times, key="key"):
    for _ in range(times):
        limit.count(key)


def test_the_first_wrong_passwords_do_not_delay_the_next_try(clock):
    limit = AttemptLimit(free=5, now=clock)
    fail(limit, 4)
    assert limit.wait("key") == 0


def test_each_further_one_doubles_the_time_up_to_a_maximum(clock):
    limit = AttemptLimit(free=1, max_wait=32, now=clock)
    waits = []
    for _ in range(8):
        limit.count("key")
        waits.append(limit.wait("key"))
    assert waits == [1, 2, 4, 8, 16, 32, 32, 32]


def test_the_time_passes_and_wrong_passwords_are_forgotten(clock):
    limit = AttemptLimit(free=3, forget_after=6, now=clock)
    fail(limit, 5)
    assert limit.wait("key") == 4
    clock.seconds += 4
    assert limit.wait("key") == 0
    clock.seconds += 60
    fail(limit, 2)
    assert limit.wait("key") == 0


def test_the_right_password_forgets_the_wrong_ones(clock):
    limit = AttemptLimit(free=1, now=clock)
    fail(limit, 3)
    limit.forget("key")
    assert limit.wait("key") == 0


def test_guesses_without_a_pause_get_about_ten_answers_in_a_minute(clock):
    limit = AttemptLimit(free=60, now=clock)
    answered = 0
    for _ in range(3600 * 20):
        if limit.wait("key") == 0:
            limit.count("key")
            answered += 1
        clock.seconds += 0.05
    assert answered < 60 + 60 * 12


def test_forty_people_at_one_address_who_mistype_once_are_not_delayed(clock):
    limit = AttemptLimit(free=60, now=clock)
    fail(limit, 40)
    assert limit.wait("key") == 0


def test_keys_do_not_touch_each_other_and_only_the_last_ones_are_remembered(clock):
    limit = AttemptLimit(free=1, size=100, now=clock)
    for number in range(1000):
        limit.count(number)
    assert [limit.wait(number) for number in (0, 899, 900, 999)] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("2001:db8:1:ffff::1", "2001:db8:1::/48"),
        ("not an address", "not an address"),
        ("x" * 1000, "x" * 64),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address, network):
    assert network_of(address) == network
