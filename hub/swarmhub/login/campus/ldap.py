"""Logins with the name and password of an LDAP directory."""

from collections.abc import Hashable

from jupyterhub.handlers import BaseHandler, LoginHandler
from tornado.web import HTTPError
from traitlets import Instance

from ..guesses import AttemptLimit, network_of
from ..provider import refusals
from .directory import Directory, DirectoryError, Threads, UnsafeDirectoryError
from .rules import CampusAuthenticator


class LdapAuthenticator(CampusAuthenticator):
    """Believes the directory. Wrong passwords are counted for the name and for the network, before the directory is asked."""

    directory = Instance(Directory, config=True)
    threads = Instance(Threads, ())

    # Sixty: forty students at one address, and many mistype the password in the first minute.
    networks, names = AttemptLimit(free=60), AttemptLimit(free=10)

    async def authenticate(self, handler: BaseHandler, data: dict) -> dict | None:
        # The API gives the body of a request for a token to this function (jupyterhub/apihandlers/users.py), without XSRF check.
        if not isinstance(handler, LoginHandler):
            return None
        name, password = data.get("username", "").strip(), data.get("password", "")
        if not name or not password:
            raise HTTPError(400, "Type your name and password.")
        if len(name) > 254 or len(password) > 1024:
            return None
        network = network_of(handler.request.remote_ip)
        # A name in the network it is typed in: guesses elsewhere do not keep its owner out.
        keys: list[tuple[AttemptLimit, Hashable]] = [(self.names, (name.casefold(), network)), (self.networks, network)]
        if seconds := max(limit.wait(key) for limit, key in keys):
            raise HTTPError(429, f"Too many wrong passwords were typed. Try again in {seconds} s.")
        for limit, key in keys:
            limit.count(key)
        try:
            found = await self.threads.find(self.directory, name, password)
        except DirectoryError as error:
            self._take_back(keys)
            self.log.error("%s: %s", self.service, error)
            refusal = refusals.unsafe if isinstance(error, UnsafeDirectoryError) else refusals.silent
            raise refusal(self.service) from error
        if found is None:
            if any(limit.wait(key) for limit, key in keys):
                self.log.warning("Many wrong passwords for %r or from %s", name[:32], network)
            return None
        self._take_back(keys)
        self.names.forget(keys[0][1])
        return self.user(self.name_from(found[0], self.directory.attribute), found[1])

    def _take_back(self, keys: list[tuple[AttemptLimit, Hashable]]) -> None:
        for limit, key in keys:
            limit.take_back(key)
