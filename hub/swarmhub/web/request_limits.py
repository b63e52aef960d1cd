"""Limits on what one request to the hub may cost. Users' containers reach the hub without the edge."""

from functools import partialmethod

from tornado.httpserver import HTTPServer

# The largest body is a list of new users: of 1000 names it has about 60 kB. Tornado's default is 100 MB, all of it in memory.
BODY_BYTES = 128 << 10
# A body that has not arrived by then ends; Tornado would wait for it forever.
BODY_SECONDS = 20
# For the headers of the next request. proxy/proxy.ts closes its idle connections earlier, so that none is closed under a request.
IDLE_SECONDS = 60


def limit_requests() -> None:
    """Sets the limits for the hub's server, which JupyterHub creates without any (jupyterhub/app.py, start)."""
    HTTPServer.initialize = partialmethod(
        HTTPServer.initialize,
        max_body_size=BODY_BYTES,
        max_buffer_size=8 * BODY_BYTES,
        body_timeout=BODY_SECONDS,
        idle_connection_timeout=IDLE_SECONDS,
    )
