"""The users of the hub, and those who have not logged in yet."""

from collections.abc import Collection

from jupyterhub import orm, roles
from jupyterhub.app import JupyterHub
from jupyterhub.metrics import TOTAL_USERS
from jupyterhub.user import User

from ..login.group_members import told_by_provider


class Users:
    """The users of the hub that runs."""

    def names(self) -> list[str]:
        """Returns the names of all whom the hub knows, sorted."""
        return [name for (name,) in JupyterHub.instance().db.query(orm.User.name).order_by(orm.User.name)]

    def visitors(self) -> list[str]:
        """Returns the names of those who have been here: the hub also knows admins who have never logged in."""
        query = JupyterHub.instance().db.query(orm.User.name).filter(orm.User.last_activity.is_not(None))
        return [name for (name,) in query.order_by(orm.User.name)]

    def in_groups(self, claims: Collection[str]) -> list[str]:
        """Returns the names of those whom the provider put into one of these groups at their last login, sorted."""
        app = JupyterHub.instance()
        return sorted(user.name for user in told_by_provider(app.db, app.authenticator, claims))

    def find(self, name: str) -> User | None:
        """Returns a user; None if the hub knows nobody of that name."""
        app = JupyterHub.instance()
        found = orm.User.find(app.db, name)
        return found and app.users[found]

    def find_or_add(self, name: str) -> User:
        """Returns a user, who is created as at a first login (jupyterhub/handlers/base.py, user_from_username)."""
        if user := self.find(name):
            return user
        app = JupyterHub.instance()
        added = orm.User(name=name)
        app.db.add(added)
        roles.assign_default_roles(app.db, entity=added)
        TOTAL_USERS.inc()
        app.db.commit()
        return app.users[added]
