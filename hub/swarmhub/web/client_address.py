"""Believes the client's address in the headers of a request only if the proxy has sent it: users' containers reach the hub too."""

from hmac import compare_digest

from tornado.httpserver import _HTTPRequestContext
from tornado.httputil import HTTPHeaders

# With this header the proxy says that the address is true; its value is a secret (proxy/client-address.ts).
HEADER = "X-Swarmhub-Forwarded"

_apply_headers = _HTTPRequestContext._apply_xheaders


def believe_only(secret: str) -> None:
    """Makes all other requests come from the address of their connection.

    Tornado believes everybody (`trusted_downstream` only shortens the list in the header), and the hub counts wrong passwords by address.
    """

    def apply(context: _HTTPRequestContext, headers: HTTPHeaders) -> None:
        # Taken out, because the hub's log shows the headers of a request that fails.
        said = headers.pop(HEADER, "")
        if not compare_digest(said.encode(), secret.encode()):
            for name in ("X-Forwarded-For", "X-Real-Ip"):
                headers.pop(name, None)
        _apply_headers(context, headers)

    _HTTPRequestContext._apply_xheaders = apply
