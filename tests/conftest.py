"""What several tests share: seeds, a tiny network, small pictures."""

import os

# Before any import that reads them: no test may reach the network, one thread is enough.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings
from PIL import Image

from inpainting import ResidualUNet, save_pretrained
from inpainting.models.residual_unet import ResidualUNetConfig
from tests.running_app import running_app

collect_ignore = ["robustness/fuzz.py"]  # instruments what it imports
settings.register_profile("suite", max_examples=30, deadline=None)
settings.register_profile("long", max_examples=1200, deadline=None)
settings.load_profile("suite")
torch.set_num_threads(1)  # networks are tiny here, and other processes want the cores

TINY = ResidualUNetConfig(
    channels=(8, 12),
    kernels=(3, 3),
    strides=(1, 2),
    units=(1, 1),
    norm="batch",
    error_channels=6,
)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def tiny_model() -> ResidualUNet:
    """A small network with every weight random, the last layer's too."""
    model = ResidualUNet(TINY)
    for layer in (model.head, model.doubt.out):
        torch.nn.init.normal_(layer.weight, std=0.1)
    return model.eval()


@pytest.fixture
def tiny_checkpoint(tiny_model: ResidualUNet, tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    save_pretrained(tiny_model, folder)
    return folder


@pytest.fixture
def noise(rng: np.random.Generator):
    """A function of (width, height) that gives an RGB picture of noise."""

    def make(width: int, height: int) -> Image.Image:
        return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))

    return make


@pytest.fixture
def image_folder(tmp_path: Path, rng: np.random.Generator):
    """A function that writes ``counts`` pictures per class (and per split) and gives the folder."""

    def write(counts: dict[str, int], size: tuple[int, int] = (40, 36)) -> Path:
        root = tmp_path / "pictures"
        for name, count in counts.items():
            folder = root / name
            folder.mkdir(parents=True)
            for i in range(count):
                colours = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
                picture = Image.fromarray(colours).resize(size, Image.Resampling.BICUBIC)
                picture.save(folder / f"{i}.jpg", quality=95)
        return root

    return write


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``python app.py`` with a tiny random network, as a visitor would meet it: its URL."""
    with serve(tmp_path_factory) as url:
        yield url


@pytest.fixture(scope="session")
def space_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same, as a Space would start it."""
    with serve(tmp_path_factory, SYSTEM="spaces", SPACE_ID="user/space") as url:
        yield url


@contextmanager
def serve(tmp_path_factory: pytest.TempPathFactory, **variables: str) -> Iterator[str]:
    """With a tiny random network, and environment variables."""
    checkpoint = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    save_pretrained(ResidualUNet(TINY), checkpoint)
    variables = {
        "INPAINTING_CHECKPOINT": str(checkpoint),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(tmp_path_factory.mktemp("gradio")),
        "HF_HUB_OFFLINE": "1",
        **variables,
    }
    log = tmp_path_factory.mktemp("log") / "app.txt"
    with running_app(log, **variables) as url:
        yield url
