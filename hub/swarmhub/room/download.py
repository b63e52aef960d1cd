"""Downloads from the hub that are too large for the memory."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_CHUNK = 1 << 16


@asynccontextmanager
async def download(url: str, headers: dict[str, str], seconds: float) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
    """Yields the size of what is at an address of the hub, and its content in pieces; raises OSError for any other answer."""
    address = urlsplit(url)
    all_headers = {"Host": address.netloc, "Connection": "close", **headers}
    lines = [f"GET {address.path}?{address.query} HTTP/1.1", *(f"{name}: {value}" for name, value in all_headers.items()), "", ""]
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(address.hostname, address.port or 80)
        try:
            writer.write("\r\n".join(lines).encode())
            head = (await _head(reader)).decode("latin-1")
            length = re.search(r"\r\ncontent-length: ([0-9]{1,16})\r\n", head, re.IGNORECASE | re.ASCII)
            if not head.startswith("HTTP/1.1 200 ") or not length:
                raise OSError(head.splitlines()[0])
            yield int(length[1]), _pieces(reader)
        finally:
            writer.transport.abort()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise OSError("no valid HTTP response") from error


async def _pieces(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while chunk := await reader.read(_CHUNK):
        yield chunk
