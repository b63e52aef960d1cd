"""Hashes of personal passwords, in the form `scrypt$N$r$p$SALT$HASH` that the roster's file has too, and new passwords."""

import asyncio
import base64
import hashlib
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from hmac import compare_digest

MIN_LENGTH, MAX_BYTES = 8, 1024
_N, _R, _P, _BYTES = 2**14, 8, 1, 64  # 16 MB and about 60 ms for each
_MAX_MEMORY = 64 << 20
# 80 syllables: eight of them have 50 bits. Without letters that sound or look alike in print (c, l, q, x, y).
_CONSONANTS, _VOWELS, _SYLLABLES = "bdfghjkmnprstvwz", "aeiou", 8


def make_hash(password: str) -> str:
    """Returns a new hash."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, _N, _R, _P)
    return f"scrypt${_N}${_R}${_P}${_text(salt)}${_text(digest)}"


def matches(password: str, expected: str) -> bool:
    """Returns whether a password has this hash; takes as long for a wrong one. False for a hash in another form."""
    try:
        kind, n, r, p, salt, digest = expected.split("$")
        found = _scrypt(password, base64.b64decode(salt, validate=True), int(n), int(r), int(p))
        return kind == "scrypt" and compare_digest(found, base64.b64decode(digest, validate=True))
    except (ValueError, MemoryError):
        return False


def invent_password() -> str:
    """Returns a password that can be read out and typed, such as `bako-fimu-toda-keru`."""
    syllables = [secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(_SYLLABLES)]
    return "-".join("".join(pair) for pair in zip(syllables[::2], syllables[1::2], strict=True))


class HashPool:
    """Computes hashes in two threads, so that the hub answers meanwhile. At most `queue` wait for their turn."""

    def __init__(self, queue: int = 400) -> None:
        self._threads = ThreadPoolExecutor(2, "password")
        self._turns, self._queue, self._waiting = asyncio.Semaphore(2), queue, 0

    async def __aenter__(self) -> "HashPool":
        """Waits for a turn; raises TimeoutError if too many wait already."""
        if self._waiting >= self._queue:
            raise TimeoutError("too many logins at the same time")
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        return self

    async def __aexit__(self, *_: object) -> None:
        self._turns.release()

    async def matches(self, password: str, expected: str) -> bool:
        return await asyncio.get_running_loop().run_in_executor(self._threads, matches, password, expected)

    async def make_hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._threads, make_hash, password)


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    # A keyboard may compose an umlaut, and another one not.
    typed = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(typed, salt=salt, n=n, r=r, p=p, maxmem=_MAX_MEMORY, dklen=_BYTES)


def _text(found: bytes) -> str:
    return base64.b64encode(found).decode()
