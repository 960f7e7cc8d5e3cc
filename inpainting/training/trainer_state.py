"""The counters of a training run; saved with its state."""

import math
from dataclasses import dataclass, field


@dataclass
class Mean:
    """Running means of named numbers."""

    totals: dict[str, float] = field(default_factory=dict)
    count: int = 0

    def add(self, terms: dict[str, float]) -> None:
        """One more value of each."""
        for name, value in terms.items():
            self.totals[name] = self.totals.get(name, 0.0) + value
        self.count += 1

    def take(self) -> dict[str, float]:
        """The means; then begin anew."""
        means = {name: total / self.count for name, total in self.totals.items()}
        self.totals, self.count = {}, 0
        return means


@dataclass
class TrainerState:
    """Counters of a run; ``seconds`` of training, over all restarts.

    ``skipped_files``: samples whose file could not be read. ``skipped_steps``: steps not taken
    because loss or gradient was not finite; ``in_a_row``: the last of them. ``won``: steps up to
    the last one with critics that find every fill.
    """

    step: int = 0
    samples: int = 0
    seconds: float = 0.0
    skipped_files: int = 0
    skipped_steps: int = 0
    in_a_row: int = 0
    won: int = 0
    last_loss: float = math.nan  # mean up to the last validation
    best_loss: float = math.inf
    logged: Mean = field(default_factory=Mean)  # since the last line of metrics.jsonl
    validated: Mean = field(default_factory=Mean)  # since the last validation

    @classmethod
    def restored(cls, plain: dict) -> "TrainerState":
        """From ``dataclasses.asdict``."""
        means = {name: Mean(**plain[name]) for name in ("logged", "validated")}
        return cls(**(plain | means))
