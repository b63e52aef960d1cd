"""A password of one's own for each person on the roster."""

from collections.abc import Iterator
from contextlib import contextmanager
from hmac import compare_digest
from urllib.parse import quote, unquote

from jupyterhub.handlers import LoginHandler
from jupyterhub.handlers.base import BaseHandler
from tornado.web import HTTPError
from traitlets import Bool, Dict, Instance, default
from traitlets.config import Config

from ..settings import Paths, Settings
from .access import AccessRules
from .guesses import AttemptLimit, network_of
from .password_hash import MAX_BYTES, HashPool, make_hash
from .password_store import PasswordStore
from .staff_passwords import staff_passwords

WRONG = "Wrong user name or password. Both are on your slip. Your instructor can give you a new password."
_BUSY = "Many people are logging in at this moment. Try again in a minute."
_UNREADABLE = "The hub cannot read or write the passwords of this class. Please tell your instructor."
# A signed cookie with a name: this browser has logged in under it.
_KNOWN_BROWSER, _DAYS = "swarmhub-known", 90


class PasswordAuthenticator(AccessRules):
    """Compares a password with the hash of the person on the roster. Admins and teachers who are not on it have the password of theirs.

    For each name exactly one password is right. A name that nobody has is answered with the same words, after the same time.

    Wrong passwords count for the name and for the network they come from. A browser that has logged in under a name before counts apart,
    for this name only: neither guesses in the network of a campus nor guesses for one name keep out its owner.
    """

    store = Instance(PasswordStore, config=True, help="the hashes")
    staff_passwords = Dict(config=True, help="for the names of admins and teachers who are not on the roster")
    any_allow_config = Bool(True, help="JupyterHub warns without a rule, and `check_allowed` is the rule")
    networks = Instance(AttemptLimit)
    names = Instance(AttemptLimit)
    pool = Instance(HashPool, ())

    @default("networks")
    def _networks_default(self) -> AttemptLimit:
        # Sixty: forty students at one address, and many mistype the password in the first minute.
        return AttemptLimit(free=60)

    @default("names")
    def _names_default(self) -> AttemptLimit:
        return AttemptLimit(free=10)

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._nobody = make_hash("")  # compared with the password for a name that nobody has

    async def authenticate(self, handler: BaseHandler, data: dict) -> dict:
        """Returns the user if the password is right; raises HTTPError with a sentence for the login page."""
        # The API gives the body of an anonymous request for a token to this function (jupyterhub/apihandlers/users.py,
        # UserTokenListAPIHandler): only the login page may log in.
        if not isinstance(handler, LoginHandler):
            raise HTTPError(403, WRONG)
        name = self.normalize_username(data.get("username", ""))
        if not name or not data.get("password"):
            raise HTTPError(400, "Type your user name and your password.")
        is_known = _known_name(handler) == name
        if not await self.is_right(name, data["password"], network_of(handler.request.remote_ip), is_known=is_known):
            raise HTTPError(403, WRONG)
        handler._set_cookie(_KNOWN_BROWSER, quote(name), expires_days=_DAYS, path=handler.hub.base_url)
        return {"name": name, "admin": name in self.admin_users, "groups": []}  # the roster has them

    async def is_right(self, name: str, password: str, network: str, *, is_known: bool) -> bool:
        """Returns whether this is the password of a person, and counts if it is not; raises HTTPError after too many wrong ones."""
        with self._sentences():
            expected = self.store.hash_of(name)
        # It is generated and too long to guess, so guesses of others cannot delay it.
        if expected is None and self._is_staff_password(name, password):
            return True
        keys = [(self.names, (name[:254], is_known))] + ([] if is_known else [(self.networks, network)])
        _refuse_if_too_many(keys)
        if len(password.encode("utf-8", "surrogatepass")) > MAX_BYTES:
            expected, password = None, ""
        with self._sentences():
            async with self.pool as pool:
                _refuse_if_too_many(keys)  # again: a thousand guesses at the same time have passed the line above
                # The time must not tell whether the name exists.
                if await pool.matches(password, expected or self._nobody) and expected:
                    self.names.forget(keys[0][1])
                    return True
                for limit, key in keys:
                    limit.count(key)
        if any(limit.wait(key) for limit, key in keys):
            self.log.warning("Many wrong passwords for %r or from %s", name[:32], network)
        return False

    def _is_staff_password(self, name: str, password: str) -> bool:
        typed, own = password.encode("utf-8", "surrogatepass"), self.staff_passwords.get(name)
        return own is not None and compare_digest(typed, own.encode())

    async def change_password(self, name: str, password: str) -> None:
        """Replaces the password of a person on the roster; raises HTTPError with a sentence for anybody else."""
        with self._sentences():
            async with self.pool as pool:
                self.store.change(name, await pool.make_hash(password))

    def is_changed(self, name: str) -> bool:
        """Returns whether a person's password is another one than on the slip."""
        with self._sentences():
            return self.store.is_changed(name)

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise HTTPError(503, _BUSY) from error
        except LookupError as error:
            raise HTTPError(404, "This name is not on the roster of the class.") from error
        except (OSError, ValueError) as error:
            self.log.error("cannot read or write the changed passwords: %s", error)
            raise HTTPError(503, _UNREADABLE) from error

    def check_allowed(self, _username: str, _authentication: dict | None = None) -> bool:
        """Allows whoever has a password: the rules of `AccessRules` have been applied before."""
        return True


def _refuse_if_too_many(keys: list[tuple[AttemptLimit, object]]) -> None:
    for limit, key in keys:
        if seconds := limit.wait(key):
            where = "for this name" if isinstance(key, tuple) else "in your network"
            raise HTTPError(429, f"Too many wrong passwords were typed {where}. Try again in {seconds} s.")


def _known_name(handler: BaseHandler) -> str | None:
    value = handler.get_secure_cookie(_KNOWN_BROWSER, max_age_days=_DAYS)
    return None if value is None else unquote(value.decode("ascii", "replace"))


def configure_passwords(c: Config, settings: Settings, paths: Paths) -> None:
    """Sets up the method, after `configure_access`; raises SettingsError if a secret is missing."""
    c.JupyterHub.authenticator_class = PasswordAuthenticator
    c.PasswordAuthenticator.store = PasswordStore(paths.data / "passwords.json", c.AccessRules.access)
    c.PasswordAuthenticator.staff_passwords = staff_passwords(settings, paths)
