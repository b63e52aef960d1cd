"""The end of the certificate that browsers get, from the edge itself: a file could say something else."""

import asyncio
import ssl

from cryptography import x509

_EDGE, _SECONDS = ("edge", 443), 5


async def certificate_end(name: str, address: tuple[str, int] = _EDGE) -> float | None:
    """Returns when the edge's certificate for a host name ends, in seconds since 1970; None if it shows none."""
    # Nothing is sent, so it does not matter whether the certificate can be trusted: an expired one has to be shown too.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(*address, ssl=context, server_hostname=name)
        found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.transport.abort()
        return x509.load_der_x509_certificate(found).not_valid_after_utc.timestamp()
    except (OSError, ValueError):
        return None
