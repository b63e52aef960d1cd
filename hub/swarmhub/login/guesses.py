"""Slows down those who guess passwords."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from math import ceil


@dataclass
class _Failures:
    count: float
    last: float


class GuessLimit:
    """Counts wrong passwords by key. After `free` of them, each further one doubles the time until the next try, up to `max_wait` s.

    One wrong password is forgotten every `forget_after` s, so guesses without a pause get about one answer in that time. A try that is
    refused does not count: it does not lengthen the time. At most `size` keys are remembered.
    """

    def __init__(
        self, free: int, max_wait: float = 32, forget_after: float = 6, size: int = 10_000, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._free, self._max_wait, self._forget_after, self._size, self._now = free, max_wait, forget_after, size, now
        self._failures: OrderedDict[Hashable, _Failures] = OrderedDict()

    def wait(self, key: Hashable) -> int:
        """Returns the seconds until the next try is accepted; 0: now."""
        failures = self._failures.get(key)
        if failures is None:
            return 0
        above = ceil(self._count(failures)) - self._free
        wait = min(2 ** min(above, 10), self._max_wait) if above >= 0 else 0
        return max(0, ceil(failures.last + wait - self._now()))

    def fail(self, key: Hashable) -> None:
        """Counts a wrong password."""
        before = self._failures.pop(key, None)
        self._failures[key] = _Failures(1 + (self._count(before) if before else 0), self._now())
        while len(self._failures) > self._size:
            self._failures.popitem(last=False)

    def succeed(self, key: Hashable) -> None:
        """Forgets the wrong passwords."""
        self._failures.pop(key, None)

    def _count(self, failures: _Failures) -> float:
        return max(0, failures.count - (self._now() - failures.last) / self._forget_after)


def network_of(address: str) -> str:
    """Returns what one customer of a provider has: an IPv4 address, or an IPv6 network of 48 bits."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if found.version == 6 and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 48), strict=False)) if found.version == 6 else str(found)
