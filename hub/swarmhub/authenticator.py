"""One password for the class, another for the admins."""

from urllib.parse import quote

from jupyterhub.authenticators.shared import SharedPasswordAuthenticator

_PRINTABLE = "".join(chr(code) for code in range(32, 127) if chr(code) != "%")


class ClassAuthenticator(SharedPasswordAuthenticator):
    """SharedPasswordAuthenticator for passwords with any characters; both passwords must be passed through `to_ascii`.

    Upstream compares strings with secrets.compare_digest, which raises TypeError for characters outside ASCII. With one umlaut,
    even in a mistyped password, the login page would fail with status 500.
    """

    async def authenticate(self, handler, data):
        return await super().authenticate(handler, data | {"password": to_ascii(data["password"])})


def to_ascii(password: str) -> str:
    """Returns an ASCII string, a different one for each password; ASCII without `%` stays unchanged."""
    return quote(password, safe=_PRINTABLE)
