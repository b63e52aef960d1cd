"""What the role `admin` may do."""

from jupyterhub import roles

# Who may share everyone's servers may enter them (jupyterhub/scopes.py).
ACCESS = {"access:servers", "shares"}


def keep_admins_out_of_servers() -> None:
    """Takes the access to other users' servers from the role `admin`; it keeps all others, such as to start and stop them.

    A page of a user's server could act as the admin who opens it. JupyterHub accepts no other scopes for this role in load_roles
    (jupyterhub/roles.py, create_role).
    """
    upstream = roles.get_default_roles

    def get_default_roles():
        return [
            role | {"scopes": [scope for scope in role["scopes"] if scope not in ACCESS]} if role["name"] == "admin" else role
            for role in upstream()
        ]

    roles.get_default_roles = get_default_roles
