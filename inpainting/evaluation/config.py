"""What an evaluation measures, on which pictures, and where its report goes."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from inpainting.classical.registry import CLASSICAL
from inpainting.data.sources import DataSet
from inpainting.evaluation.protocol import DRAWN_HOLES
from inpainting.evaluation.statistics import MODEL, NETWORK_MODES
from inpainting.inference.pipeline import STRATEGIES

BARE = "network"  # in place of a strategy: one forward pass over the whole picture
MEASURED_STRATEGIES = (*STRATEGIES, BARE)
METHODS = (*NETWORK_MODES, *CLASSICAL)
DEFAULT_METHODS = (MODEL, "auto", *CLASSICAL)


@dataclass(frozen=True)
class EvalConfig:
    """Settings of one evaluation.

    ``checkpoint``, ``revision``: of :func:`~inpainting.models.checkpoint.load_pretrained`.
    ``split``: of the data set; ``limit``: at most so many pictures, spread over it. ``seed``: of
    holes, subset and bootstrap, never of the split. ``size``: side of the pictures in pixels.
    ``strategy``: a name of ``MEASURED_STRATEGIES``. ``device``, ``dtype``: None = those of the
    pipeline. ``workers``: processes for the classical fills. ``reuse``: ``scores.csv`` of an
    earlier run, whose classical rows are taken. ``object_masks``: folder of
    :class:`~inpainting.evaluation.object_masks.ObjectMasks`, which two of the protocols need.
    ``vgg_weights``: file of :class:`~inpainting.evaluation.vgg19n.Vgg19n`; without it its two
    distances are left out.
    """

    data: DataSet = DataSet()
    checkpoint: str | None = None
    revision: str | None = None
    split: str = "test"
    limit: int | None = None
    protocols: Sequence[str] = DRAWN_HOLES
    methods: Sequence[str] = DEFAULT_METHODS
    seed: int = 0
    size: int = 256
    strategy: str = STRATEGIES[0]
    device: torch.device | None = None
    dtype: torch.dtype | None = None
    output_dir: Path = Path("runs/eval")
    workers: int = 0
    reuse: Path | None = None
    object_masks: Path | None = None
    vgg_weights: Path | None = None

    def command(self) -> str:
        """The command line of ``eval.py`` that repeats it on this machine's default device."""
        words = {
            "--checkpoint": self.checkpoint, "--revision": self.revision, "--data": self.data.name,
            "--image-column": self.data.image_column, "--data-revision": self.data.revision,
            "--split": self.split, "--limit": self.limit, "--seed": self.seed, "--size": self.size,
            "--strategy": self.strategy, "--output-dir": self.output_dir,
            "--precision": self.dtype and str(self.dtype).removeprefix("torch."),
            "--object-masks": self.object_masks, "--vgg-weights": self.vgg_weights,
        }  # fmt: skip
        given = [
            str(x) for word, value in words.items() if value is not None for x in (word, value)
        ]
        lists = ["--protocols", *self.protocols, "--methods", *self.methods]
        return shlex.join(["python", "eval.py", *given, *lists])
