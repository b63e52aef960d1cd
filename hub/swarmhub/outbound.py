"""The HTTP proxy through which the class reaches everything outside: for users' servers, for git, and for providers of logins."""

import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path

SECRET = "outbound-proxy"  # noqa: S105


@dataclass(frozen=True)
class Proxy:
    """The addresses of the proxy for http and https, with a login where there is one, and what is reached without it."""

    http: str
    https: str
    excepted: tuple[str, ...] = ()

    def variables(self) -> dict[str, str]:
        """Returns the variables by which programs know a proxy, in both cases: curl reads `http_proxy` only, others only capitals."""
        found = {"HTTP_PROXY": self.http, "HTTPS_PROXY": self.https, "NO_PROXY": ",".join(self.excepted)}
        return found | {name.lower(): value for name, value in found.items()}

    def is_for(self, host: str) -> bool:
        """Returns whether a host is reached through the proxy."""
        return not any(_matches(host.lower().rstrip("."), each.lower()) for each in self.excepted)


def _matches(host: str, excepted: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(excepted, strict=False)
    except ValueError:
        pass
    # As Go and curl read NO_PROXY: "example.org" is the host and everything below it, ".example.org" only what is below.
    return host == excepted or host.endswith(excepted if excepted.startswith(".") else f".{excepted}")


def read_proxy(secrets: Path) -> Proxy | None:
    """Returns the proxy of this class, with its login; None without one. Raises ValueError, without the text, if it cannot be read."""
    path = secrets / SECRET
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Proxy(str(found["http"]), str(found["https"]), tuple(map(str, found["except"])))
    except (OSError, ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is not an object with http, https and except") from None
