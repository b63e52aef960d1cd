"""What the logins at the server of a university share: a bounded request to it, the user name, and the words of refusals."""

import asyncio
import ssl
from html import escape
from json import loads

from tornado.httpclient import HTTPClientError
from tornado.httputil import HTTPInputError
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.web import HTTPError

from ..names import spell

ANSWER_BYTES = 256 << 10
ANSWER_SECONDS = 10


class ProviderError(Exception):
    """The provider gave no usable answer; the message is for the log."""


class Provider:
    """The server of a university: `name` is shown to users, `ca` is a certificate in PEM to trust in place of the public ones."""

    def __init__(self, name: str, ca: str | None = None) -> None:
        self.name = name
        self.tls = ssl.create_default_context(cadata=ca)
        self._client: SimpleAsyncHTTPClient | None = None

    def __deepcopy__(self, _memo: dict) -> "Provider":
        """Stays one object: traitlets copies the objects in a settings file."""
        return self

    async def ask(self, url: str, seconds: float = ANSWER_SECONDS) -> str:
        """Returns the text of an answer with status 200; raises ProviderError, at the latest after so many seconds."""
        # A whole class logs in at once: with fewer clients (default: 10), those who wait behind slow answers would fail too.
        self._client = self._client or SimpleAsyncHTTPClient(force_instance=True, max_clients=200, max_body_size=ANSWER_BYTES)
        limits = {"connect_timeout": seconds, "request_timeout": seconds, "follow_redirects": False, "decompress_response": False}
        try:
            # Tornado's timeouts do not include the lookup of the name.
            answer = await asyncio.wait_for(self._client.fetch(url, ssl_options=self.tls, **limits), seconds + 1)
            return answer.body.decode()
        except (HTTPClientError, HTTPInputError, OSError, ValueError, TimeoutError) as error:
            raise ProviderError(f"{url.partition('?')[0]}: {type(error).__name__}: {error}") from error

    async def ask_json(self, url: str, seconds: float = ANSWER_SECONDS) -> dict:
        """Returns the JSON object of an answer; raises ProviderError."""
        text = await self.ask(url, seconds)
        try:
            found = loads(text)
        except (ValueError, RecursionError) as error:
            raise ProviderError(f"{url}: no JSON: {error}") from error
        if not isinstance(found, dict):
            raise ProviderError(f"{url}: no JSON object")
        return found

    def is_silent(self, error: Exception) -> HTTPError:
        """Returns the refusal when the provider gives no usable answer."""
        return refusal(503, f"{self.name} does not answer. Try again in a minute. If it happens again, tell your instructor.", str(error))

    def user_name(self, found: object) -> str:
        """Returns the user name for what the provider says; raises HTTPError if it is missing, or could be another user's."""
        name = found.strip() if isinstance(found, str) else ""
        if not name:
            raise refusal(403, f"{self.name} did not tell us your user name. Tell your instructor.")
        # An account with a look-alike name ("ａｄａ") would otherwise get the home of ada.
        if spell(name) != name.lower() or "/" in name or len(name) > 254:
            sentence = f"Your user name at {self.name} has characters that cannot be used here. Tell your instructor."
            raise refusal(403, sentence, repr(name[:64]))
        return name.lower()


def refusal(status: int, sentence: str, detail: str = "", link: tuple[str, str] | None = None) -> HTTPError:
    """Returns the exception that shows the sentence, and below it a link (text and address); the detail goes only to the log."""
    error = HTTPError(status, "%s (%s)" if detail else "%s", *[sentence, detail][: 2 if detail else 1])
    error.jupyterhub_message = sentence
    if link:
        text, address = map(escape, link)
        error.jupyterhub_html_message = f'{escape(sentence)}</p><p><a role="button" class="btn btn-jupyter" href="{address}">{text}</a>'
    return error
