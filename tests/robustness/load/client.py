"""The running app as its clients see it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.endpoint import file_data
from tests.running_app import PATIENCE

BUSY = re.compile("busy|queue is full", re.I)
IDLE = 0.2  # share of a core below which nothing is computed

Arguments = dict[str, Any]


class Busy(Exception):
    """The app has too much to do, and says so."""


class Refused(Exception):
    """The app does not fill this picture, and says why."""


class App:
    """A running app as its clients see it, and its processes when they are on this machine."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = httpx.URL(url)
        # An idle connection is given up before the server does so: no request meets its end.
        limits = httpx.Limits(max_connections=None, keepalive_expiry=2)
        transport = transport or httpx.AsyncHTTPTransport(limits=limits)
        self.http = httpx.AsyncClient(base_url=url, timeout=2 * PATIENCE, transport=transport)
        self.process = listener(self.url)

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        """The JSON of one request that must go well."""
        return (await self.http.request(method, path, **options)).raise_for_status().json()

    async def upload(
        self, picture: bytes, mask_image: bytes, name: str = "picture.png"
    ) -> Arguments:
        """Send both files; what to call with."""
        files = [("files", (name, picture)), ("files", ("mask.png", mask_image))]
        stored = await self.ask("POST", "/gradio_api/upload", files=files)
        return dict(zip(("image", "mask_image"), map(file_data, stored), strict=True))

    async def call(self, arguments: Arguments) -> str:
        """Ask for a fill: the event's id; Busy for HTTP 503, RuntimeError for any other refusal.

        On a bare connection: a client's own work would add to what the last of a burst waits.
        """
        reader, writer = await asyncio.open_connection(self.url.host, self.url.port)
        body = json.dumps(arguments)
        head = (
            f"POST /gradio_api/call/v2/fill HTTP/1.1\r\nHost: {self.url.netloc.decode()}\r\n"
            "Content-Type: application/json\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with closing(writer):
            writer.write((head + body).encode())
            reply = (await asyncio.wait_for(reader.read(), 2 * PATIENCE)).decode()
        status, text = reply.split(maxsplit=2)[1], reply.partition("\r\n\r\n")[2]
        if status != "200":
            raise (Busy if status == "503" else RuntimeError)(f"{status} {text}"[:300])
        event: str = json.loads(text)["event_id"]
        return event

    async def events(self, path: str) -> AsyncIterator[tuple[str, Any]]:
        """Names and data of server-sent events, from "opened" to the stream's end."""
        async with self.http.stream("GET", f"/gradio_api{path}") as reply:
            yield "opened", None
            name = ""
            async for line in reply.aiter_lines():
                kind, _, text = line.partition(": ")
                if kind == "event":
                    name = text
                elif kind == "data":
                    yield name, json.loads(text)

    async def answer(self, event: str) -> Any:
        """Wait for a fill: file and facts; Busy or Refused when the stream ends otherwise."""
        *_, (name, data) = [each async for each in self.events(f"/call/fill/{event}")]
        if name == "complete" and data:
            return data
        words = data["error"] if isinstance(data, dict) else f"{name}: {data}"
        raise (Busy if BUSY.search(str(words)) else Refused)(words)

    async def waiting(self) -> int:
        """How many requests wait in the queue; those that run do not."""
        size: int = (await self.ask("GET", "/gradio_api/queue/status"))["queue_size"]
        return size

    async def idle(self) -> None:
        """Return when its processes compute no more."""
        while self.process:
            before = sum(self.process.cpu_times()[:2])
            await asyncio.sleep(0.25)
            if sum(self.process.cpu_times()[:2]) - before < 0.25 * IDLE:
                return

    def sizes(self, when: str) -> dict[str, float]:
        """Resident memory of all its processes, and the files that it keeps."""
        if not self.process:
            return {}
        family = [self.process, *self.process.children(recursive=True)]
        sizes = {f"RSS MB {when}": sum(each.memory_info().rss for each in family)}
        # An app that chose its folder itself does not say which.
        if folder := self.process.environ().get("GRADIO_TEMP_DIR"):
            files = (each for each in Path(folder).rglob("*") if each.is_file())
            sizes[f"files MB {when}"] = sum(each.stat().st_size for each in files)
        return {name: round(size / 2**20, 1) for name, size in sizes.items()}


def listener(url: httpx.URL) -> psutil.Process | None:
    """The process behind an address of this machine."""
    places = psutil.net_connections("tcp") if url.host in ("127.0.0.1", "localhost") else ()
    found = (p.pid for p in places if p.status == "LISTEN" and p.laddr.port == url.port and p.pid)
    return next(map(psutil.Process, found), None)
