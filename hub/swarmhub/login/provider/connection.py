"""Requests to an identity provider: only https, bounded in time and size, and with a sentence for each failure."""

import json
import ssl
from pathlib import Path

from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPInputError
from tornado.log import app_log
from tornado.simple_httpclient import HTTPStreamClosedError, HTTPTimeoutError, SimpleAsyncHTTPClient

from ...outbound import Proxy
from ...tunnel import TunnelClient
from ..tls_context import tls_context
from .refusals import silent, unreadable, unsafe

ANSWER_SECONDS = 10
ANSWER_BYTES = 1 << 18
# A course logs in at once, and each login needs up to four answers.
_AT_ONCE = 100


class Connection:
    """The HTTP client of one provider. `ca` is a file with root certificates that count beside the public ones.

    `proxy` is the way to it, where there is no other.
    """

    def __init__(self, service: str, ca: Path | None = None, proxy: Proxy | None = None) -> None:
        self.service = service
        self._proxy = proxy
        self._ca = ca
        self._client = self._tls = None

    def __deepcopy__(self, _memo: dict) -> "Connection":
        """Stays one object: traitlets copies the objects in a settings file, and this one has sockets."""
        return self

    async def request(self, url: str, **options: object) -> HTTPResponse:
        """Returns the answer with whatever status; raises SignInRefusedError if there is none.

        Redirects are not followed: they would lead to addresses that nobody has checked.
        """
        if not url.startswith("https://"):
            app_log.error("%s: no request to %.200r, which is not https", self.service, url)
            raise unreadable(self.service)
        if self._client is None:  # not earlier: it needs the event loop
            self._tls = tls_context(self._ca)
            self._client = SimpleAsyncHTTPClient(
                force_instance=True, max_clients=_AT_ONCE, max_body_size=ANSWER_BYTES, max_header_size=1 << 16
            )
            if self._proxy:
                self._client.tcp_client = TunnelClient(self._proxy)
        request = HTTPRequest(
            url,
            connect_timeout=ANSWER_SECONDS / 2,
            request_timeout=ANSWER_SECONDS,
            follow_redirects=False,
            ssl_options=self._tls,
            **options,
        )
        where = url.partition("?")[0]
        try:
            return await self._client.fetch(request, raise_error=False)
        except ssl.SSLError as error:
            app_log.error("%s: no safe connection to %s: %s", self.service, where, error)
            raise unsafe(self.service) from error
        except (HTTPTimeoutError, OSError) as error:
            app_log.error("%s: no answer from %s: %s", self.service, where, error)
            raise silent(self.service) from error
        except (HTTPStreamClosedError, HTTPClientError, HTTPInputError, ValueError) as error:
            app_log.error("%s: no complete answer from %s: %s", self.service, where, error)
            raise unreadable(self.service) from error

    async def read_object(self, url: str, **options: object) -> dict:
        """Returns the JSON object at an address; raises SignInRefusedError for anything else."""
        return self.parse(await self.request(url, **options))

    def parse(self, response: HTTPResponse) -> dict:
        """Returns the JSON object in an answer with status 200; raises SignInRefusedError for anything else."""
        return self._parse(response, dict, "object")

    def parse_list(self, response: HTTPResponse) -> list:
        """The same of a list."""
        return self._parse(response, list, "list")

    def _parse(self, response: HTTPResponse, kind: type, name: str) -> dict | list:
        where = response.request.url.partition("?")[0]
        if response.code != 200:
            app_log.error("%s: %s answers with status %s", self.service, where, response.code)
            raise silent(self.service) if response.code in (429, 502, 503, 504) else unreadable(self.service)
        if not isinstance(found := _json(response), kind):
            app_log.error("%s: the answer of %s is not a JSON %s", self.service, where, name)
            raise unreadable(self.service)
        return found


def json_object(response: HTTPResponse) -> dict | None:
    """Returns the JSON object in an answer; None if there is none."""
    found = _json(response)
    return found if isinstance(found, dict) else None


def _json(response: HTTPResponse) -> object:
    try:
        return json.loads(response.body.decode("utf-8"))
    except (ValueError, RecursionError, AttributeError):
        return None
