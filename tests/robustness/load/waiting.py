"""Clients that wait for their answers."""

import asyncio
import itertools
import math
import random
import re
from collections.abc import Iterator
from contextlib import suppress
from time import perf_counter as clock
from typing import Any

import numpy as np

from inpainting.demo.limits import WAITING
from tests.robustness.load.client import App, Arguments, Busy
from tests.robustness.load.pairs import Pair, pair, verify
from tests.robustness.load.phase import Tally

SCORED = 10  # every tenth answer has its scores computed again
WAIT = (1.0, 3.0)  # seconds until a client that was told "busy" asks again
ADVICE = re.compile("again|later|retry", re.I)
REFUSAL = 1.0  # seconds within which "busy" is told
LIKE_BEFORE, RECOVERY = 1.5, 30  # times the usual latency; seconds until a burst is forgotten
GROWTH = 50  # MB that the app may grow after its first hundred answers


async def ask(app: App, arguments: Arguments, tally: Tally) -> tuple[bytes, dict[str, Any]]:
    """Call, wait, download: file and facts; raises Busy, Refused, and whatever goes wrong."""
    begin = clock()
    try:
        file, facts = await app.answer(await app.call(arguments))
    except Busy as busy:
        tally.times["busy"].append(clock() - begin)
        tally.texts[str(busy)] += 1
        raise
    tally.times["answer"].append(clock() - begin)
    return (await app.http.get(file["url"])).raise_for_status().content, facts


async def fill(app: App, sent: Pair, arguments: Arguments, tally: Tally, scored: bool) -> None:
    """Ask, and raise Mixed when the answer is not that of this request."""
    answer = await ask(app, arguments, tally)
    await asyncio.to_thread(verify, sent, *answer, scored)  # clocks of others go on


async def visit(app: App, sent: Pair, tally: Tally, scored: bool = False) -> None:
    """Upload and fill; who is told "busy" waits and asks again."""
    begin, patience = clock(), random.Random(sent.picture.tobytes())
    arguments = await app.upload(*sent.files())
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
            if tally.is_down:
                break

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
    grow = sizes[2] - (sizes[1] or sizes[0])
    tally.require(grow <= GROWTH, f"memory grew by {grow:.0f} MB")
    return tally


async def burst(app: App, count: int) -> Tally:
    """All at once: each is answered or told that it is too much, and soon it is forgotten."""
    tally, usual = Tally(f"burst of {count}"), await usual_latency(app)
    sent = [pair(1, number) for number in range(5)]
    given = [await app.upload(*each.files()) for each in sent]

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
    while True:
        after, asked = Tally("after"), clock() - begin
        await visit(app, pair(2, len(times)), after)
        times += after.times["answer"]
        if times[-1] <= LIKE_BEFORE * usual or asked >= RECOVERY:
            break
    tally.more |= {"usual answer, s": round(usual, 3), "as usual again after, s": round(asked, 2)}
    tally.require(times[-1] <= LIKE_BEFORE * usual, "answers do not get as fast as before")
