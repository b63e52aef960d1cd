"""What teachers may do: they see the class and start and stop its servers, but are admins of nothing and enter no server."""

from collections.abc import Collection

from jupyterhub import orm

TEACHER = "teacher"
ROOM = "access:services!service=room"  # the page of the room


def teacher_role(teachers: Collection[str]) -> dict:
    """Returns the role for JupyterHub's load_roles, which makes the list exact at each start of the hub."""
    # The scope admin-ui opens the page with all users (jupyterhub/handlers/pages.py, AdminHandler).
    scopes = ["admin-ui", "list:users", "read:users:name", "read:users:activity", "read:servers", "servers", ROOM]
    return {"name": TEACHER, "scopes": scopes, "users": sorted(teachers)}


def is_teacher(user: orm.User) -> bool:
    """Returns whether a user may see and manage the class: the teachers and the admins."""
    return bool(user.admin) or any(role.name == TEACHER for role in user.roles)
