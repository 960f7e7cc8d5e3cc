"""The bundled examples: ready, licensed, small, and as their script writes them."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import app
from inpainting import InpaintingPipeline

FOLDER = Path(app.__file__).parent / "examples"


@pytest.fixture(autouse=True)
def tiny_pipeline(tiny_model, monkeypatch):
    pipeline = InpaintingPipeline(tiny_model, device="cpu")
    monkeypatch.setattr(app, "load_pipeline", lambda: pipeline)
    app.show_example.cache_clear()
    yield pipeline
    app.show_example.cache_clear()


@pytest.mark.parametrize("path", app.EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_ready(path):
    image, mask_image = app.read_example(path)
    levels = np.unique(Image.open(path.with_name(f"{path.stem}_mask.png")))
    assert levels.tolist() == [0, 255]
    assert image.size == mask_image.size and 200 <= min(image.size) and max(image.size) <= 512
    assert 0.01 < (np.array(mask_image) > 0).mean() < 0.3
    assert f"`{path.stem}`" in (FOLDER / "LICENSES.md").read_text()


def test_examples_folder_is_small():
    assert len(app.EXAMPLES) >= 5
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 2.5e6


def test_an_example_comes_filled_and_is_computed_once(tiny_pipeline, monkeypatch):
    value, (before, result), report, heat_map = app.show_example(0)
    image, mask_image = app.read_example(app.EXAMPLES[0])
    assert app.read_editor(value) == (image, mask_image)
    assert before.size == result.size == heat_map.size == image.size
    assert f"{image.width} × {image.height} px" in report
    monkeypatch.setattr(app, "run_model", None)
    assert app.show_example(0)[1][1] is result


def test_examples_are_what_their_script_writes(tmp_path):
    runpy.run_path(str(FOLDER / "make_examples.py"))["main"](tmp_path)
    for path in app.EXAMPLES:
        image, mask_image = app.read_example(path)
        again, mask_again = app.read_example(tmp_path / path.name)
        # JPEG decoders and font renderers differ a little between releases.
        assert np.abs(np.array(image, int) - np.array(again, int)).max() < 16
        assert (np.array(mask_image) != np.array(mask_again)).mean() < 0.01
