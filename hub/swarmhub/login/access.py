"""Who may come in, whatever the method of login: one place for the roster, a closed class, and what ends when somebody may not.

An authenticator of ours inherits from `AccessRules` first (`class CasAuthenticator(AccessRules, Authenticator)`), and needs nothing else:
JupyterHub calls `check_blocked_users` at each login, before every rule that allows somebody.
"""

from collections.abc import Iterable

from jupyterhub import orm
from jupyterhub.auth import Authenticator
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.user import User
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError
from tornado.ioloop import PeriodicCallback
from tornado.web import HTTPError
from traitlets import Bool, Callable, Float, Instance

from ..services.rehearsal_names import is_rehearsal_name
from . import sessions
from .closing import Closing
from .membership import Membership, last_claims
from .names import existing_spelling, spell
from .roster import Person, Roster


class Access:
    """The rules of a class. `staff` are its admins and teachers, who also come in without a roster and while the class is closed.

    Without a roster (None) everybody may come in whom the method knows. With `groups`, only their members and the staff; `membership` says
    who is one.
    """

    def __init__(
        self,
        class_name: str,
        closing: Closing,
        roster: Roster | None = None,
        staff: Iterable[str] = (),
        groups: Iterable[str] = (),
        membership: Membership | None = None,
    ) -> None:
        self.class_name, self.closing, self.roster = class_name, closing, roster
        self._staff, self._groups = frozenset(map(spell, staff)), frozenset(groups)
        self.membership = membership or Membership(roster=roster, known=self._groups)

    def __deepcopy__(self, _memo: dict) -> "Access":
        """Stays one object: traitlets copies the objects in a settings file."""
        return self

    def person(self, name: str) -> Person | None:
        """Returns the line of the roster for a user name."""
        return self.roster.people().get(spell(name)) if self.roster else None

    def is_staff(self, name: str) -> bool:
        """Returns whether the configuration names somebody as an admin or a teacher."""
        return spell(name) in self._staff

    def refusal_for(self, name: str, claimed: Iterable[str] | None = None) -> str | None:
        """Returns the sentence for a person who may not come in; None for one who may.

        `claimed` are the groups that the method of login tells, at this login or the last one; None: nobody asks about groups, as the
        person may never have logged in.
        """
        if self.is_staff(name) or is_rehearsal_name(name):  # no login has such a name (services/rehearsal.py)
            return None
        if closed := self.closing.current():
            return closed.sentence(self.class_name)
        if self.roster and not self.person(name):
            return f"{name} is not on the list of the class {self.class_name}. Check the name, or ask your instructor."
        if self._groups and claimed is not None and not self._groups & self.membership.names_of(name, claimed):
            members = ", ".join(sorted(self._groups))
            return f"You logged in as {name}. The class {self.class_name} is open to members of {members}. Ask your instructor."
        return None


class AccessRules(Authenticator):
    """The first base class of each authenticator: exact rules, and one spelling for each name."""

    access = Instance(Access, config=True, help="who may come in")
    upkeep = Callable(None, allow_none=True, config=True, help="called with the database at the start and every few seconds")
    upkeep_seconds = Float(3, config=True)
    allow_existing_users = Bool(False, help="whoever leaves the roster is out, also with a user in the database")

    def normalize_username(self, username: str) -> str:
        """Returns one spelling for a name, or the one under which the hub knows it already."""
        return super().normalize_username(existing_spelling(username, self._known_names()))

    def check_allow_config(self) -> None:
        """Also starts the upkeep; JupyterHub calls this at its start."""
        super().check_allow_config()
        if self.parent:
            self.keep_up()
            PeriodicCallback(self.keep_up, 1000 * self.upkeep_seconds).start()

    def check_blocked_users(self, username: str, authentication: dict | None = None) -> bool:
        """Raises HTTPError (403) with a sentence if the rules refuse a user."""
        self.keep_up()  # before the login begins: a change of a moment ago must not end it
        found = authentication or {}
        if not found.get("admin") and (sentence := self.access.refusal_for(username, found.get("groups"))):
            self.shut_out(username, found)
            raise HTTPError(403, sentence)
        return super().check_blocked_users(username, authentication)

    def shut_out(self, username: str, authentication: dict) -> None:
        """Ends the logins and tokens that a user has from before, when a method that tells groups knows the account and refuses it.

        JupyterHub notes what a provider says only at a login that succeeds, so the groups of before would let them go on.
        """
        user = self.parent and orm.User.find(self.parent.db, username)
        if user and self.manage_groups and self.is_same_account(username, authentication):
            self.parent.users[user].sync_groups(authentication["groups"])
            end_sessions(user, may_finish=True)

    def is_same_account(self, username: str, authentication: dict) -> bool:
        """Returns whether this login is of the account that has the name here; for methods whose names never change hands."""
        return True

    def keep_up(self) -> None:
        """Acts at once on a change of the roster or of a closed class."""
        if not self.upkeep:
            return
        try:
            self.upkeep(self.parent.db)
        except (OSError, SQLAlchemyError):
            self.parent.db.rollback()
            self.log.exception("cannot end the logins of people who may not come in")

    def _known_names(self) -> list[str]:
        return [name for (name,) in self.parent.db.query(orm.User.name)] if self.parent else []


def end_sessions(user: orm.User | User, *, may_finish: bool = False) -> None:
    """Ends all logins and tokens of a user at once, for example after a new password, or when somebody logs out at the provider.

    A running server stays connected to the hub. With `may_finish`, the browser in which it is open goes on as well, until the server stops.
    """
    found = user.orm_user if isinstance(user, User) else user
    db = orm.object_session(found)
    sessions.end_sessions(db, found, keep_server=True, keep_open=may_finish)
    db.commit()


def guard_requests(access: Access) -> None:
    """Makes the hub refuse each request of a user whom the rules refuse, with the sentence, and end the login with which it came.

    JupyterHub checks the rules only at a login; a cookie is valid for hours, and a token for weeks. Of a provider's groups the last answer
    counts.
    """
    prepare = BaseHandler.prepare

    async def prepare_if_allowed(self: BaseHandler) -> None:
        await prepare(self)
        if self._finished:  # by the guard of the pages
            return
        user = self.current_user
        if not isinstance(user, User) or user.admin:
            return
        if not (sentence := access.refusal_for(user.name, last_claims(user, self.authenticator))):
            return
        end_sessions(user, may_finish=True)
        token = self.get_token() if getattr(self, "_token_authenticated", False) else None
        if token is not None and inspect(token).persistent:
            return  # of the server that still runs: its user may finish
        self.clear_login_cookie()
        self._jupyterhub_user = None
        self._resolve_roles_and_scopes()
        raise HTTPError(403, sentence)

    BaseHandler.prepare = prepare_if_allowed
