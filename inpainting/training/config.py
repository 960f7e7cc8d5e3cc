"""Every setting of a training run, under the names of the flags of ``train.py``."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from inpainting.errors import InvalidConfig

EPOCHS = 50  # where nothing says how long
STREAM_VALIDATION_STEPS = 1000  # where an epoch has no known end
POSITIVE = (
    "epochs", "max_steps", "max_minutes", "batch_size", "gradient_accumulation_steps", "size",
    "crop", "lr", "checkpointing_steps", "checkpoints_total_limit", "validation_steps",
    "logging_steps", "max_train_samples",
)  # fmt: skip
NOT_NEGATIVE = ("num_workers", "validation_images", "lr_warmup_steps", "max_grad_norm")
SHARES = ("max_corrupt", "mask_share", "picture_memory", "average")
NOT_KEPT = ("hub_token", "dry_run", "command")  # a secret, and what is no setting of the run
# Settings, by how their flags begin, that may change between restarts: they decide no number of a
# run or, as its length does, are meant to.
FREE = (
    "output-dir", "resume", "num-workers", "picture-memory", "checkpoint", "logging", "report-to",
    "license", "hub", "push", "epochs", "max-steps", "max-minutes", "max-corrupt", "cpu",
    "vgg-weights",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Settings of a run; ``inpaint train --help`` explains each.

    ``command``: that started the run, for the model card.

    Raises:
        InvalidConfig: when a number is out of its range, or settings contradict each other.
    """

    data: str | None = None
    image_column: str | None = None
    split: str | None = None
    revision: str | None = None
    streaming: bool = False
    max_train_samples: int | None = None
    max_corrupt: float = 0.05
    mask_dir: Path | None = None
    mask_share: float = 0.5
    invert_masks: bool = False
    size: int = 256
    crop: int | None = None
    picture_memory: float = 0.25
    num_workers: int = 2

    recipe: str = "default"
    init_from: str | None = None
    loss: Sequence[str] | None = None
    vgg_weights: Path | None = None
    lr: float | None = None
    lr_warmup_steps: int | None = None
    max_grad_norm: float | None = None
    average: float | None = None
    batch_size: int | None = None
    gradient_accumulation_steps: int = 1
    mixed_precision: str = "auto"
    cpu: bool = False
    seed: int = 0

    epochs: int | None = None
    max_steps: int | None = None
    max_minutes: float | None = None

    output_dir: Path = Path("runs/train")
    resume: str = "auto"
    checkpointing_steps: int = 500
    checkpoints_total_limit: int = 3
    validation_steps: int | None = None
    validation_images: int = 48
    logging_steps: int = 50
    report_to: str = "none"
    dry_run: bool = False

    push_to_hub: bool = False
    hub_model_id: str | None = None
    hub_private_repo: bool = False
    hub_token: str | None = None
    license: str = "cc-by-nc-sa-4.0"

    command: str = ""

    def __post_init__(self) -> None:
        for name in POSITIVE:
            if (value := getattr(self, name)) is not None and not value > 0:
                raise InvalidConfig(f"{flag(name)} is {value}: it must be above 0")
        for name in NOT_NEGATIVE:
            if (value := getattr(self, name)) is not None and not value >= 0:
                raise InvalidConfig(f"{flag(name)} is {value}: it must not be below 0")
        for name in SHARES:
            if (value := getattr(self, name)) is not None and not 0 <= value <= 1:
                raise InvalidConfig(f"{flag(name)} is {value}: it must be from 0 to 1")
        if self.streaming and self.data is None:
            raise InvalidConfig("--streaming needs --data: Natural Images are downloaded whole")

    def with_length(self, length: int | None) -> "TrainConfig":
        """The same with an end and a validation interval, where none is given.

        Args:
            length: pictures in an epoch; None where the data does not say.

        Raises:
            InvalidConfig: when epochs would have to be counted and cannot.
        """
        given = self.epochs or self.max_steps or self.max_minutes
        if length is None and not (self.max_steps or self.max_minutes):
            raise InvalidConfig(
                "The stream does not say how many pictures it has, so epochs cannot be counted: "
                "give --max-steps or --max-minutes."
            )
        validation_steps = self.validation_steps
        if length is None and not validation_steps:
            validation_steps = STREAM_VALIDATION_STEPS
        epochs = self.epochs if given else EPOCHS
        return replace(self, epochs=epochs, validation_steps=validation_steps)

    def done(self, step: int, samples: int, seconds: float, length: int | None) -> float:
        """Share of the budget used, by the limit that is nearest: epochs, steps or minutes.

        Args:
            step, samples, seconds: of training so far; at least one limit is set.
            length: pictures in an epoch; None where epochs are not counted.
        """
        shares = []
        if self.epochs and length:
            shares.append(samples / (self.epochs * length))
        if self.max_steps:
            shares.append(step / self.max_steps)
        if self.max_minutes:
            shares.append(seconds / 60 / self.max_minutes)
        return max(shares)

    def as_options(self) -> dict[str, Any]:
        """Every setting by the name of its flag, as ``--config`` reads it; without the token."""
        plain = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in NOT_KEPT
        }
        return {name.replace("_", "-"): _for_yaml(value) for name, value in sorted(plain.items())}


def _for_yaml(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def flag(name: str) -> str:
    """A setting's flag on the command line."""
    return "--" + name.replace("_", "-")


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Settings of a resumed run that decide its numbers and are not what they were.

    Args:
        before, now: of :meth:`TrainConfig.as_options`.
    """
    return [
        f"--{name} {now.get(name)} (was {before.get(name)})"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name) and not name.startswith(FREE)
    ]
