"""Clients that drop their requests."""

import asyncio
import itertools
from collections import Counter
from time import perf_counter as clock
from uuid import uuid4

from inpainting.demo.limits import FILLS
from tests.robustness.load.client import App, Arguments
from tests.robustness.load.pairs import long_pair, pair
from tests.robustness.load.phase import Tally
from tests.robustness.load.waiting import until_usual, usual_latency, visit

STOP = 2.0  # seconds within which work ends that nobody waits for
WAYS = ("stream", "page", "cancel")  # to drop a request, see Dropped


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


async def release(holders: list[Dropped]) -> None:
    """Set the slots free, without waiting for the ends of their requests."""
    for holder in holders:
        await holder.drop()


async def hold_on(holders: list[Dropped]) -> bool:
    """Whether all still run, and did a moment ago: what an end sets free is taken at once."""
    await asyncio.sleep(0.2)
    return not any("process_completed" in each.seen for each in holders)


async def drop_queued(app: App, way: str, number: int, long: Arguments, tally: Tally) -> None:
    """Behind a full house, where they wait for certain: afterwards the queue is empty."""
    short = await app.upload(*pair(3, 0).files())
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
    await release(holders)


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
    long = await app.upload(*long_pair().files())
    for drop, share in ((drop_queued, count // 2), (drop_running, count - count // 2)):
        for way, number in Counter(itertools.islice(itertools.cycle(WAYS), share)).items():
            await drop(app, way, number, long, tally)
    await release(await hold(app, long, tally))
    await until_usual(app, tally, usual)
    tally.require(await app.waiting() == 0, "the queue is not empty")
    return tally
