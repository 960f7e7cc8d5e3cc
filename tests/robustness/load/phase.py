"""A phase of load, and what came of it: counts, times, what went wrong."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from tests.robustness.load.client import App, Busy
from tests.robustness.load.pairs import Mixed


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
    def is_down(self) -> bool:
        """Whether so much failed that there is nobody to ask."""
        return self.failed > 100

    @property
    def passed(self) -> bool:
        return not (self.mixed or self.failed or self.problems)


Phase = Callable[[App], Awaitable[Tally]]


async def run(url: str, phase: Phase, transport: httpx.AsyncBaseTransport | None = None) -> Tally:
    """A phase on an app that is served."""
    app = App(url, transport)
    async with app.http:
        return await phase(app)
