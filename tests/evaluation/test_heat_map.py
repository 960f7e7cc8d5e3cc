"""Differences as colours on one fixed scale."""

import numpy as np
import pytest
from PIL import Image

from inpainting.errors import InvalidImage
from inpainting.evaluation.heat_map import difference_heat_map
from tests.evaluation.colours import flat, inferno


@pytest.mark.parametrize(
    ("difference", "level"), [(0, 0.0), (32, 0.5), (64, 1.0), (65, 1.0), (255, 1.0)]
)
def test_heat_map_has_one_fixed_scale(difference, level):
    heat = difference_heat_map(flat(0), flat(difference))
    assert (heat.mode, heat.size) == ("RGB", (30, 20))
    assert heat.getcolors() == [(600, inferno(level))]


def test_heat_map_takes_arrays_and_images_in_any_order():
    a = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    expected = difference_heat_map(Image.fromarray(a), flat(128)).tobytes()
    assert difference_heat_map(a, np.asarray(flat(128))).tobytes() == expected
    assert difference_heat_map(flat(128), a).tobytes() == expected


def test_heat_map_averages_channels():
    red = Image.new("RGB", (2, 2), (96, 0, 0))
    assert difference_heat_map(flat(0, (2, 2)), red).getpixel((0, 0)) == inferno(0.5)


def test_heat_map_refuses_two_sizes():
    with pytest.raises(InvalidImage, match="30×20 .* 20×20"):
        difference_heat_map(flat(0), flat(0, (20, 20)))
