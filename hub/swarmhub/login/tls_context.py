"""How the hub checks the certificates of servers of logins."""

import ssl
from pathlib import Path


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """Returns a context that checks chain, name and time; root certificates in the file `ca` count beside the public ones.

    Python 3.13 also refuses what RFC 5280 forbids and browsers, curl and OpenSSL accept, such as a root without a key identifier
    (https://docs.python.org/3.13/whatsnew/3.13.html#ssl). Many roots of institutions were made by hand and are of that kind.
    """
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if ca:
        context.load_verify_locations(ca)
    return context
