"""Programs of others, such as a science gateway: each has a token of JupyterHub with the scopes of what it may do, and no others.

A program lets nobody in. It makes only users whom the rules of the class let in, it starts servers only for them, and a login checks
every rule again. With a group it reaches only the members of that group: those of the configuration, of the roster, of the provider's
last answer, and the users that a program with this group has made.
"""

from collections.abc import Sequence

from jupyterhub import orm, roles
from jupyterhub.apihandlers.users import UserAPIHandler
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.user import User
from jupyterhub.utils import maybe_future
from sqlalchemy.orm import Session
from tornado.web import HTTPError
from traitlets.config import Config

from ..login.access import Access
from ..login.group_members import told_by_provider
from ..login.membership import MADE, REACHED
from ..settings import Paths, Settings, read_secret
from .outside_options import OutsideProgram
from .rehearsal import RESERVED
from .rehearsal_names import is_rehearsal_name

# JupyterHub's own scope for this, admin:users, also deletes users and reads what their providers said (jupyterhub/scopes.py).
_MAKE_USERS = "custom:make-users"
_SCOPES = {
    "start": ("start:servers", "read:servers"),
    "stop": ("delete:servers", "read:servers"),
    "users": (_MAKE_USERS, "read:users", "list:users"),
}


def configure_programs(c: Config, settings: Settings, paths: Paths, access: Access) -> None:
    """Adds the programs as services of JupyterHub; raises SettingsError if a token is missing.

    JupyterHub removes those that are not there any more, with their tokens and roles, when it starts (jupyterhub/app.py, init_services).
    """
    programs = {each.name: each for each in settings.programs}
    tokens = {name: read_secret(paths, each.secret) for name, each in programs.items()}
    c.JupyterHub.custom_scopes = {_MAKE_USERS: {"description": "Make users whom the rules of the class let in."}}
    for name, program in programs.items():
        c.JupyterHub.services.append({"name": name, "api_token": tokens[name]})
        c.JupyterHub.load_roles.append({"name": f"service-{name}", "scopes": scopes_of(program), "services": [name]})
    keep_memberships()
    _end_former_tokens(tokens)
    _know_members(programs, access)
    _make_users(programs, access)
    _start_for_allowed_users(programs, access)


def scopes_of(program: OutsideProgram) -> list[str]:
    """Returns the scopes of a program's role."""
    only = f"!group={REACHED}{program.group}" if program.group else ""
    return sorted({f"{scope}{only}" for word in program.may for scope in _SCOPES[word]})


def _program(handler: BaseHandler, programs: dict[str, OutsideProgram]) -> OutsideProgram | None:
    found = handler.current_user
    return programs.get(found.name) if isinstance(found, orm.Service) else None


def keep_memberships() -> None:
    """Keeps our own groups at each login, when JupyterHub replaces a user's groups by those of the provider (jupyterhub/user.py)."""
    sync = User.sync_groups

    def sync_others(self, group_names: Sequence[str]) -> None:
        kept = {group.name for group in self.orm_user.groups if _is_ours(group.name)}
        sync(self, {name for name in group_names if not _is_ours(name)} | kept)

    User.sync_groups = sync_others


def _is_ours(group: str) -> bool:
    return group.startswith((MADE, REACHED))


def _end_former_tokens(tokens: dict[str, str]) -> None:
    """Ends the former token of a program that has a new one: JupyterHub only adds tokens (jupyterhub/app.py, _add_tokens)."""
    from jupyterhub.app import JupyterHub  # noqa: PLC0415 - the settings are read before the application exists

    add = JupyterHub.init_api_tokens

    async def end_and_add(self) -> None:
        for service in self.db.query(orm.Service).filter(orm.Service.name.in_(tokens)):
            for token in list(service.api_tokens):
                if not token.match(tokens[service.name]):
                    self.db.delete(token)
        self.db.commit()
        await add(self)

    JupyterHub.init_api_tokens = end_and_add


def _know_members(programs: dict[str, OutsideProgram], access: Access) -> None:
    """Brings the members of a program's group up to date before each of its requests: the roster may have changed."""
    prepare = BaseHandler.prepare

    async def prepare_with_members(self: BaseHandler) -> None:
        await prepare(self)
        program = None if self._finished else _program(self, programs)
        if program and program.group:
            _update_members(self, program, access)

    BaseHandler.prepare = prepare_with_members


def _update_members(handler: BaseHandler, program: OutsideProgram, access: Access) -> None:
    db = handler.db
    names = program.members | access.membership.listed_in(program.group)
    made = db.query(orm.Group).filter(orm.Group.name == MADE + program.group)
    users = set(db.query(orm.User).filter(orm.User.name.in_(names))) | {user for group in made for user in group.users}
    users |= told_by_provider(db, handler.authenticator, access.membership.claims_of(program.group))
    reached = _group(db, REACHED + program.group)
    if set(reached.users) != users:
        reached.users = list(users)
        db.commit()


def _group(db: Session, name: str) -> orm.Group:
    found = orm.Group.find(db, name)
    if found is None:
        found = orm.Group(name=name)
        db.add(found)
    return found


def _make_users(programs: dict[str, OutsideProgram], access: Access) -> None:
    """Lets a program make a user with `POST /hub/api/users/NAME`; for everybody else this stays as it is."""
    post = UserAPIHandler.post

    async def make_or_post(self: UserAPIHandler, user_name: str) -> None:
        program = _program(self, programs)
        if program is None:
            await post(self, user_name)
            return
        if "users" not in program.may:
            raise HTTPError(403, f"{program.name} may not make users. In swarmhub.yaml, its list `may` needs the word users.")
        user, is_new = await _make_user(self, program, user_name, access)
        self.write(self.user_model(user))
        self.set_status(201 if is_new else 200)  # with the hub's spelling of the name, also the second time

    UserAPIHandler.post = make_or_post


async def _make_user(handler: UserAPIHandler, program: OutsideProgram, given: str, access: Access) -> tuple[User, bool]:
    if handler.get_json_body():
        raise HTTPError(400, "A user is made without a body.")
    name = handler.authenticator.normalize_username(given)
    if not handler.authenticator.validate_username(name) or name.startswith("."):
        raise HTTPError(400, "This is not a user name.")
    if is_rehearsal_name(name) or is_rehearsal_name(given):
        raise HTTPError(403, RESERVED)
    if sentence := access.refusal_for(name):
        raise HTTPError(403, sentence)
    if existing := handler.find_user(name):
        if program.group and all(group.name != REACHED + program.group for group in existing.groups):
            raise HTTPError(403, f"{name} exists already and is not in the group {program.group}. An admin can write {name} into it.")
        return existing, False
    user = orm.User(name=name)
    handler.db.add(user)
    if program.group:  # together with the user: without the group, the program could not reach the user later
        user.groups = [_group(handler.db, prefix + program.group) for prefix in (MADE, REACHED)]
    roles.assign_default_roles(handler.db, entity=user)
    handler.db.commit()
    await maybe_future(handler.authenticator.add_user(handler.find_user(name)))
    return handler.find_user(name), True


def _start_for_allowed_users(programs: dict[str, OutsideProgram], access: Access) -> None:
    start = BaseHandler.spawn_single_user

    async def start_if_allowed(self, user, *more, **options):
        if _program(self, programs) and not user.admin and (sentence := access.refusal_for(user.name)):
            raise HTTPError(403, sentence)
        return await start(self, user, *more, **options)

    BaseHandler.spawn_single_user = start_if_allowed
