"""Asks an LDAP directory (OpenLDAP, Active Directory) about a name and a password."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import ldap3
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars

from ..tls_context import tls_context

_SECONDS = 5
_MEMBERS = "(|(member={dn})(uniqueMember={dn})(memberUid={name}))"


class DirectoryError(Exception):
    """The directory gave no usable answer; the message is for the log."""


class UnsafeDirectoryError(DirectoryError):
    """Its certificate is expired, for another name, or from an unknown authority."""


@dataclass(frozen=True)
class Directory:
    """A directory: its address (ldap:// or ldaps://), where the people are, the attribute with the user name, and who may search.

    Without a reader the search is anonymous. `groups` are DNs by the name of the group in this class. `ca` is a file with root certificates
    that count beside the public ones.
    """

    server: str
    base: str
    attribute: str = "uid"
    reader: str = ""
    password: str = field(default="", repr=False)
    groups: Mapping[str, str] = field(default_factory=dict)
    ca: Path | None = None

    def find(self, name: str, password: str, opened: Callable[[ldap3.Connection], None] = lambda _connection: None) -> tuple | None:
        """Returns the user's name as the directory spells it and the groups; None if name or password is wrong.

        Raises DirectoryError. Blocks for up to a few times 5 s; `opened` gets each connection, to end it from another thread.
        """
        # With a DN and no password, a server answers "success" without checking anything (RFC 4513, 5.1.2).
        if not name or not password:
            return None
        with self._errors(), self._reader(opened) as reader:
            found = self._search(reader, self.base, ldap3.SUBTREE, f"({self.attribute}={escape_filter_chars(name)})", [self.attribute])
            # Two people with one name: nobody can tell whose password it is.
            if len(found) != 1:
                return None
            dn, attributes = found[0]["dn"], found[0]["attributes"]
            with self._connect(dn, password, opened) as user:
                if user is None:
                    return None
            spelled = _spelled(name, attributes[self.attribute])
            return spelled, frozenset(group for group, group_dn in self.groups.items() if self._has(reader, group_dn, dn, spelled))

    def try_search(self) -> None:
        """Searches for nobody; raises DirectoryError if that is refused."""
        with self._errors(), self._reader(lambda _connection: None) as reader:
            self._search(reader, self.base, ldap3.SUBTREE, f"({self.attribute}=swarmhub-check)", [self.attribute])

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except DirectoryError:
            raise
        # An answer that is no LDAP ends in whatever ldap3's decoder stumbles over (IndexError for nested lengths).
        except Exception as error:
            # ldap3 keeps of OpenSSL's errors only the text.
            kind = UnsafeDirectoryError if "CERTIFICATE_VERIFY_FAILED" in str(error) else DirectoryError
            raise kind(f"{self.server}: {type(error).__name__}: {error}") from error

    @contextlib.contextmanager
    def _reader(self, opened: Callable) -> Iterator[ldap3.Connection]:
        with self._connect(self.reader, self.password, opened) as reader:
            if reader is None:
                raise DirectoryError(f"{self.server} refuses the reader {self.reader or '(anonymous)'}")
            yield reader

    @contextlib.contextmanager
    def _connect(self, dn: str, password: str, opened: Callable) -> Iterator[ldap3.Connection | None]:
        """Yields a connection as this user, None if the directory refuses the password."""
        address = urlsplit(self.server)
        is_tls = address.scheme == "ldaps"
        tls = _VerifiedTls(self.ca)
        port = address.port or (636 if is_tls else 389)
        server = ldap3.Server(address.hostname, port, use_ssl=is_tls, tls=tls, get_info=ldap3.NONE, connect_timeout=_SECONDS)
        # A referral would send the password to another server.
        options = {"auto_referrals": False, "receive_timeout": _SECONDS, "check_names": False, "return_empty_attributes": False}
        connection = ldap3.Connection(server, dn or None, password or None, **options)
        opened(connection)
        try:
            connection.open(read_server_info=False)
            if not is_tls and not connection.start_tls(read_server_info=False):
                raise DirectoryError(f"{self.server} does not start TLS")
            yield connection if connection.bind(read_server_info=False) else self._refused(connection)
        finally:
            with contextlib.suppress(LDAPException, OSError):
                connection.unbind()

    def _refused(self, connection: ldap3.Connection) -> None:
        # invalidCredentials; the others say that the server cannot decide.
        if connection.result["result"] != 49:
            raise DirectoryError(f"{self.server}: {connection.result['description']}: {connection.result['message']}")

    def _search(self, connection: ldap3.Connection, base: str, scope: str, query: str, attributes: list[str]) -> list[dict]:
        connection.search(base, query, scope, attributes=attributes, size_limit=2, time_limit=_SECONDS)
        # 4: more than two; for a group, 32: no such entry, 34: no valid name of one
        if connection.result["result"] not in ((0, 32, 34) if scope == ldap3.BASE else (0, 4)):
            raise DirectoryError(f"{self.server}: {connection.result['description']}: {connection.result['message']}")
        return [each for each in connection.response or [] if each["type"] == "searchResEntry"]

    def _has(self, reader: ldap3.Connection, group: str, dn: str, name: str) -> bool:
        query = _MEMBERS.format(dn=escape_filter_chars(dn), name=escape_filter_chars(name))
        return bool(self._search(reader, group, ldap3.BASE, query, ["1.1"]))


def _spelled(typed: str, values: list[str] | str) -> str:
    # A person may have several names. The first one is not always the same (RFC 4511, 4.1.7).
    names = [values] if isinstance(values, str) else values
    return next((each for each in names if each.casefold() == typed.casefold()), min(names))


class _VerifiedTls(ldap3.Tls):
    """Always checks the certificate and its name; by default ldap3 checks neither, and with `validate` no IP address."""

    def __init__(self, ca: Path | None) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = _context(ca)

    def wrap_socket(self, connection: ldap3.Connection, do_handshake: bool = False) -> None:
        connection.socket = self._context.wrap_socket(connection.socket, server_hostname=connection.server.host)


# The public root certificates are many, so they are read once.
_context = cache(tls_context)


class Threads:
    """Asks a directory in a few threads, so that a slow one never holds the hub."""

    def __init__(self, count: int = 16, seconds: float = 10) -> None:
        self._pool, self.seconds = ThreadPoolExecutor(count, "ldap"), seconds

    async def find(self, directory: Directory, name: str, password: str) -> tuple | None:
        """Directory.find with a deadline; raises DirectoryError."""
        connections: list[ldap3.Connection] = []
        answer = asyncio.get_running_loop().run_in_executor(self._pool, directory.find, name, password, connections.append)
        try:
            return await asyncio.wait_for(answer, self.seconds)
        except TimeoutError as error:
            # A server that sends a byte now and then would keep the thread forever.
            for connection in connections:
                with contextlib.suppress(OSError, AttributeError):
                    connection.socket.shutdown(socket.SHUT_RDWR)
            raise DirectoryError(f"{directory.server}: no answer within {self.seconds} s") from error
