"""Both sides of a comparison, in turn and in one process: noise of the machine hits both."""

import math
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch

Work = Callable[[], object]


def in_turn(
    works: dict[str, Work], repeats: int = 9, seconds: float = 40.0
) -> dict[str, list[float]]:
    """Run each once to warm up, then each in turn, again and again.

    Args:
        works: by name.
        repeats: of each, at most; at least 3.
        seconds: stop early when this much time has gone, in all.

    Returns:
        Seconds of every repetition, by name.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    start = time.perf_counter()
    for done in range(repeats):
        for name, work in works.items():
            times[name].append(seconds_of(work))
        if done >= 2 and time.perf_counter() - start > seconds:
            break
    return times


def seconds_of(work: Work) -> float:
    """Wall-clock time of one call, to the end of what it started on a GPU."""
    _wait()
    start = time.perf_counter()
    work()
    _wait()
    return time.perf_counter() - start


def ratio(times: dict[str, list[float]], numerator: str, denominator: str) -> float:
    """Median of the ratios of neighbouring repetitions."""
    pairs = zip(times[numerator], times[denominator], strict=True)
    return statistics.median(a / b for a, b in pairs)


def milliseconds(times: Sequence[float]) -> float:
    """Median."""
    return 1000 * statistics.median(times)


def peak_megabytes(prepare: Callable[..., Work], *arguments: object) -> float:
    """Most memory that a call needs beyond what is in use before it, in MB (Linux).

    Args:
        prepare: makes the call, in a process of its own: memory that earlier calls have freed
            but not given back would hide what this one takes. A function of a module.
        arguments: of ``prepare``; picklable.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        return fresh.submit(_peak, torch.get_num_threads(), prepare, *arguments).result()


def _peak(threads: int, prepare: Callable[..., Work], *arguments: object) -> float:
    """Asks the kernel every 2 ms, as its own high-water mark cannot be reset everywhere."""
    torch.set_num_threads(threads)
    work = prepare(*arguments)
    before = peak = _resident()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.002):
            peak = max(peak, _resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    done.set()
    watcher.join()
    return (max(peak, _resident()) - before) / 2**20


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Slope of log cost over log size, by least squares: 1 = proportional, 0 = independent."""
    x, y = ([math.log(value) for value in values] for values in (sizes, costs))
    return statistics.linear_regression(x, y).slope


def _resident() -> int:
    """Bytes in use by this process."""
    return 4096 * int(Path("/proc/self/statm").read_text().split()[1])


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
