"""The methods of login: each one chooses JupyterHub's authenticator and sets it up."""

from collections.abc import Callable

from traitlets.config import Config

from ..settings import Paths, Settings, SettingsError, read_secret
from ..spawning.seats import newcomer_limit
from .authenticator import ClassAuthenticator, to_ascii
from .campus.options import CAMPUS_KINDS
from .password_authenticator import configure_passwords
from .password_changes import PasswordChanges
from .provider.options import KINDS


def configure_login(c: Config, settings: Settings, paths: Paths) -> None:
    """Sets up the method of `settings`; raises SettingsError if it is unknown or one of its secrets is missing."""
    method = _METHODS.get(settings.login_method)
    if method is None:
        raise SettingsError(f"{paths.settings}: loginMethod: unknown kind {settings.login_method!r}\nTo write it again, type: swarmhub up")
    method(c, settings, paths)


def _shared_password(c: Config, settings: Settings, paths: Paths) -> None:
    """One password for the class, another for the admins, and a third one for the teachers."""
    c.JupyterHub.authenticator_class = ClassAuthenticator
    c.ClassAuthenticator.user_password = to_ascii(read_secret(paths, "shared-password"))
    c.ClassAuthenticator.admin_password = to_ascii(read_secret(paths, "admin-password")) if settings.admins else None
    c.ClassAuthenticator.teachers = set(settings.teachers)
    c.ClassAuthenticator.teacher_password = to_ascii(read_secret(paths, "teacher-password")) if settings.teachers else None
    c.ClassAuthenticator.changes = PasswordChanges(paths.data / "login.json")
    c.ClassAuthenticator.class_size = newcomer_limit(settings)
    c.ClassAuthenticator.remember = settings.remember_seconds
    c.Authenticator.allow_all = True  # since JupyterHub 5, no user can log in without a rule that allows it


def _provider(c: Config, settings: Settings, paths: Paths) -> None:
    """An account at an identity provider."""
    from .provider.setup import configure_provider  # noqa: PLC0415 - only this method needs its packages, which take 9 MB

    configure_provider(c, settings, paths)


def _campus(c: Config, settings: Settings, paths: Paths) -> None:
    """An account at the server of a university."""
    from .campus.methods import configure_campus

    configure_campus(c, settings, paths)


_METHODS: dict[str, Callable[[Config, Settings, Paths], None]] = {
    "shared-password": _shared_password,
    "passwords": configure_passwords,
    **dict.fromkeys(KINDS, _provider),
    **dict.fromkeys(CAMPUS_KINDS, _campus),
}
