"""The host of each user's server."""

from ..slug import slug


def subdomain(name: str, domain: str, kind: str) -> str:
    """Returns the host of a user's server, a different one for each user; JupyterHub's own has only 28 bits of a hash of other names.

    It has the name of the home (slug.py), one label of a domain name. "Xn." would become "xn---…", which browsers read as an
    encoded name.
    """
    if kind != "user":
        return domain  # the only service with pages is the room, whose pages are as trusted as those of the hub
    label = slug(name)
    return f"u-{label}.{domain}" if label.startswith("xn--") else f"{label}.{domain}"
