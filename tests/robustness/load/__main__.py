"""Many clients on the running app: their answers, what it says when full, memory, free slots.

    python -m tests.robustness.load --clients 25 --minutes 10  # a closed loop
    python -m tests.robustness.load --burst 500                # as many calls at once
    python -m tests.robustness.load --requests 1000            # four at once: memory
    python -m tests.robustness.load --cancel 50                # requests that are dropped
    python -m tests.robustness.load --soak 1.5 --minutes 120   # every second, every other one odd
    python -m tests.robustness.load --burst 500 --url http://127.0.0.1:7860 --json figures.json

Without ``--url`` it starts ``python app.py``. Every picture is noise of its own: an answer that
belongs to another request differs in nearly every pixel. Prints a table per phase and exits with
1 when an answer was mixed up, a request failed, or a phase did not end as it should.
"""

import argparse
import asyncio
import json
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

from tests.robustness.load.dropping import cancel
from tests.robustness.load.phase import Phase, run
from tests.robustness.load.soak import soak
from tests.robustness.load.waiting import burst, load, many
from tests.running_app import running_app


@contextmanager
def started() -> Iterator[str]:
    """``python app.py`` on a free port, with a folder of its own for pictures: its URL."""
    with tempfile.TemporaryDirectory() as folder:
        with running_app(GRADIO_TEMP_DIR=folder) as url:
            yield url


def main() -> int:
    """The phases that are asked for; without any, the closed loop."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=25)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--burst", type=int, metavar="CALLS")
    parser.add_argument("--requests", type=int)
    parser.add_argument("--cancel", type=int, metavar="REQUESTS", help="at most 120")
    parser.add_argument("--soak", type=float, metavar="PER_SECOND")
    parser.add_argument("--url", help="of an app that runs already")
    parser.add_argument("--json", type=Path, help="file for the figures")
    args = parser.parse_args()
    asked = ((burst, args.burst), (many, args.requests), (cancel, args.cancel))
    phases: list[Phase] = [partial(phase, count=count) for phase, count in asked if count]
    seconds = 60 * args.minutes
    phases += [partial(soak, rate=args.soak, seconds=seconds)] if args.soak else []
    phases = phases or [partial(load, clients=args.clients, seconds=seconds)]
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
