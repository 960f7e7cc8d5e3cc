"""A short run of every load phase on a tiny network, and proof that each of them can fail.

``python -m tests.load`` has the long ones. No time is judged here, only what came of the requests.
"""

import asyncio
import io
from dataclasses import asdict
from functools import partial

import httpx
import numpy as np
import pytest
from PIL import Image

from inpainting.metrics import score
from tests.load import dropping, phase, waiting
from tests.load.client import App
from tests.load.dropping import Dropped
from tests.load.pairs import Mixed, Pair, long_pair, pair, verify
from tests.load.phase import Phase, Tally
from tests.load.soak import soak

pytestmark = pytest.mark.slow


def run(address: str, each: Phase, transport: httpx.AsyncBaseTransport | None = None) -> Tally:
    return asyncio.run(phase.run(address, each, transport))


def loop(clients: int, requests: int) -> Phase:
    return partial(
        waiting.closed_loop, tally=Tally("short"), clients=clients, tickets=iter(range(requests))
    )


def test_every_client_gets_its_own_answer(address):
    tally = run(address, loop(8, 40))
    assert (tally.ok, tally.mixed, tally.failed) == (40, 0, 0), tally.messages
    assert len(tally.times["answer"]) == len(tally.times["whole trip"]) == 40
    assert tally.more["RSS MB at end"] < tally.more["RSS MB at start"] + 1000
    assert tally.more["files MB at end"] > tally.more["files MB at start"]


def test_a_burst_is_answered_or_told_to_be_too_much(address):
    tally = run(address, partial(waiting.burst, count=60))
    assert (tally.mixed, tally.failed) == (0, 0), tally.messages
    assert tally.ok + tally.texts.total() == 60 and tally.ok >= waiting.WAITING
    assert all(map(waiting.ADVICE.search, tally.texts))


def test_nothing_stays_occupied_by_what_was_dropped(address):
    tally = run(address, partial(dropping.cancel, count=6))
    for way in dropping.WAYS:
        waiting, running = (tally.more[f"{state}, {way}"] for state in ("waiting", "running"))
        assert (waiting["dropped"], waiting["left"], running["dropped"]) == (1, 0, 1)
    lost = {"a slot was not free", "the queue is not empty"}
    assert not lost & set(tally.problems)


def test_odd_files_among_the_usual_ones_are_read_or_refused(address):
    tally = run(address, partial(soak, rate=5, seconds=8))
    assert (tally.ok, tally.mixed, tally.failed) == (40, 0, 0), tally.messages
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
    lost = run(address, partial(soak, rate=4, seconds=1), Faulty("lost"))
    assert (lost.ok, lost.failed) == (0, 4) and not lost.passed


def test_occupied_slots_and_queues_are_found(address, monkeypatch):
    async def faulty(app: App) -> Tally:
        tally = Tally("faulty")
        long = await app.upload(*long_pair().files())
        monkeypatch.setattr(dropping, "FILLS", 3)  # one more than there are
        await asyncio.gather(*(each.reader for each in await dropping.hold(app, long, tally)))
        monkeypatch.undo()
        monkeypatch.setattr(Dropped, "drop", lambda _: asyncio.sleep(0))
        await dropping.drop_queued(app, "stream", 1, long, tally)
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
