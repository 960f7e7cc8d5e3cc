"""The network that comes with this package: where it lies, and what its weights must be."""

from pathlib import Path

from inpainting.io.files import digest

BUNDLED = Path(__file__).parents[1] / "pretrained"
BUNDLED_SHA256 = "1fd675dadc6077c448daa07699fb5dcd697e8b87e54ac31616c9b576c1b87c97"
WEIGHTS, CONFIG = "model.safetensors", "config.json"  # of any checkpoint


def is_intact() -> bool:
    """Whether its weights are there, as they were shipped."""
    path = BUNDLED / WEIGHTS
    return path.is_file() and digest(path) == BUNDLED_SHA256
