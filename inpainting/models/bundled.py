"""The network that comes with this package: where it lies, and what its weights must be."""

from pathlib import Path

from inpainting.io.files import digest

BUNDLED = Path(__file__).parents[1] / "pretrained"
BUNDLED_SHA256 = "279bbafc094d8435c9370fa9090e6326d31478b0cc258b97248138e010cc1775"
WEIGHTS = "model.safetensors"


def is_intact() -> bool:
    """Whether its weights are there, as they were shipped."""
    path = BUNDLED / WEIGHTS
    return path.is_file() and digest(path) == BUNDLED_SHA256
