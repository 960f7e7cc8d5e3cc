"""Tiny networks for both recipes, pictures, and a Hub that is taken for the real one."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import datasets
import numpy as np
import pytest
from huggingface_hub import set_client_factory
from huggingface_hub.utils import enable_progress_bars, logging
from huggingface_hub.utils._http import default_client_factory
from PIL import Image

from inpainting.training.recipes import RECIPES
from inpainting.training.trainer import Trainer
from tests.training.fake_hub import CANARY, FakeHub, fake_hub
from tests.training.runs import NETWORKS, Killed


@pytest.fixture(autouse=True)
def tiny_recipes(monkeypatch) -> None:
    """Both recipes on a tiny network: training is what is tested here."""
    for name, network in NETWORKS.items():
        monkeypatch.setitem(RECIPES, name, replace(RECIPES[name], network=network))


@pytest.fixture(autouse=True)
def listening(caplog) -> None:
    """What is logged is what a user is told."""
    caplog.set_level("INFO", "inpainting")


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Path:
    """A folder ``pictures`` of two classes, and the same as Parquet files in ``tables``."""
    folder = tmp_path_factory.mktemp("place")
    rng = np.random.default_rng(0)
    cells = []
    for name in [f"{kind}/{i}.jpg" for kind in ("cat", "dog") for i in range(8)]:
        path = folder / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        colours = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8))
        colours.resize((40, 36), Image.Resampling.BICUBIC).save(path, quality=95)
        cells.append({"bytes": path.read_bytes(), "path": path.name})
    (folder / "tables").mkdir()
    kind = datasets.Features({"image": datasets.Image(decode=False)})
    for k in range(4):
        table = datasets.Dataset.from_dict({"image": cells[k::4]}, features=kind)
        table.to_parquet(folder / "tables" / f"train-{k}.parquet")
    return folder


@pytest.fixture
def pictures(place, monkeypatch) -> Path:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", place / "cache")
    return place / "pictures"


@pytest.fixture
def tables(pictures) -> Path:
    return pictures.with_name("tables")


@pytest.fixture
def no_curve(monkeypatch) -> None:
    """Leave out ``loss.png``, which takes most of a small run's time."""
    monkeypatch.setattr("inpainting.training.metrics_log.loss_figure", lambda *_: None)


@pytest.fixture
def killed_at(monkeypatch) -> Callable[[int | None], None]:
    """A function that makes the n-th step from now never happen."""
    step = Trainer.step

    def at(number: int | None) -> None:
        calls = []

        def interrupted(self, *args):
            calls.append(1)
            if len(calls) == number:
                raise Killed
            return step(self, *args)

        monkeypatch.setattr(Trainer, "step", interrupted)

    return at


@pytest.fixture
def hub(monkeypatch, tmp_path, caplog) -> Iterator[FakeHub]:
    """A Hub that this process takes for the real one."""
    with fake_hub() as hub:
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setenv("HF_TOKEN", CANARY)
        for name, value in {
            "ENDPOINT": hub.url, "HUGGINGFACE_CO_URL_TEMPLATE": template, "HF_HUB_OFFLINE": False,
            "HF_HUB_DISABLE_XET": True, "HF_HUB_CACHE": str(tmp_path / "cache"),
            "HF_TOKEN_PATH": str(tmp_path / "no_token"),
        }.items():  # fmt: skip
            monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
        yield hub
        assert not hub.leaks and CANARY not in json.dumps(hub.log)
        for record in caplog.get_records("call"):
            assert CANARY not in record.getMessage() and "\n" not in record.getMessage()
        hub.released.set()
        wait_for(lambda: not uploading())
    set_client_factory(default_client_factory)
    enable_progress_bars()
    logging.set_verbosity_warning()


def uploading() -> bool:
    return any(thread.name == "hub" for thread in threading.enumerate())


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
