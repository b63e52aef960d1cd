"""The passwords of admins and teachers who are not on the roster of a class with personal passwords."""

from ..settings import Paths, Settings, read_secret
from .names import spell


def staff_passwords(settings: Settings, paths: Paths) -> dict[str, str]:
    """Returns the password for each of these names; raises SettingsError if a secret is missing."""
    passwords = {}
    for names, secret in ((settings.teachers, "teacher-password"), (settings.admins, "admin-password")):
        passwords |= {spell(name): read_secret(paths, secret) for name in names}
    return passwords
