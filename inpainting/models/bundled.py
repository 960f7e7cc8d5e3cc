"""The network that comes with this package: where it lies, and what its weights must be."""

from pathlib import Path

from inpainting.io.files import digest

BUNDLED = Path(__file__).parents[1] / "pretrained"
BUNDLED_SHA256 = "82236521780a6c034406cc88ae879eec03210de7bcdd3edd68a01327b7f057b8"
WEIGHTS = "model.safetensors"


def is_intact() -> bool:
    """Whether its weights are there, as they were shipped."""
    path = BUNDLED / WEIGHTS
    return path.is_file() and digest(path) == BUNDLED_SHA256
