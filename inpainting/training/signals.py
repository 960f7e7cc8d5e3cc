"""SIGTERM and Ctrl-C during training: the run saves its state, then ends."""

import os
import signal
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignal:
    """Context in which a first signal is only noted; a second one ends the process at once."""

    def __init__(self) -> None:
        self.signal = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def exit_code(self) -> int:
        """As shells report a signal: 143 for SIGTERM, 130 for Ctrl-C."""
        return 128 + self.signal

    def _note(self, number: int, frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        self.signal = number
        name = signal.Signals(number).name
        words = f"\n{name}: saving after this step; once more ends the run at once\n"
        os.write(2, words.encode())  # print may be interrupted by this very handler
