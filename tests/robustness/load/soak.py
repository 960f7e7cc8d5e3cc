"""Hours of usual traffic: fills and odd files in turn, each at its time, whatever came before."""

import asyncio
import itertools
from time import perf_counter as clock

from tests.robustness.load.client import App, Refused
from tests.robustness.load.pairs import pair
from tests.robustness.load.phase import Tally
from tests.robustness.load.waiting import SCORED, ask, visit
from tests.robustness.odd_answers import MASK_FILE, check_answer, check_refusal
from tests.robustness.odd_files import OddFile, odd_files

LOOK = 900  # seconds between two looks at memory and files


async def soak(app: App, rate: float, seconds: float) -> Tally:
    """``rate`` requests per second, every other one odd: all are answered, by one process."""
    tally = Tally(f"{rate:g} requests per second for {seconds / 60:g} minutes")
    files, begin = itertools.cycle(odd_files()), clock()
    watch = asyncio.create_task(look(app, tally))
    async with asyncio.TaskGroup() as requests:
        for number in range(round(rate * seconds)):
            await asyncio.sleep(begin + number / rate - clock())
            one = odd(app, next(files), tally) if number % 2 else usual(app, number, tally)
            requests.create_task(one)
            if tally.is_down:
                break
    watch.cancel()
    tally.seconds = clock() - begin
    tally.more |= app.sizes("at end")
    return tally


async def usual(app: App, number: int, tally: Tally) -> None:
    with tally.outcome():
        await visit(app, pair(4, number), tally, number % SCORED == 0)


async def odd(app: App, file: OddFile, tally: Tally) -> None:
    """Read as a plain decoder does, or refused in one of the sentences."""
    with tally.outcome():
        arguments = await app.upload(file.content, MASK_FILE, file.name)
        try:
            answer, _ = await ask(app, arguments, tally)
        except Refused as refused:
            check_refusal(file, str(refused))
            tally.more["refused"] = tally.more.get("refused", 0) + 1
        else:
            await asyncio.to_thread(check_answer, file, answer)


async def look(app: App, tally: Tally) -> None:
    for minutes in itertools.count(0, LOOK // 60):
        tally.more |= app.sizes(f"after {minutes} minutes")
        await asyncio.sleep(LOOK)
