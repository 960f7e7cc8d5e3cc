"""The network that comes with this package: where it lies, and what its weights must be."""

from pathlib import Path

from inpainting.io.files import digest

BUNDLED = Path(__file__).parents[1] / "pretrained"
BUNDLED_SHA256 = "73d0dccd6c86922d1ab2abacd587cbafa096894732393454709cc7dd23c80481"
WEIGHTS = "model.safetensors"


def is_intact() -> bool:
    """Whether its weights are there, as they were shipped."""
    path = BUNDLED / WEIGHTS
    return path.is_file() and digest(path) == BUNDLED_SHA256
