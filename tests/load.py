"""Many clients on the running app: their answers, what it says when full, memory, free slots.

    python -m tests.load --clients 25 --minutes 10   # a closed loop
    python -m tests.load --burst 500                 # as many calls at once
    python -m tests.load --requests 1000             # few at once, but many: what stays in memory
    python -m tests.load --cancel 50                 # requests that are dropped
    python -m tests.load --burst 500 --url http://127.0.0.1:7860 --json figures.json

Without ``--url`` it starts ``python app.py``. Every picture is noise of its own: an answer that
belongs to another request differs in nearly every pixel. Prints a table per phase and exits with
1 when an answer was mixed up, a request failed, or a phase did not end as it should.
"""

import argparse
import asyncio
import io
import itertools
import json
import math
import os
import random
import re
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import numpy as np
import psutil
from numpy.typing import NDArray
from PIL import Image

from demo.limits import FILLS, WAITING
from inpainting.images import decode
from inpainting.metrics import score
from tests.conftest import PATIENCE, running_app

SCORED = 10  # every tenth answer has its scores computed again
WAIT = (1.0, 3.0)  # seconds until a client that was told "busy" asks again
BUSY, ADVICE = re.compile("busy|queue is full", re.I), re.compile("again|later|retry", re.I)
REFUSAL = 1.0  # seconds within which "busy" is told
LIKE_BEFORE, RECOVERY = 1.5, 30  # times the usual latency; seconds until a burst is forgotten
GROWTH = 50  # MB that the app may grow after its first hundred answers
STOP = 2.0  # seconds within which work ends that nobody waits for
IDLE = 0.2  # share of a core below which nothing is computed
WAYS = ("stream", "page", "cancel")  # to drop a request, see Dropped

Arguments = dict[str, Any]
clock = time.perf_counter


class Busy(Exception):
    """The app has too much to do, and says so."""


class Mixed(Exception):
    """An answer that belongs to another request."""


class Pair(NamedTuple):
    """A picture, uint8 (H, W, 3), and its hole, bool (H, W)."""

    picture: NDArray[np.uint8]
    hole: NDArray[np.bool_]


def pair(client: int, request: int) -> Pair:
    """Of one request alone: the noise is its watermark, and the hole is its own, too."""
    rng = np.random.default_rng((client, request))
    hole = np.zeros((256, 256), np.bool_)
    top, left, height, width = rng.integers(8, 48, 4)
    hole[4 * top :, 4 * left :][:height, :width] = True
    return Pair(rng.integers(0, 256, (256, 256, 3), dtype=np.uint8), hole)


def long_pair() -> Pair:
    """Seconds of work on any machine: it can be dropped in the midst of it."""
    hole = np.zeros((2048, 2048), np.bool_)
    hole[10:1460, 10:1460] = True
    return Pair(pair(0, 0).picture.repeat(8, axis=0).repeat(8, axis=1), hole)


def verify(sent: Pair, file: bytes, facts: dict[str, Any], scored: bool) -> None:
    """Raise Mixed when an answer is not that of this request."""
    filled, known = np.asarray(decode(file)), ~sent.hole
    if filled.shape != sent.picture.shape or not np.array_equal(sent.picture[known], filled[known]):
        raise Mixed("the picture outside the hole is not the one that was sent")
    own = {"height": len(known), "width": len(known[0]), "hole_ratio": sent.hole.mean()}
    own |= {"untouched_pixels_equal": True}
    own |= asdict(score(sent.picture, filled, sent.hole)) if scored else {}
    told = facts | facts["scores"]
    for name, value in own.items():
        if not math.isclose(told[name], value, abs_tol=1e-4):
            raise Mixed(f"{name} is told to be {told[name]}, and of this picture it is {value}")


@dataclass
class Tally:
    """What came of a phase; ``times`` in seconds, by name, and ``more`` figures of its own."""

    name: str
    ok: int = 0
    mixed: int = 0
    failed: int = 0
    seconds: float = 0  # that ``ok`` is counted in
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    texts: Counter[str] = field(default_factory=Counter)  # of "busy"
    messages: list[str] = field(default_factory=list)  # the first that went wrong
    more: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)  # what did not end as it should

    @contextmanager
    def outcome(self) -> Iterator[None]:
        """Count how a request ends; nothing that is raised ends the phase."""
        try:
            yield
            self.ok += 1
        except Busy:
            pass  # counted where it was timed
        except Exception as error:
            kind = "mixed" if isinstance(error, Mixed) else "failed"
            setattr(self, kind, getattr(self, kind) + 1)
            self.messages += [f"{kind}: {type(error).__name__}: {error}"][: 10 - len(self.messages)]

    def require(self, holds: bool, otherwise: str) -> None:
        self.problems += [] if holds else [otherwise]

    def figures(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        counts = {"ok": self.ok, "busy": self.texts.total()}
        counts |= {"mixed": self.mixed, "failed": self.failed, "seconds": round(self.seconds, 1)}
        if self.seconds:
            counts["ok per second"] = round(self.ok / self.seconds, 2)
        for name, times in self.times.items():
            span = np.percentile(times, [50, 95, 100]).round(3)
            counts[f"{name}, s: p50, p95, max"] = span.tolist()
        words = {"words": dict(self.texts), "messages": self.messages, "problems": self.problems}
        return counts | self.more | words | {"passed": self.passed}

    @property
    def passed(self) -> bool:
        return not (self.mixed or self.failed or self.problems)


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

    async def upload(self, sent: Pair) -> Arguments:
        """Send both files; what to call with."""
        files = []
        for pixels in (sent.picture, sent.hole.astype(np.uint8) * 255):
            stream = io.BytesIO()
            Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
            files.append(("files", ("picture.png", stream.getvalue(), "image/png")))
        stored = await self.ask("POST", "/gradio_api/upload", files=files)
        given = ({"path": path, "meta": {"_type": "gradio.FileData"}} for path in stored)
        return dict(zip(("image", "mask_image"), given, strict=True))

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
        """Wait for a fill: file and facts; Busy or RuntimeError when the stream ends otherwise."""
        *_, (name, data) = [each async for each in self.events(f"/call/fill/{event}")]
        if name == "complete" and data:
            return data
        raise (Busy if BUSY.search(str(data)) else RuntimeError)(f"{name}: {data}")

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


# Clients that wait for their answers


async def fill(app: App, sent: Pair, arguments: Arguments, tally: Tally, scored: bool) -> None:
    """Call, wait, download, verify; raises Busy, Mixed, and whatever goes wrong."""
    begin = clock()
    try:
        file, facts = await app.answer(await app.call(arguments))
    except Busy as busy:
        tally.times["busy"].append(clock() - begin)
        tally.texts[str(busy)] += 1
        raise
    tally.times["answer"].append(clock() - begin)
    reply = (await app.http.get(file["url"])).raise_for_status()
    await asyncio.to_thread(verify, sent, reply.content, facts, scored)  # clocks of others go on


async def visit(app: App, sent: Pair, tally: Tally, scored: bool = False) -> None:
    """Upload and fill; who is told "busy" waits and asks again."""
    begin, patience = clock(), random.Random(sent.picture.tobytes())
    arguments = await app.upload(sent)
    while True:
        with suppress(Busy):
            await fill(app, sent, arguments, tally, scored)
            break
        await asyncio.sleep(patience.uniform(*WAIT))
    tally.times["whole trip"].append(clock() - begin)


async def closed_loop(app: App, tally: Tally, clients: int, tickets: Iterator[int]) -> Tally:
    """Clients that ask again when they are answered, while there are tickets."""

    async def client(number: int) -> None:
        for ticket in tickets:
            with tally.outcome():
                await visit(app, pair(number, ticket), tally, ticket % SCORED == 0)
            if tally.ok in (100, 1000):
                tally.more |= app.sizes(f"after {tally.ok}")
            if tally.failed > 100:
                break  # it is down

    tally.more |= app.sizes("at start")
    begin = clock()
    await asyncio.gather(*map(client, range(clients)))
    tally.seconds = clock() - begin
    tally.more |= app.sizes("at end")
    return tally


async def load(app: App, clients: int, seconds: float) -> Tally:
    """Nobody who is let in waits for longer than a full queue takes."""
    tally, end = Tally(f"{clients} clients for {seconds / 60:g} minutes"), clock() + seconds
    tickets = itertools.takewhile(lambda _: clock() < end, itertools.count())
    await closed_loop(app, tally, clients, tickets)
    longest = 1.2 * WAITING * tally.seconds / max(1, tally.ok)
    tally.more["1.2 times a full queue, s"] = round(longest, 3)
    answers = tally.times.get("answer", [math.inf])
    tally.require(np.percentile(answers, 95) <= longest, "answers took longer than a full queue")
    return tally


async def many(app: App, count: int) -> Tally:
    """Few at once, but many: memory stays as it is after the first hundred."""
    tally = await closed_loop(app, Tally(f"{count} requests"), 4, iter(range(count)))
    sizes = [tally.more.get(f"RSS MB {when}", 0) for when in ("at start", "after 100", "at end")]
    grown = sizes[2] - (sizes[1] or sizes[0])
    tally.require(grown <= GROWTH, f"memory grew by {grown:.0f} MB")
    return tally


async def burst(app: App, count: int) -> Tally:
    """All at once: each is answered or told that it is too much, and soon it is forgotten."""
    tally, usual = Tally(f"burst of {count}"), await usual_latency(app)
    sent = [pair(1, number) for number in range(5)]
    given = [await app.upload(each) for each in sent]

    async def one(number: int) -> None:
        with tally.outcome():
            await fill(app, sent[number % 5], given[number % 5], tally, scored=False)

    begin = clock()
    await asyncio.gather(*map(one, range(count)))
    tally.seconds = clock() - begin
    tally.require(max(tally.times.get("busy", [0])) < REFUSAL, "it took long to say busy")
    tally.require(all(map(ADVICE.search, tally.texts)), "busy, but no word of asking again")
    await until_usual(app, tally, usual)
    return tally


async def usual_latency(app: App) -> float:
    """The longest of some requests that have the app for themselves; it is warm by then."""
    alone = Tally("alone")
    for number in range(6):
        await visit(app, pair(0, number), alone)
    return max(alone.times["answer"][1:])


async def until_usual(app: App, tally: Tally, usual: float) -> None:
    """Note when answers come as fast as before."""
    begin, times = clock(), [math.inf]
    while times[-1] > LIKE_BEFORE * usual and clock() - begin < RECOVERY:
        after, asked = Tally("after"), clock() - begin
        await visit(app, pair(2, len(times)), after)
        times += after.times["answer"]
    tally.more |= {"usual answer, s": round(usual, 3), "as usual again after, s": round(asked, 2)}
    tally.require(times[-1] <= LIKE_BEFORE * usual, "answers do not get as fast as before")


# Clients that do not wait


class Dropped:
    """A request that somebody will drop.

    Args:
        way: "stream" = its stream is closed, "page" = so is the stream of a page's own queue,
            "cancel" = it is withdrawn, too.
    """

    def __init__(self, app: App, way: str) -> None:
        self.app, self.way, self.session = app, way, uuid4().hex
        self.seen: list[str] = []  # in its stream

    async def begin(self, arguments: Arguments) -> "Dropped":
        """Ask for it and listen: only a stream that is open can be closed."""
        config = await self.app.ask("GET", "/config")
        functions = {each["api_name"]: each["id"] for each in config["dependencies"]}
        names: Arguments = {"fn_index": functions["fill"], "session_hash": self.session}
        if self.way == "page":
            body = names | {"data": [*arguments.values(), "crop", 0]}
            await self.app.ask("POST", "/gradio_api/queue/join", json=body)
            path = f"/queue/data?session_hash={self.session}"
        else:
            event = await self.app.call(arguments)
            path = f"/call/fill/{event}"
            names |= {"session_hash": event, "event_id": event}
        self.names, self.reader = names, asyncio.create_task(self.listen(path))
        while not self.seen and not self.reader.done():
            await asyncio.sleep(0.01)
        return self

    async def listen(self, path: str) -> None:
        async for name, data in self.app.events(path):
            self.seen.append(name or data["msg"])

    async def drop(self) -> None:
        """Do what its client does when the answer is wanted no more."""
        if self.way == "cancel":
            await self.app.http.post("/gradio_api/cancel", json=self.names)
        self.reader.cancel()
        await asyncio.gather(self.reader, return_exceptions=True)


async def hold(app: App, long: Arguments, tally: Tally) -> list[Dropped]:
    """Occupy every slot; a request that starts after another's end has found none free."""
    holders = [await Dropped(app, "page").begin(long) for _ in range(FILLS)]
    while not all("process_starts" in each.seen or each.reader.done() for each in holders):
        await asyncio.sleep(0.01)
    tally.require(await hold_on(holders), "a slot was not free")
    return holders


async def hold_on(holders: list[Dropped]) -> bool:
    """Whether all still run, and did a moment ago: what an end sets free is taken at once."""
    await asyncio.sleep(0.2)
    return not any("process_completed" in each.seen for each in holders)


async def drop_queued(app: App, way: str, number: int, long: Arguments, tally: Tally) -> None:
    """Behind a full house, where they wait for certain: afterwards the queue is empty."""
    short = await app.upload(pair(3, 0))
    holders = await hold(app, long, tally)
    victims = [await Dropped(app, way).begin(short) for _ in range(number)]
    queued, begin = await app.waiting(), clock()
    for victim in victims:
        await victim.drop()
    while (left := await app.waiting()) and await hold_on(holders):
        pass
    seconds = round(clock() - begin, 2)
    left = left if await hold_on(holders) else queued  # they did not leave, their turn came
    tally.more[f"waiting, {way}"] = {"dropped": queued, "left": left, "s": seconds}
    tally.require(queued == number and not left, f"of {queued} waiting, {left} stay: {way}")
    await asyncio.gather(*(each.reader for each in holders))


async def drop_running(app: App, way: str, number: int, long: Arguments, tally: Tally) -> None:
    """In the midst of their work: it ends, and whoever comes next does not wait for it."""
    next_answer, idle = [], []
    for done in range(0, number, FILLS):
        victims = [await Dropped(app, way).begin(long) for _ in range(min(FILLS, number - done))]
        while await app.waiting():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        begin = clock()
        for victim in victims:
            await victim.drop()
        await visit(app, pair(3, 1), Tally("next"))
        next_answer.append(round(clock() - begin, 2))
        await app.idle()
        idle.append(round(clock() - begin, 2))
    words = {"dropped": number, "next answer after s": max(next_answer), "idle after s": max(idle)}
    tally.more[f"running, {way}"] = words
    tally.require(max(idle) < STOP, f"work goes on for nobody: {way}")


async def cancel(app: App, count: int) -> Tally:
    """Every way to drop a request, half of them waiting, half running: nothing stays occupied."""
    tally, usual = Tally(f"{count} dropped"), await usual_latency(app)
    long = await app.upload(long_pair())
    for drop, share in ((drop_queued, count // 2), (drop_running, count - count // 2)):
        for way, number in Counter(itertools.islice(itertools.cycle(WAYS), share)).items():
            await drop(app, way, number, long, tally)
    await asyncio.gather(*(each.reader for each in await hold(app, long, tally)))
    await until_usual(app, tally, usual)
    tally.require(await app.waiting() == 0, "the queue is not empty")
    return tally


# The command

Phase = Callable[[App], Awaitable[Tally]]


@contextmanager
def started() -> Iterator[str]:
    """``python app.py`` on a free port, with a folder of its own for pictures: its URL."""
    with tempfile.TemporaryDirectory() as folder:
        with running_app(sys.stderr, Path(os.devnull), GRADIO_TEMP_DIR=folder) as url:
            yield url


async def run(url: str, phase: Phase, transport: httpx.AsyncBaseTransport | None = None) -> Tally:
    """A phase on an app that is served."""
    app = App(url, transport)
    async with app.http:
        return await phase(app)


def main() -> int:
    """The phases that are asked for; without any, the closed loop."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=25)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--burst", type=int, metavar="CALLS")
    parser.add_argument("--requests", type=int)
    parser.add_argument("--cancel", type=int, metavar="REQUESTS", help="at most 120")
    parser.add_argument("--url", help="of an app that runs already")
    parser.add_argument("--json", type=Path, help="file for the figures")
    args = parser.parse_args()
    asked = ((burst, args.burst), (many, args.requests), (cancel, args.cancel))
    phases: list[Phase] = [partial(phase, count=count) for phase, count in asked if count]
    phases = phases or [partial(load, clients=args.clients, seconds=60 * args.minutes)]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # a burst opens a file per call
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    told = {}
    with nullcontext(args.url) if args.url else started() as url:
        for phase in phases:
            tally = asyncio.run(run(url, phase))
            told[tally.name] = tally.figures()
            lines = (f"  {k:28} {v}" for k, v in told[tally.name].items() if v not in ([], {}))
            print(tally.name, *lines, sep="\n", flush=True)
    if args.json:
        args.json.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return int(not all(figures["passed"] for figures in told.values()))


if __name__ == "__main__":
    sys.exit(main())
