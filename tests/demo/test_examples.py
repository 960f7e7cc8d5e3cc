"""The bundled examples: ready, licensed, small, and as their script writes them."""

import re
import runpy
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from inpainting.demo import events, service
from inpainting.io.images import decode
from tests.running_app import ROOT

FOLDER = ROOT / "examples"


@pytest.fixture
def nothing_filled(tiny_pipeline):
    events.filled_example.cache_clear()
    yield
    events.filled_example.cache_clear()


@pytest.mark.parametrize("path", events.EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_ready(path):
    image, mask_image = events.read_example(path)
    levels = np.unique(Image.open(path.with_name(f"{path.stem}_mask.png")))
    assert levels.tolist() == [0, 255]
    assert image.size == mask_image.size and 200 <= min(image.size) and max(image.size) <= 512
    assert 0.01 < (np.array(mask_image) > 0).mean() < 0.3
    assert f"`{path.stem}`" in (FOLDER / "LICENSES.md").read_text()


def test_examples_folder_is_small():
    assert len(events.EXAMPLES) >= 5
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 2.5e6


def test_an_example_comes_filled_and_is_computed_once(nothing_filled, monkeypatch):
    visitor = SimpleNamespace(session_hash="visitor")
    editor, photo, name, damage, _, _, slider, report, *_ = events.show_example(
        0, "auto", None, visitor
    )
    image, mask_image = events.read_example(events.EXAMPLES[0])
    assert decode(photo) == image and (name, damage) == (events.EXAMPLES[0].stem, "")
    layer = decode(editor.value["layers"][0]["path"]).getchannel("A")
    assert np.array_equal(np.array(layer) > 0, np.array(mask_image) > 0)
    assert decode(slider[1]).size == image.size
    assert f"{image.width} × {image.height} px" in report
    monkeypatch.setattr(service, "fill", None)
    again = events.show_first_example("auto", None, visitor)[7]
    assert again != report and re.sub("data-run=.*?>", "", again) == re.sub(
        "data-run=.*?>", "", report
    )


def test_examples_are_what_their_script_writes(tmp_path):
    runpy.run_path(str(ROOT / "docs" / "make_examples.py"))["main"](tmp_path)
    for path in events.EXAMPLES:
        image, mask_image = events.read_example(path)
        again, mask_again = events.read_example(tmp_path / path.name)
        # JPEG decoders and font renderers differ a little between releases.
        assert np.abs(np.array(image, int) - np.array(again, int)).max() < 16
        assert (np.array(mask_image) != np.array(mask_again)).mean() < 0.01
