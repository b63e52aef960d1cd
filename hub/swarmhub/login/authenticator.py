"""One password for the class, another for the admins, and a third one for the teachers."""

from collections.abc import Hashable
from datetime import timedelta
from secrets import compare_digest
from urllib.parse import quote, unquote

from jupyterhub import orm
from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from jupyterhub.handlers import LoginHandler
from jupyterhub.roles import assign_default_roles
from jupyterhub.utils import utcnow
from tornado.web import HTTPError
from traitlets import Instance, Int, Set, Unicode, default, observe

from .access import AccessRules
from .guesses import AttemptLimit, network_of
from .password_changes import LoginState, PasswordChanges
from .sessions import end_sessions, limit_tokens

_PRINTABLE = "".join(chr(code) for code in range(32, 127) if chr(code) != "%")
# Signed cookies with a name: this browser has logged in under it; it typed the right password, and is asked whether the name is its own.
_KNOWN_BROWSER, _ASKED = "swarmhub-known", "swarmhub-asked"
_DAYS = {_KNOWN_BROWSER: 90, _ASKED: 1 / 144}
_RECENTLY = timedelta(hours=3)


class ClassAuthenticator(AccessRules, SharedPasswordAuthenticator):
    """SharedPasswordAuthenticator for passwords with any characters; all passwords must be passed through `to_ascii`.

    Upstream compares strings with secrets.compare_digest, which raises TypeError for characters outside ASCII. With one umlaut,
    even in a mistyped password, the login page would fail with status 500.

    Wrong passwords are counted. The class has one password, so a limit for each name would not limit anybody who guesses: they would
    take another name each time. Wrong passwords from a browser that has logged in before count for its name, all others for the network
    they come from. So guesses in the network of a campus do not keep out those who have been in. The passwords of admins and teachers are
    generated and too long to guess: they are always accepted.
    """

    changes = Instance(PasswordChanges, allow_none=True, config=True, help="what the passwords were at the last start")
    teachers = Set(config=True, help="the users who log in with the teachers' password")
    teacher_password = Unicode(None, allow_none=True, config=True)
    remember = Int(12 * 3600, config=True, help="seconds for which a login lasts")

    # Sixty: forty students at one address, and many mistype the password in the first minute.
    networks, names = AttemptLimit(free=60), AttemptLimit(free=10)
    # New names by network. About one every ten seconds once a whole class has come, so that a script does not take all seats.
    class_size = Int(60, config=True, help="how many new names a network may use at once")
    newcomers = Instance(AttemptLimit)

    @observe("class_size")
    def _class_size_changes(self, _change):
        self.newcomers = self._newcomers_default()

    @default("newcomers")
    def _newcomers_default(self):
        return AttemptLimit(free=self.class_size, max_wait=10, forget_after=10)

    def check_allow_config(self) -> None:
        """Also ends the logins with passwords that have changed; JupyterHub calls this at its start, before it makes users admins."""
        super().check_allow_config()
        if self.parent and self.changes:
            self._apply_changes(self.parent.db)

    async def authenticate(self, handler, data):
        """Returns the user if the password is right, else None; raises HTTPError with a sentence for the login page."""
        # The API accepts a password in the body of a request for a token, without the login page's protection (jupyterhub/apihandlers/
        # users.py, UserTokenListAPIHandler): only the login page may log in.
        if not isinstance(handler, LoginHandler):
            return None
        name = self.normalize_username(data.get("username", ""))
        # The button "Yes, continue" sends no password: the cookie says that it was right a moment ago.
        has_password = "password" in data or (data.get("mine") == "yes" and _reads(handler, _ASKED) == name)
        if not name or not has_password:
            raise HTTPError(400, "Type a name and the password.")
        password = to_ascii(data["password"]) if "password" in data else self.user_password
        network = network_of(handler.request.remote_ip)
        is_known = _reads(handler, _KNOWN_BROWSER) == name
        is_admin = self._is_admin(name)
        if is_admin or name in self.teachers:
            own_password = self.admin_password if is_admin else self.teacher_password
            if own_password and compare_digest(password, own_password):
                return {"name": name, "admin": is_admin, "groups": []}
            limit, key = self.networks, network
            self._refuse_if_too_many(limit, key)
        else:
            limit, key = (self.names, name) if is_known else (self.networks, network)
            self._refuse_if_too_many(limit, key)
            if self.user_password and compare_digest(password, self.user_password):
                if not is_known and data.get("mine") != "yes" and (question := self._question(name)):
                    _write(handler, _ASKED, name)
                    raise HTTPError(409, question)
                self._admit(name, network)
                self.names.forget(name)
                _write(handler, _KNOWN_BROWSER, name)
                return {"name": name, "admin": False, "groups": []}
        limit.count(key)
        if limit.wait(key):
            self.log.warning("Many wrong passwords for %r or from %s", name[:32], network)
        return None

    def _question(self, name: str) -> str | None:
        # Two people who choose the same name would work in one home (login.html shows the question and its two answers).
        user = orm.User.find(self.parent.db, name) if self.parent else None
        if user and any(spawner.server for spawner in user.orm_spawners.values()):
            return f"A server with the name {name} is running. Is it yours?"
        if user and user.last_activity and utcnow(with_tz=False) - user.last_activity < _RECENTLY:
            return f"The name {name} was used a short time ago. Was it you?"
        return None

    def _admit(self, name: str, network: str) -> None:
        if name in self._known_names():
            return
        if seconds := self.newcomers.wait(network):
            self.log.warning("Many new names from %s, the last one is %r", network, name[:32])
            raise HTTPError(429, f"Many new names were used in your network in a short time. Try again in {seconds} s.")
        self.newcomers.count(network)

    def _refuse_if_too_many(self, limit: AttemptLimit, key: Hashable) -> None:
        if seconds := limit.wait(key):
            where = "for this name" if limit is self.names else "in your network"
            raise HTTPError(429, f"Too many wrong passwords were typed {where}. Try again in {seconds} s.")

    def _is_admin(self, name: str) -> bool:
        user = orm.User.find(self.parent.db, name) if self.parent else None
        return name in self.admin_users or bool(user and user.admin)

    def _apply_changes(self, db) -> None:
        state = LoginState(
            self.user_password,
            self.admin_password,
            self.teacher_password,
            frozenset(self.normalize_username(name) for name in self.admin_users),
            frozenset(self.teachers),
        )
        changes = self.changes.since_last_start(state)
        for user in db.query(orm.User):
            password = "admin" if user.admin else "teacher" if user.name in self.teachers else "shared"
            # Until somebody became a teacher, everybody with the password of the class could log in under that name.
            if getattr(changes, password) or user.name in changes.new_teachers:
                end_sessions(db, user, keep_server=True)
            # JupyterHub only makes users admins. Without `admins` there is no admin, as their password is not in use.
            if user.admin and (user.name in changes.former_admins or not self.admin_users):
                user.admin = False
                assign_default_roles(db, entity=user)  # takes the role admin, which would make the user an admin again
                self.log.warning("%s is no longer an admin", user.name)
        limit_tokens(db, self.remember)
        db.commit()
        self.changes.save(state)
        for changed, who in ((changes.shared, "users"), (changes.teacher, "teachers"), (changes.admin, "admins")):
            if changed:
                self.log.warning("The password of the %s has changed: they have to log in again", who)


def to_ascii(password: str) -> str:
    """Returns an ASCII string, a different one for each password; ASCII without `%` stays unchanged."""
    return quote(password, safe=_PRINTABLE)


def _write(handler: LoginHandler, cookie: str, name: str) -> None:
    handler._set_cookie(cookie, quote(name), expires_days=_DAYS[cookie], path=handler.hub.base_url)


def _reads(handler: LoginHandler, cookie: str) -> str | None:
    """Returns the name in a signed cookie, None without a valid one."""
    value = handler.get_secure_cookie(cookie, max_age_days=_DAYS[cookie])
    return None if value is None else unquote(value.decode("ascii", "replace"))
