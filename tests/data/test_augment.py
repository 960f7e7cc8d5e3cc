"""Cuts, flips, turns and zooms: what they may and may not show of a picture."""

import numpy as np
import pytest
from PIL import Image

from inpainting.data.augment import at_size, plain_view, turned_view
from inpainting.evaluation.protocol import prepare
from inpainting.seeding import generator_for


@pytest.mark.parametrize(
    "size, expected", [((300, 92), (209, 64)), ((40, 40), (64, 64)), ((65, 700), (64, 689))]
)
def test_the_short_side_is_the_size(noise, size, expected):
    picture = at_size(noise(*size), 64)
    assert picture.shape == (*expected[::-1], 3) and picture.dtype == np.uint8


def test_pictures_are_resized_as_the_evaluation_does(noise):
    picture = noise(150, 150)
    assert np.array_equal(at_size(picture, 64), prepare(picture, 64))


def test_a_plain_view_is_a_part_of_the_picture_or_of_its_mirror_image(noise):
    pixels = np.asarray(noise(96, 64))
    for i in range(6):
        view = plain_view(pixels, 64, (8, 4, 32), generator_for(0, i))
        places = [pixels[4:36, x + 8 : x + 40] for x in range(33)]
        mirrored = [pixels[4:36, x : x + 64][:, ::-1][:, 8:40] for x in range(33)]
        assert sum(np.array_equal(view, place) for place in places + mirrored) == 1


@pytest.mark.parametrize("size", [(300, 92), (40, 40), (500, 700)])
@pytest.mark.parametrize("view", [plain_view, turned_view])
def test_views_stay_inside_the_picture(size, view):
    """No empty corner: a white picture stays white however it is turned and cut."""
    white = at_size(Image.new("RGB", size, "white"), 64)
    for i in range(20):
        picture = view(white, 64, (0, 0, 64), generator_for(0, i))
        assert picture.shape == (64, 64, 3) and picture.min() == 255


@pytest.mark.parametrize("view", [plain_view, turned_view])
def test_window_of_a_view_is_a_part_of_the_whole(noise, view):
    picture = at_size(noise(50, 70).resize((200, 280), Image.Resampling.BICUBIC), 64)
    for i in range(6):
        whole = view(picture, 64, (0, 0, 64), generator_for(0, i)).astype(int)
        part = view(picture, 64, (20, 8, 32), generator_for(0, i)).astype(int)
        assert np.abs(whole[8:40, 20:52] - part).max() <= 1


def test_a_turned_view_shows_where_it_looks():
    """Of a picture whose colours are coordinates every pixel says where it was taken from."""
    y, x = np.mgrid[0:96, 0:128]
    slopes = np.stack([2 * x, 2 * y, 0 * x], axis=-1).astype(np.uint8)
    for i in range(20):
        view = turned_view(slopes, 64, (0, 0, 64), generator_for(1, i)).astype(float) / 2
        across, down = (view[32, 48, :2] - view[32, 16, :2], view[48, 32, :2] - view[16, 32, :2])
        zoom = np.hypot(*across) / 32
        assert 0.8 < zoom <= 1.53  # 60 to 100 % of 96 px make 64, less for a turn's corners
        assert np.hypot(*down) / 32 == pytest.approx(zoom, abs=0.05)
        assert across @ down == pytest.approx(0, abs=0.06 * 32**2)  # nothing is sheared
        assert down[1] > 0 and abs(down[0]) <= np.tan(np.deg2rad(10)) * down[1] + 1
