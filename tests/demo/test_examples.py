"""The bundled examples: ready, licensed, small, and as their script writes them."""

import json
import runpy
import shutil

import numpy as np
import pytest
from PIL import Image

from inpainting.demo.examples import (
    EXAMPLES,
    find,
    listed,
    read_mask_image,
    read_original,
    read_photo,
)
from inpainting.errors import InvalidImage
from tests.running_app import ROOT

FOLDER = ROOT / "examples"


each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)


def levels(path) -> np.ndarray:
    return np.array(Image.open(path).convert("RGB"), int)


@each_example
def test_examples_are_ready(example):
    image, mask_image, original = (
        each(example) for each in (read_photo, read_mask_image, read_original)
    )
    assert (image.mode, mask_image.mode) == ("RGB", "L")
    assert original is None or (original.mode, original.size) == (image.mode, image.size)
    assert np.unique(Image.open(example.mask_image)).tolist() == [0, 255]
    assert image.size == mask_image.size and 200 <= min(image.size) and max(image.size) <= 512
    assert 0.005 < (np.array(mask_image) > 0).mean() < 0.3


@each_example
def test_examples_are_described(example):
    assert 1 <= len(example.title.split()) <= 3
    assert example.caption.endswith(".") and len(example.caption) <= 90
    assert example.alt.endswith("marked.") and len(example.alt) <= 125


def test_an_example_is_found_by_its_name():
    assert [find(example.name) for example in EXAMPLES] == list(EXAMPLES)
    with pytest.raises(InvalidImage, match="no such example"):
        find("../1_scratches")


def test_every_credit_and_licence_is_in_the_table():
    table = (FOLDER / "LICENSES.md").read_text(encoding="utf-8").splitlines()
    rows = json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))
    for row in rows:
        [line] = [line for line in table if line.startswith(f"| `{row['name']}` |")]
        assert row["licence"] in line and row["credit"].split(",")[0] in line


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.known], ids=lambda e: e.name)
def test_known_damage_shows_and_lies_under_the_mask(example):
    photo, original = levels(example.photo), levels(example.original)
    hole = np.array(Image.open(example.mask_image)) > 0
    difference = np.abs(photo - original).max(axis=2)
    assert np.quantile(difference[hole], 0.7) > 40  # the rest is the fringe around the damage
    assert difference[~hole].max() < 32 and difference[~hole].mean() < 1  # JPEG


def test_nothing_lies_in_the_folder_that_no_example_needs():
    assert EXAMPLES[0].name == "1_scratches" and 6 <= len(EXAMPLES) <= 8
    needed = {"LICENSES.md", "examples.json"}
    for example in EXAMPLES:
        assert (example.original is not None) == example.known
        needed |= {example.photo.name, example.mask_image.name}
        needed |= {example.original.name} if example.original else set()
    assert {path.name for path in FOLDER.iterdir()} == needed
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1e6


def test_examples_are_what_their_script_writes(tmp_path):
    runpy.run_path(str(ROOT / "docs" / "make_examples.py"))["main"](tmp_path)
    shutil.copy(FOLDER / "examples.json", tmp_path)
    for example, again in zip(EXAMPLES, listed(tmp_path), strict=True):
        # JPEG decoders and font renderers differ a little between releases.
        assert np.abs(levels(example.photo) - levels(again.photo)).max() < 16
        assert (levels(example.mask_image) != levels(again.mask_image)).mean() < 0.01
        if example.original:
            assert np.abs(levels(example.original) - levels(again.original)).max() < 16
