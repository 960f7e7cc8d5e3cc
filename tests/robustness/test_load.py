"""A short run of every load phase on a tiny network, and proof that each of them can fail.

``python -m tests.robustness.load`` has the long ones. No time is judged here, only what came of
the requests.
"""

import asyncio
import io
from dataclasses import asdict
from functools import partial

import httpx
import numpy as np
import pytest
from PIL import Image

from inpainting.evaluation.metrics import score
from tests.robustness.load import dropping, phase, soak, waiting
from tests.robustness.load.client import App
from tests.robustness.load.dropping import Dropped
from tests.robustness.load.pairs import Mixed, Pair, long_pair, pair, verify
from tests.robustness.load.phase import Phase, Tally
from tests.robustness.odd_files import sample

pytestmark = pytest.mark.slow


def short_and_long(short: int, long: int) -> list[object]:
    """What can still fail, and what is done at night."""
    return [
        pytest.param(short, id="short"),
        pytest.param(long, id="long", marks=pytest.mark.nightly),
    ]


@pytest.fixture(autouse=True)
def no_time_is_judged(monkeypatch):
    monkeypatch.setattr(waiting, "RECOVERY", 0)  # seconds until answers come as fast as before


def run(address: str, each: Phase, transport: httpx.AsyncBaseTransport | None = None) -> Tally:
    return asyncio.run(phase.run(address, each, transport))


def loop(clients: int, requests: int) -> Phase:
    return partial(
        waiting.closed_loop, tally=Tally("short"), clients=clients, tickets=iter(range(requests))
    )


@pytest.mark.parametrize("requests", short_and_long(16, 400))
def test_every_client_gets_its_own_answer(address, requests):
    tally = run(address, loop(8, requests))
    assert (tally.ok, tally.mixed, tally.failed) == (requests, 0, 0), tally.messages
    assert len(tally.times["answer"]) == len(tally.times["whole trip"]) == requests
    assert tally.more["RSS MB at end"] < tally.more["RSS MB at start"] + 1000
    assert tally.more["files MB at end"] > tally.more["files MB at start"]


@pytest.mark.parametrize("count", short_and_long(50, 500))
def test_a_burst_is_answered_or_told_to_be_too_much(address, count):
    tally = run(address, partial(waiting.burst, count=count))
    assert (tally.mixed, tally.failed) == (0, 0), tally.messages
    assert tally.ok + tally.texts.total() == count and tally.ok >= waiting.WAITING
    assert tally.texts and all(map(waiting.ADVICE.search, tally.texts))


@pytest.mark.parametrize("count", short_and_long(6, 36))
def test_nothing_stays_occupied_by_what_was_dropped(address, count):
    tally = run(address, partial(dropping.cancel, count=count))
    for way in dropping.WAYS:
        queued, running = (tally.more[f"{state}, {way}"] for state in ("waiting", "running"))
        dropped = count // 6
        assert (queued["dropped"], queued["left"], running["dropped"]) == (dropped, 0, dropped)
    lost = {"a slot was not free", "the queue is not empty"}
    assert not lost & set(tally.problems)


@pytest.mark.parametrize("seconds", short_and_long(2, 60))
def test_odd_files_among_the_usual_ones_are_read_or_refused(address, seconds, monkeypatch):
    # Every eighth: some can be read, and some cannot. Fewer at once than the app lets wait.
    monkeypatch.setattr(soak, "odd_files", lambda: sample()[::8])
    tally = run(address, partial(soak.soak, rate=10 if seconds == 2 else 2, seconds=seconds))
    assert (tally.mixed, tally.failed) == (0, 0), tally.messages
    assert tally.ok == len(tally.times["answer"]) + tally.more["refused"] and tally.ok >= 20
    assert len(tally.times["answer"]) > tally.more["refused"] > 0
    assert tally.more["RSS MB after 0 minutes"] > 0


class Faulty(httpx.AsyncHTTPTransport):
    """A way to the app on which some downloads go wrong.

    Args:
        fault: "swapped" = an earlier download's file comes, "lost" = the server fails.
    """

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault, self.last = fault, None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if "file=" in request.url.path:
            if self.fault == "lost":
                return httpx.Response(500, request=request)
            request.url, self.last = self.last or request.url, request.url
        return await super().handle_async_request(request)


def test_swapped_and_lost_answers_are_found(address):
    swapped = run(address, loop(3, 6), Faulty("swapped"))
    assert swapped.mixed >= 5 and swapped.failed == 0 and not swapped.passed
    lost = run(address, loop(3, 6), Faulty("lost"))
    assert (lost.ok, lost.mixed, lost.failed) == (0, 0, 6) and "500" in lost.messages[0]
    lost = run(address, partial(soak.soak, rate=4, seconds=1), Faulty("lost"))
    assert (lost.ok, lost.failed) == (0, 4) and not lost.passed


def test_occupied_slots_and_queues_are_found(address, monkeypatch):
    async def faulty(app: App) -> Tally:
        tally = Tally("faulty")
        long = await app.upload(*long_pair().files())
        monkeypatch.setattr(dropping, "FILLS", 3)  # one more than there are
        await dropping.release(await dropping.hold(app, long, tally))
        monkeypatch.undo()
        drop, kept = Dropped.drop, []

        async def drop_others(request: Dropped) -> None:
            if request.way == "stream":
                kept.append(request.reader)
            else:
                await drop(request)

        monkeypatch.setattr(Dropped, "drop", drop_others)
        await dropping.drop_queued(app, "stream", 1, long, tally)
        await asyncio.gather(*kept)
        return tally

    tally = run(address, faulty)
    assert tally.problems == ["a slot was not free", "of 1 waiting, 1 stay: stream"]


def answer(sent: Pair, **other: object) -> tuple[bytes, dict]:
    """What a right app answers, but for some facts."""
    filled = np.where(sent.hole[..., None], np.uint8(128), sent.picture)
    stream = io.BytesIO()
    Image.fromarray(filled).save(stream, "PNG")
    height, width = sent.hole.shape
    facts = {
        "width": width, "height": height, "hole_ratio": sent.hole.mean(),
        "untouched_pixels_equal": True,
        "scores": asdict(score(sent.picture, filled, sent.hole)),
    }  # fmt: skip
    return stream.getvalue(), facts | other


def test_answers_are_told_apart():
    mine, theirs = pair(0, 0), pair(1, 0)
    verify(mine, *answer(mine), scored=True)
    file, facts = answer(theirs)
    smaller = Pair(theirs.picture[:200], theirs.hole[:200])
    for wrong in (
        (file, facts),
        answer(smaller),
        answer(mine, hole_ratio=facts["hole_ratio"]),
        answer(mine, scores=facts["scores"]),
        answer(mine, untouched_pixels_equal=False),
    ):
        with pytest.raises(Mixed):
            verify(mine, *wrong, scored=True)
