"""The limits of the hub that follow from the number of seats."""

from jupyterhub.app import JupyterHub

from ..login.authenticator import ClassAuthenticator
from ..settings import Settings

QUEUE_LIMIT = 100  # users in the queue, when all seats are taken


def spawn_limit(settings: Settings) -> int:
    """Returns how many starts the hub accepts at the same time.

    Above it the hub refuses with status 429 and does not queue (jupyterhub/handlers/base.py, spawn_single_user). A class that logs in all
    at once must fit, and starts in the queue count too. Swarm counts the seats.
    """
    return max(settings.seats, 100) + QUEUE_LIMIT


def newcomer_limit(settings: Settings) -> int:
    """Returns how many new names may log in from one network at once."""
    return max(60, settings.seats)


def follow_seats(settings: Settings) -> None:
    """Changes the limits of the running hub."""
    app = JupyterHub.instance()
    app.tornado_application.settings["concurrent_spawn_limit"] = spawn_limit(settings)
    if isinstance(app.authenticator, ClassAuthenticator):
        app.authenticator.class_size = newcomer_limit(settings)
