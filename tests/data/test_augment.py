"""Cuts, flips, turns and zooms: what they may and may not show of a picture."""

import numpy as np
import pytest
from PIL import Image

from inpainting.data.augment import plain_view, turned_view
from inpainting.seeding import generator_for


def test_a_plain_view_of_a_fitting_picture_is_not_resampled(noise):
    picture = noise(96, 64)
    pixels = np.asarray(picture)
    for i in range(6):
        view = np.asarray(plain_view(picture, 64, (8, 4, 32), generator_for(0, i)))
        places = [pixels[4:36, x + 8 : x + 40] for x in range(33)]
        mirrored = [pixels[4:36, ::-1][:, x + 8 : x + 40] for x in range(33)]
        assert any(np.array_equal(view, place) for place in places + mirrored)


@pytest.mark.parametrize("size", [(300, 92), (40, 40), (500, 700)])
@pytest.mark.parametrize("view", [plain_view, turned_view])
def test_views_stay_inside_the_picture(size, view):
    """No empty corner: a white picture stays white however it is turned and cut."""
    white = Image.new("RGB", size, "white")
    for i in range(20):
        picture = view(white, 64, (0, 0, 64), generator_for(0, i))
        assert picture.size == (64, 64) and np.asarray(picture).min() == 255


@pytest.mark.parametrize("view", [plain_view, turned_view])
def test_window_of_a_view_is_a_part_of_the_whole(noise, view):
    picture = noise(50, 70).resize((200, 280), Image.Resampling.BICUBIC)
    for i in range(6):
        whole = np.asarray(view(picture, 64, (0, 0, 64), generator_for(0, i))).astype(int)
        part = np.asarray(view(picture, 64, (20, 8, 32), generator_for(0, i))).astype(int)
        assert np.abs(whole[8:40, 20:52] - part).max() <= 1
