"""Pictures at URLs that programs name: fetched within limits of size and time.

Gradio 6.31 refuses addresses inside the network, and reads whatever a public one sends into memory,
however long that is and however long it takes.
"""

import asyncio
from urllib.parse import urljoin

import httpx
import safehttpx

from inpainting.demo import limits
from inpainting.demo.errors import user_error

REDIRECTS = 5
REFUSED = (
    "The picture at this URL cannot be fetched: give a public http or https address that sends "
    f"at most {limits.FILE // limits.MEGABYTE} MB within {limits.DOWNLOAD_SECONDS} seconds."
)


async def fetch(url: str) -> httpx.Response:
    """Fetch a public address.

    Raises:
        UserError: when it is not public, too long or too slow, or cannot be reached.
    """
    try:
        async with asyncio.timeout(limits.DOWNLOAD_SECONDS):
            for _ in range(REDIRECTS + 1):
                response = await _get(url)
                if not response.has_redirect_location:
                    return response
                url = urljoin(url, response.headers["location"])
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
        pass
    raise user_error(REFUSED)


async def _get(url: str) -> httpx.Response:
    """One request without redirects; the name is resolved once, and that address is asked."""
    parsed = httpx.URL(url)
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("no web address")
    address = await safehttpx.async_validate_url(parsed.host)
    transport = safehttpx.AsyncSecureTransport(address)
    async with (
        httpx.AsyncClient(transport=transport) as client,
        client.stream("GET", url, follow_redirects=False) as response,
    ):
        content = bytearray()
        async for part in response.aiter_bytes():
            content += part
            if len(content) > limits.FILE:
                raise ValueError("too long")
        status, headers = response.status_code, {**response.headers}
    for name in ("content-encoding", "content-length", "transfer-encoding"):
        headers.pop(name, None)  # of what has been decoded
    return httpx.Response(status, headers=headers, content=bytes(content))
