"""Who is in a group, the other way around than `membership`: all its members, as far as the hub knows them."""

from collections.abc import Collection

from jupyterhub import orm
from jupyterhub.auth import Authenticator
from sqlalchemy.orm import Session

from .access import Access


def told_by_provider(db: Session, authenticator: Authenticator | None, claims: Collection[str]) -> set[orm.User]:
    """Returns those whom the provider put into one of these groups at their last login; nobody with a method that tells no groups."""
    if authenticator is None or not authenticator.manage_groups:
        return set()
    groups = db.query(orm.Group).filter(orm.Group.name.in_(claims))
    return {user for group in groups for user in group.users}


def members_of(group: str, access: Access, db: Session, authenticator: Authenticator | None) -> list[str]:
    """Returns the names of all members of a group, sorted: of the configuration, of the roster, and of the provider's last answers."""
    told = told_by_provider(db, authenticator, access.membership.claims_of(group))
    return sorted(access.membership.listed_in(group) | {user.name for user in told})
