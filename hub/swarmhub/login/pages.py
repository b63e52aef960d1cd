"""The pages "Change password", for everybody, and "People", where teachers give new passwords and close the class."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from jupyterhub import orm
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.user import User
from tornado.web import HTTPError, authenticated

from .access import Access, AccessRules, end_sessions
from .closing import Closed
from .guesses import network_of
from .password_authenticator import PasswordAuthenticator
from .password_hash import MAX_BYTES, MIN_LENGTH, invent_password
from .roles import is_teacher

_MAX_STOP_MINUTES = 7 * 24 * 60


class ChangePassword(BaseHandler):
    """Asks for the old password, so that nobody changes it on a computer that somebody has left."""

    @authenticated
    async def get(self) -> None:
        """Shows the form."""
        await self._show()

    @authenticated
    async def post(self) -> None:
        """Changes the password, and ends all other logins and all tokens."""
        user, method = self.current_user, _passwords_of(self)
        old, new, again = (self.get_body_argument(name, "", strip=False) for name in ("old", "new", "again"))
        if problem := _problem_with(old, new, again):
            return await self._show(problem, 400)
        try:
            if not await method.is_right(user.name, old, network_of(self.request.remote_ip), is_known=True):
                return await self._show("The old password is wrong.", 403)
            await method.change_password(user.name, new)
        except HTTPError as error:
            return await self._show(error.log_message, error.status_code)
        end_sessions(user)
        self.set_login_cookie(user)
        self.log.info("%s has changed the password", user.name)
        return await self._show(is_changed=True)

    async def _show(self, problem: str | None = None, status: int = 200, *, is_changed: bool = False) -> None:
        method = _passwords_of(self)
        self.set_status(status)
        values = {"problem": problem, "is_changed": is_changed, "min_length": MIN_LENGTH}
        values["is_on_roster"] = method.access.person(self.current_user.name) is not None
        self.finish(await self.render_template("password.html", **values))


class TeachersPage(BaseHandler):
    """A page for teachers and admins, in a browser only: a program with a teacher's token must not get the passwords of others."""

    _accept_token_auth = False

    async def prepare(self) -> None:
        """Refuses everybody else with status 403."""
        await super().prepare()
        if self._finished or (self.current_user is None and self.request.method == "GET"):
            return  # `get` sends a visitor to the login page
        if self.current_user is None or not is_teacher(self.current_user.orm_user):
            raise HTTPError(403, "This page is for the teachers of the class.")

    async def show(self, **values: object) -> None:
        method: AccessRules = self.authenticator
        people = sorted((method.access.roster.people() if method.access.roster else {}).values(), key=lambda person: person.shown.lower())
        has_passwords = isinstance(method, PasswordAuthenticator)
        seen = {user.name: user.last_activity for user in self.db.query(orm.User)}
        rows = [(person, seen.get(person.name), has_passwords and method.is_changed(person.name)) for person in people]
        values = {"given": None, "closed": method.access.closing.current() is not None} | values
        self.set_header("Cache-Control", "no-store")  # the page may have a password
        self.finish(await self.render_template("people.html", rows=rows, has_passwords=has_passwords, **values))


class People(TeachersPage):
    """Shows the people of the roster, and whether the class is open."""

    @authenticated
    async def get(self) -> None:
        """Shows the page."""
        await self.show()


class ResetPassword(TeachersPage):
    """Gives a person a new password, which is shown once."""

    async def post(self) -> None:
        """Shows the page with the new password."""
        method = _passwords_of(self)
        name = method.normalize_username(self.get_body_argument("name", ""))
        person, target = method.access.person(name), orm.User.find(self.db, name)
        # Otherwise a teacher could log in as an admin.
        is_above = method.access.is_staff(name) or bool(target and is_teacher(target))
        if is_above and not self.current_user.admin:
            raise HTTPError(403, "Only an admin gives a new password to a teacher or an admin.")
        password = invent_password()
        await method.change_password(name, password)
        if target:
            end_sessions(target)
        self.log.warning("%s has given %s a new password", self.current_user.name, name)
        await self.show(given=(person, password))


class CloseClass(TeachersPage):
    """Closes the class, until a time or until somebody opens it again."""

    async def post(self) -> None:
        """Shows the page again."""
        now = datetime.now(UTC)
        until, minutes = self.get_body_argument("until", ""), self.get_body_argument("stop_after", "")
        try:
            opens = datetime.fromisoformat(until) if until else None
            stop_at = now + timedelta(minutes=min(int(minutes), _MAX_STOP_MINUTES)) if minutes else None
        except ValueError as error:
            raise HTTPError(400, "Type a time such as 2026-12-01 09:00, and a whole number of minutes.") from error
        if opens and (opens.tzinfo is None or opens <= now):
            raise HTTPError(400, "The class cannot open again at a time that has passed.")
        if stop_at and opens:
            stop_at = stop_at.astimezone(opens.tzinfo)
        self.authenticator.access.closing.close(Closed(now, opens, stop_at, self.get_body_argument("zone", "")[:64]))
        self.authenticator.keep_up()
        self.log.warning("%s has closed the class", self.current_user.name)
        self.redirect(f"{self.hub.base_url}people")


class ReopenClass(TeachersPage):
    """Opens the class again."""

    async def post(self) -> None:
        """Shows the page again."""
        if self.authenticator.access.closing.reopen():
            self.log.warning("%s has opened the class again", self.current_user.name)
        self.redirect(f"{self.hub.base_url}people")


def page_variables(access: Access, method: str, announcement: str | None, said: Callable[[], str | None]) -> dict:
    """Returns variables for all templates; JupyterHub calls those that are functions with the user, or None, for each page.

    `said` returns what the teacher has to say, as HTML.
    """

    def announce(_user: User | None) -> str:
        # The template does not escape an announcement; the sentences contain no text of users, and `said` is escaped.
        closed = access.closing.current()
        sentences = [closed.sentence(access.class_name), closed.stop_sentence()] if closed else []
        return "<br>".join(filter(None, [said(), " ".join(filter(None, [*sentences, announcement]))]))

    return {
        "login_method": method,
        "has_roster": access.roster is not None,
        "is_teacher": lambda user: isinstance(user, User) and is_teacher(user.orm_user),
        "has_own_password": lambda user: method == "passwords" and isinstance(user, User) and access.person(user.name) is not None,
        "announcement": announce,
    }


PAGES = [
    ("/password", ChangePassword),
    ("/people", People),
    ("/people/password", ResetPassword),
    ("/people/close", CloseClass),
    ("/people/reopen", ReopenClass),
]


def _passwords_of(handler: BaseHandler) -> PasswordAuthenticator:
    if not isinstance(handler.authenticator, PasswordAuthenticator):
        raise HTTPError(404, "This class has no personal passwords.")
    return handler.authenticator


def _problem_with(old: str, new: str, again: str) -> str | None:
    if new != again:
        return "The two new passwords are different."
    if len(new) < MIN_LENGTH:
        return f"The new password must have at least {MIN_LENGTH} characters."
    if len(new.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        return "The new password is too long."
    return "The new password is the old one." if new == old else None
