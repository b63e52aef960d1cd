"""The XSRF token of the login form."""

from jupyterhub import _xsrf_utils


def accept_from_any_address() -> None:
    """Lets a visitor send the login form from another address than the one that the page was sent to.

    Before the login, JupyterHub binds the token to the address and to the browser's name (_xsrf_utils.py, _anonymous_xsrf_id). A campus or
    a mobile network that leaves through several addresses would get status 403. The token is signed, must equal the cookie, and lasts an
    hour; people behind one address never differed by it.
    """
    _xsrf_utils._anonymous_ip_cidrs[:] = [_AnyAddress()]


class _AnyAddress:
    """The network of all addresses. JupyterHub takes an ip_network for it, but one has only addresses of IPv4 or of IPv6."""

    def __contains__(self, _address: object) -> bool:
        return True

    def __str__(self) -> str:
        return "any address"
