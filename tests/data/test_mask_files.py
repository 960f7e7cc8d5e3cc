"""Training holes from a folder of mask files."""

import numpy as np
import pytest
from PIL import Image

from inpainting.data.mask_files import FileHoles, mask_files
from inpainting.errors import DataError, EmptyHole
from inpainting.masks.random import sample_lines
from inpainting.seeding import generator_for


def test_masks_from_files_are_turned_flipped_and_shared_with_drawn_ones(tmp_path):
    picture = Image.new("L", (32, 32))
    picture.paste(255, (0, 0, 8, 4))
    picture.save(tmp_path / "a.png")
    files = mask_files(tmp_path)
    drawn = 0
    seen = set()
    holes = FileHoles(files, 0.5, sample_lines)
    for i in range(60):
        hole = holes((64, 64), generator_for(0, i))
        assert hole.shape == (64, 64) and hole.dtype == bool
        box = np.argwhere(hole)
        if hole.sum() == 16 * 8 and np.prod(np.ptp(box, axis=0) + 1) == 16 * 8:
            seen.add(hole.tobytes())
        else:
            drawn += 1
    assert len(seen) == 8 and 15 < drawn < 45  # every turn and flip; about half of each
    turned = FileHoles(files, 1.0, sample_lines, invert=True)((64, 64), generator_for(0))
    assert turned.sum() == 64 * 64 - 16 * 8


def test_mask_files_that_cannot_serve_are_named(tmp_path):
    with pytest.raises(DataError, match="holds no PNG file"):
        mask_files(tmp_path)
    Image.new("L", (8, 8)).save(tmp_path / "black.png")
    with pytest.raises(EmptyHole, match="black.png"):
        FileHoles(mask_files(tmp_path), 1.0, sample_lines)((16, 16), generator_for(0))
