"""The members of groups in the hub's API. The operator's commands ask it, because only the hub knows what a provider has said."""

from ..login.access import Access
from ..login.group_members import members_of
from .handlers import RoomHandler


def group_handlers(access: Access) -> list[tuple[str, type]]:
    """Returns the path and its handler, for whoever may open the page of the room."""
    return [("/api/group-members", type("GroupMembers", (_GroupMembers,), {"access": access}))]


class _GroupMembers(RoomHandler):
    access: Access

    def get(self) -> None:
        """Returns the names of the members of each `group` in the address; an empty list for a group that the hub does not know."""
        groups = self.get_query_arguments("group", strip=False)
        self.write({group: members_of(group, self.access, self.db, self.authenticator) for group in groups})
