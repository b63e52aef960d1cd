"""One password for the class, another for the admins."""

from secrets import compare_digest
from urllib.parse import quote, unquote

from jupyterhub import orm
from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from jupyterhub.handlers import LoginHandler
from jupyterhub.roles import assign_default_roles
from tornado.web import HTTPError
from traitlets import Instance, Int

from .guesses import GuessLimit, network_of
from .names import existing_spelling
from .password_changes import PasswordChanges
from .sessions import end_sessions, limit_tokens

_PRINTABLE = "".join(chr(code) for code in range(32, 127) if chr(code) != "%")
_KNOWN_BROWSER, _KNOWN_DAYS = "swarmhub-known", 90


class ClassAuthenticator(SharedPasswordAuthenticator):
    """SharedPasswordAuthenticator for passwords with any characters; both passwords must be passed through `to_ascii`.

    Upstream compares strings with secrets.compare_digest, which raises TypeError for characters outside ASCII. With one umlaut,
    even in a mistyped password, the login page would fail with status 500.

    Wrong passwords are counted. The class has one password, so a limit for each name would not limit anybody who guesses: they would
    take another name each time. Wrong passwords from a browser that has logged in before count for its name, all others for the network
    they come from. So guesses in the network of a campus do not keep out those who have been in. The admins' password is generated and
    too long to guess: it is always accepted.
    """

    changes = Instance(PasswordChanges, allow_none=True, config=True, help="what the passwords were at the last start")
    remember = Int(12 * 3600, config=True, help="seconds for which a login lasts")

    # Sixty: forty students at one address, and many mistype the password in the first minute.
    networks, names = GuessLimit(free=60), GuessLimit(free=10)

    def check_allow_config(self) -> None:
        """Also ends the logins with passwords that have changed; JupyterHub calls this at its start, before it makes users admins."""
        super().check_allow_config()
        if self.parent and self.changes:
            self._apply_changes(self.parent.db)

    def normalize_username(self, username: str) -> str:
        """Returns one spelling for a name, or the one under which the hub knows it already."""
        return super().normalize_username(existing_spelling(username, self._known_names()))

    async def authenticate(self, handler, data):
        """Returns the user if the password is right, else None; raises HTTPError with a sentence for the login page."""
        # The API accepts a password in the body of a request for a token, without the login page's protection (jupyterhub/apihandlers/
        # users.py, UserTokenListAPIHandler): only the login page may log in.
        if not isinstance(handler, LoginHandler):
            return None
        if not data.get("username") or "password" not in data:
            raise HTTPError(400, "Type a name and the password.")
        name, password = self.normalize_username(data["username"]), to_ascii(data["password"])
        network = network_of(handler.request.remote_ip)
        if self._is_admin(name):
            if self.admin_password and compare_digest(password, self.admin_password):
                return {"name": name, "admin": True, "groups": []}
            limit, key = self.networks, network
            self._refuse_if_too_many(limit, key)
        else:
            limit, key = (self.names, name) if _has_logged_in_as(handler, name) else (self.networks, network)
            self._refuse_if_too_many(limit, key)
            if self.user_password and compare_digest(password, self.user_password):
                self.names.succeed(name)
                handler._set_cookie(_KNOWN_BROWSER, quote(name), expires_days=_KNOWN_DAYS, path=handler.hub.base_url)
                return {"name": name, "admin": False, "groups": []}
        limit.fail(key)
        if limit.wait(key):
            # A user can connect to the hub directly and claim any address, so the address of the connection is logged too.
            peer = handler.request.connection.context.address
            self.log.warning("Many wrong passwords for %r or from %s (connected from %s)", name[:32], network, peer)
        return None

    def _refuse_if_too_many(self, limit: GuessLimit, key: str) -> None:
        if seconds := limit.wait(key):
            where = "for this name" if limit is self.names else "in your network"
            raise HTTPError(429, f"Too many wrong passwords were typed {where}. Try again in {seconds} s.")

    def _is_admin(self, name: str) -> bool:
        user = orm.User.find(self.parent.db, name) if self.parent else None
        return name in self.admin_users or bool(user and user.admin)

    def _known_names(self) -> list[str]:
        return [name for (name,) in self.parent.db.query(orm.User.name)] if self.parent else []

    def _apply_changes(self, db) -> None:
        state = self.user_password, self.admin_password, {self.normalize_username(name) for name in self.admin_users}
        changes = self.changes.since_last_start(*state)
        for user in db.query(orm.User):
            if changes.admin if user.admin else changes.shared:
                end_sessions(db, user, keep_server=True)
            # JupyterHub only makes users admins. Without `admins` there is no admin, as their password is not in use.
            if user.admin and (user.name in changes.former_admins or not self.admin_users):
                user.admin = False
                assign_default_roles(db, entity=user)  # takes the role admin, which would make the user an admin again
                self.log.warning("%s is no longer an admin", user.name)
        limit_tokens(db, self.remember)
        db.commit()
        self.changes.save(*state)
        if changes.shared or changes.admin:
            who = "Everybody" if changes.shared and changes.admin else "Every user" if changes.shared else "Every admin"
            self.log.warning("A password has changed. %s has to log in again", who)


def to_ascii(password: str) -> str:
    """Returns an ASCII string, a different one for each password; ASCII without `%` stays unchanged."""
    return quote(password, safe=_PRINTABLE)


def _has_logged_in_as(handler: LoginHandler, name: str) -> bool:
    cookie = handler.get_secure_cookie(_KNOWN_BROWSER, max_age_days=_KNOWN_DAYS)
    return cookie is not None and unquote(cookie.decode("ascii", "replace")) == name
