"""The labels of Docker objects; the CLI has the same ones in src/names.ts."""

CLASS = "swarmhub.class"
USER = "swarmhub.user"
FENCED = "swarmhub.fenced"


def labels_of(class_name: str, home: str) -> dict[str, str]:
    """Returns the labels of what belongs to a user's server."""
    return {CLASS: class_name, USER: home}


def user_filter(class_name: str) -> dict[str, list[str]]:
    """Returns the filter of Docker's API for what belongs to the users' servers of a class."""
    return {"label": [f"{CLASS}={class_name}", USER]}
