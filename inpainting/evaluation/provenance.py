"""What a reader needs to repeat an evaluation."""

from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from inpainting.evaluation.config import EvalConfig
from inpainting.evaluation.metrics import PSNR_CAP
from inpainting.evaluation.statistics import RESAMPLES
from inpainting.models.base import Network
from inpainting.models.checkpoint import weights_digest
from inpainting.models.registry import config_to_json

PACKAGES = ("torch", "numpy", "scikit-image", "opencv-python-headless", "pillow", "datasets",
            "scipy", "pypatchmatch")  # fmt: skip


def describe(
    config: EvalConfig,
    command: str,
    model: Network | None,
    device: torch.device,
    dtype: torch.dtype,
    count: int,
) -> dict[str, Any]:
    """Command, versions, checkpoint, data and settings, ready for JSON."""
    installed = {dist.metadata["Name"].lower() for dist in metadata.distributions()}
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {p: metadata.version(p) for p in PACKAGES if p in installed},
        "checkpoint": _checkpoint(config, model) if model else None,
        "strategy": config.strategy,
        "data": str(config.data.name or "natural-images"),
        "split": config.split,
        "pictures": count,
        "size": config.size,
        "seed": config.seed,
        "device": str(device),
        "precision": str(dtype).removeprefix("torch."),
        "object_masks": config.object_masks and str(config.object_masks),
        "vgg_weights": config.vgg_weights and str(config.vgg_weights),
        "baselines_reused_from": config.reuse and str(config.reuse),
        "psnr_cap": PSNR_CAP,
        "bootstrap_resamples": RESAMPLES,
    }


def checkpoint_name(checkpoint: str | None) -> str:
    """What tells checkpoints apart in the tables: the folder's name or the Hub id."""
    if checkpoint is None:
        return "bundled"
    folder = Path(checkpoint)
    return folder.resolve().name if folder.is_dir() else checkpoint


def _checkpoint(config: EvalConfig, model: Network) -> dict[str, Any]:
    return {
        "name": config.checkpoint or "bundled",
        "revision": config.revision,
        "sha256": weights_digest(config.checkpoint, config.revision),
        "parameters": sum(p.numel() for p in model.parameters()),
        "config": config_to_json(model.config),
    }
