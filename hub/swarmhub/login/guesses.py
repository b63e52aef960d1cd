"""Slows down those who try too often: passwords, or new names."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from math import ceil


@dataclass
class _Attempts:
    count: float
    last: float


class AttemptLimit:
    """Counts attempts by key. After `free` of them, each further one doubles the time until the next one, up to `max_wait` s.

    One is forgotten every `forget_after` s, so attempts without a pause get about one answer in that time. One that is refused does not
    count: it does not lengthen the time. At most `size` keys are remembered.
    """

    def __init__(
        self, free: int, max_wait: float = 32, forget_after: float = 6, size: int = 10_000, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._free, self._max_wait, self._forget_after, self._size, self._now = free, max_wait, forget_after, size, now
        self._attempts: OrderedDict[Hashable, _Attempts] = OrderedDict()

    def wait(self, key: Hashable) -> int:
        """Returns the seconds until the next attempt is accepted; 0: now."""
        attempts = self._attempts.get(key)
        if attempts is None:
            return 0
        above = ceil(self._remaining(attempts)) - self._free
        wait = min(2 ** min(above, 10), self._max_wait) if above >= 0 else 0
        return max(0, ceil(attempts.last + wait - self._now()))

    def count(self, key: Hashable) -> None:
        """Counts an attempt, such as a wrong password."""
        before = self._attempts.pop(key, None)
        self._attempts[key] = _Attempts(1 + (self._remaining(before) if before else 0), self._now())
        while len(self._attempts) > self._size:
            self._attempts.popitem(last=False)

    def take_back(self, key: Hashable) -> None:
        """Forgets one attempt: it was counted before its answer came, so that many at once cannot pass, and it was none."""
        if attempts := self._attempts.get(key):
            attempts.count = max(0, attempts.count - 1)

    def forget(self, key: Hashable) -> None:
        """Forgets all attempts."""
        self._attempts.pop(key, None)

    def _remaining(self, attempts: _Attempts) -> float:
        return max(0, attempts.count - (self._now() - attempts.last) / self._forget_after)


def network_of(address: str) -> str:
    """Returns what one customer of a provider has: an IPv4 address, or an IPv6 network of 48 bits."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if found.version == 6 and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 48), strict=False)) if found.version == 6 else str(found)
