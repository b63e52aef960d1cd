"""Tries the search in the LDAP directory with the hub's own settings, for `swarmhub check`: prints {"ok": …, "reason": …}."""

import json
import os
from pathlib import Path

from ...settings import Paths, read_settings
from .directory import DirectoryError
from .methods import directory_of
from .options import LdapOptions


def main() -> None:
    """Prints the result; nothing if the class does not use LDAP."""
    paths = Paths(Path(os.environ.get("SWARMHUB_ROOT", "/")))
    settings = read_settings(paths.settings)
    if not isinstance(settings.campus, LdapOptions):
        return
    try:
        directory_of(settings.campus, paths).try_search()
        found = {"ok": True, "reason": ""}
    except DirectoryError as error:
        found = {"ok": False, "reason": str(error)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
