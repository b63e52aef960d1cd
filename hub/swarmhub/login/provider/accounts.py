"""Which account of a provider owns each user name: a name alone can be given up, changed, or exist in two institutions."""

import hashlib
import json
from pathlib import Path

from ...private_file import write_private
from ...settings import Paths, SettingsError


class Accounts:
    """Keeps the account's unchanging id beside the name, in a file, for each provider that the class has had.

    Another provider, or another registration at the same one, starts with an empty list: its ids cannot be compared.
    """

    def __init__(self, path: Path, provider: str) -> None:
        self._path, self._provider = path, provider
        self._all = _read(path)

    def __deepcopy__(self, _memo: dict) -> "Accounts":
        """Stays one object: traitlets copies the objects in a settings file."""
        return self

    def is_free(self, name: str, account: str) -> bool:
        """Returns whether no other account owns this name."""
        return self._all.get(self._provider, {}).get(name, account) == account

    def is_owner(self, name: str, account: str) -> bool:
        """Returns whether this account owns the name."""
        return self._all.get(self._provider, {}).get(name) == account

    def names_of(self, account: str) -> list[str]:
        """Returns the names that an account owns: more than one, if its name has changed at the provider."""
        return [name for name, owner in self._all.get(self._provider, {}).items() if owner == account]

    def own(self, name: str, account: str) -> None:
        """Gives the name to this account; raises OSError if that cannot be kept."""
        names = self._all.get(self._provider, {})
        if names.get(name) == account:
            return
        changed = self._all | {self._provider: names | {name: account}}
        write_private(self._path, json.dumps(changed, ensure_ascii=False))
        self._all = changed


def accounts_of(paths: Paths, provider: str) -> Accounts:
    """Returns the accounts of a registration at a provider; raises SettingsError if the file is damaged."""
    # Short, and without characters that somebody could use to make two registrations look the same.
    key = hashlib.sha256(provider.encode()).hexdigest()[:16]
    path = paths.data / "accounts.json"
    try:
        return Accounts(path, key)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path} has which account owns each name, and cannot be read: {error}\n"
            "Restore it from a backup. Without one, delete it: each name then belongs to the first account that logs in with it."
        ) from error


def _read(path: Path) -> dict[str, dict[str, str]]:
    # A damaged file raises: an empty list would give each name to whoever comes first.
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict) or not all(isinstance(names, dict) for names in found.values()):
        raise ValueError(f"{path}: not a list of accounts")
    return found
