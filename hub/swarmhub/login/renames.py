"""Refuses to rename users: the home, the limit and the running server belong to the name."""

from jupyterhub.apihandlers.users import UserAPIHandler
from tornado.web import HTTPError


def refuse_renames() -> None:
    """Makes the API, and with it the admin page, answer 409 to a new name for a user."""
    check = UserAPIHandler._check_user_model

    def check_and_keep_name(self, model) -> None:
        check(self, model)
        if self.request.method == "PATCH" and model.get("name", self.path_args[0]) != self.path_args[0]:
            raise HTTPError(
                409,
                "Users cannot be renamed, because the home belongs to the name. Log in under the new name, which gets a home of its own, "
                "or let the operator type: swarmhub homes rename OLD NEW",
            )

    UserAPIHandler._check_user_model = check_and_keep_name
