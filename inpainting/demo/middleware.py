"""ASGI middleware in front of Gradio: limits on requests, headers on answers.

Gradio 6.31 counts the bytes of single files only, fetches any URL for any caller, says "Queue is
full. Max size is 20", and answers a request that names what is not there with a server error.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from starlette.requests import ClientDisconnect

from inpainting.demo import limits

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

TOO_LARGE = (
    f"This request is larger than {limits.BODY // limits.MEGABYTE} MB, or than "
    f"{limits.JSON // limits.MEGABYTE} MB without a file: send one picture, a smaller one."
)
NO_PROXY = "This app hands on no pages of other machines: ask them directly."
BUSY = (
    f"The app is busy: {limits.WAITING} requests are waiting already. Please try again in a few "
    "seconds."
)
UNFIT = "This request does not fit the app: /gradio_api/info says what there is to be asked."

# Security headers; only the Hub may frame the app.
HEADERS = {
    "content-security-policy": "base-uri 'self'; object-src 'none'; form-action 'self'; "
    "frame-ancestors 'self' https://huggingface.co https://*.huggingface.co https://*.hf.space",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
}

RETRY = [(b"retry-after", b"5")]
JOINS = re.compile("/(call|queue/join|component_server)(/|$)")

log = logging.getLogger(__name__)


class Limiter:
    """Middleware that refuses oversized bodies, proxying and requests beyond the queue's length.

    Args:
        app: the application behind it.
        on_bytes: is told of the bytes of every part of a request.
        waiting: how many requests are in the queue.
        links: header ``Link`` of the page itself.
    """

    def __init__(
        self,
        app: Any,
        on_bytes: Callable[[int], object],
        waiting: Callable[[], int],
        links: str = "",
    ) -> None:
        self.app, self.on_bytes, self.waiting = app, on_bytes, waiting
        self.links = [("link", links)] if links else []
        self._joining = 0  # requests on their way into the queue: a burst is there all at once

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        answer = _Answer(send, self.links if scope["path"] == "/" else [])
        body = _Body(scope, receive, self.on_bytes, answer)
        path = scope["path"].lower()
        if "/proxy=" in path or ("/file=" in path and "://" in path):
            return await answer.refuse(403, NO_PROXY)
        if body.declared > body.most:
            return await answer.refuse(413, TOO_LARGE)
        if scope["method"] != "POST" or not JOINS.search(path):
            return await self._pass_on(scope, body.receive, answer)
        if self._is_full():
            return await answer.refuse(503, BUSY, RETRY)
        joining = 0

        async def receive_to_join() -> Message:
            """A request takes a queue slot only once its body has arrived."""
            nonlocal joining
            message = await body.receive()
            if not joining and message["type"] == "http.request" and not message.get("more_body"):
                if self._is_full():
                    await answer.refuse(503, BUSY, RETRY)
                    raise _Refused
                joining = 1
                self._joining += 1
            return message

        try:
            await self._pass_on(scope, receive_to_join, answer)
        finally:
            self._joining -= joining

    def _is_full(self) -> bool:
        return self.waiting() + self._joining >= limits.WAITING

    async def _pass_on(self, scope: Message, receive: Receive, answer: "_Answer") -> None:
        try:
            await self.app(scope, receive, answer.send)
        except (_Refused, ClientDisconnect):
            pass  # has been answered, or nobody waits for an answer any more
        except Exception:
            log.exception("%s %s", scope["method"], scope["path"])
            await answer.refuse(400, UNFIT)


class _Refused(Exception):
    pass


class _Body:
    """A request's body, whose bytes are counted; its declared length may be a lie."""

    def __init__(
        self,
        scope: Message,
        receive: Receive,
        on_bytes: Callable[[int], object],
        answer: "_Answer",
    ) -> None:
        headers = dict(scope["headers"])
        files = headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
        self.most = limits.BODY if files else limits.JSON
        length = headers.get(b"content-length", b"0")
        self.declared = int(length) if length.isdigit() else 0
        self._receive, self._on_bytes, self._answer = receive, on_bytes, answer
        self._seen = 0

    async def receive(self) -> Message:
        message = await self._receive()
        part = len(message.get("body", b""))
        self._seen += part
        self._on_bytes(part)
        if self._seen > self.most:
            await self._answer.refuse(413, TOO_LARGE)
            raise _Refused
        return message


class _Answer:
    """The answer, with our headers; once refused, nothing else is sent."""

    def __init__(self, send: Send, more: Sequence[tuple[str, str]] = ()) -> None:
        """``more``: headers besides ``HEADERS``."""
        self._send, self._started, self._refused = send, False, False
        self._more = more

    async def send(self, message: Message) -> None:
        if self._refused:
            return
        if message["type"] == "http.response.start":
            if message["status"] == 503:
                return await self.refuse(503, BUSY, RETRY)
            return await self._start(message["status"], list(message.get("headers", ())))
        await self._send(message)

    async def refuse(self, status: int, sentence: str, headers: Headers = ()) -> None:
        """Answer with a sentence, unless something has been sent already."""
        if self._started:
            return
        self._refused = True
        content = json.dumps({"detail": sentence}).encode()
        kind, length = (b"content-type", b"application/json"), str(len(content)).encode()
        await self._start(status, [*headers, kind, (b"content-length", length)])
        await self._send({"type": "http.response.body", "body": content})

    async def _start(self, status: int, headers: Headers) -> None:
        self._started = True
        there = {name.lower() for name, _ in headers}
        ours = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in there]
        headers = [*headers, *ours, *((k.encode(), v.encode()) for k, v in self._more)]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
