"""A hole's surroundings, filled by the classical methods beside the network."""

import numpy as np
import pytest
from PIL import Image

from inpainting.classical.registry import CLASSICAL
from inpainting.demo import comparison, service
from inpainting.demo.comparison import COMPARED, Window
from inpainting.evaluation.metrics import score
from inpainting.masks.convert import hole_from_mask_image
from tests.demo.visitor import box_mask

pytestmark = pytest.mark.usefixtures("tiny_pipeline")


def fill(image, mask_image):
    return service.fill(image, hole_from_mask_image(mask_image, image.size)).result


def darker(window):
    """A function that gives another fill."""
    return lambda: (Image.eval(window.result, lambda level: level // 2), "darker fill")


def last_step(window):
    return list(comparison.comparison(window, "natural fill", darker(window)))[-1]


def test_the_window_travels_as_files_without_loss(noise):
    image, mask_image = noise(200, 160).convert("RGBA"), box_mask((200, 160), (90, 40, 99, 60))
    result = fill(image, mask_image)
    window = Window.around_hole(result)
    again = Window.from_files(window.to_files())
    assert [x.mode for x in window] == ["RGB", "L", "RGB"] and again == window
    box = left, top, right, bottom = 26, 0, 162, 123  # 64 pixels around it, inside the picture
    assert window.original == image.crop(box).convert("RGB")
    assert window.result == result.image.crop(box).convert("RGB")
    assert np.array_equal(window.hole, result.hole[top:bottom, left:right])


def test_the_comparison_is_with_real_fills_and_their_numbers(noise):
    image, mask_image = noise(200, 160), box_mask((200, 160), (50, 40, 90, 60))
    result = fill(image, mask_image)
    window = Window.around_hole(result)
    steps = list(comparison.comparison(window, "natural fill", darker(window)))
    assert [len(step) for step in steps] == [1, 2, 3, 4, 5, 6]
    captions = [caption for _, caption in steps[-1]]
    expected = score(np.array(image), np.array(result.image), result.hole)
    # The window is a part of the picture: SSIM at its border may look at other pixels.
    words = f"This network, natural fill: {expected.hole_psnr:.1f} dB, SSIM "
    assert captions[0].startswith(words)
    assert captions[1].startswith("This network, darker fill: ")
    titles = [CLASSICAL[name].title for name in COMPARED]
    assert [caption.split(":")[0] for caption in captions[2:]] == titles
    assert len({np.array(picture).tobytes() for picture, _ in steps[-1]}) == 6


def test_modes_that_are_alike_are_shown_once_and_said(noise):
    window = Window.around_hole(fill(noise(60, 40), box_mask((60, 40), (10, 10, 20, 20))))
    alike = comparison.comparison(window, "natural fill", lambda: (window.result, "faithful fill"))
    first, second, *_ = alike
    assert len(first) == len(second) == 1 and first[0][0] == second[0][0]
    words = "This network, natural and faithful fill, which are alike here: "
    assert second[0][1].startswith(words)


def test_a_biharmonic_fill_that_would_take_minutes_is_left_out(noise, monkeypatch):
    monkeypatch.setattr(comparison, "MOST_BIHARMONIC", 10)
    window = Window.around_hole(fill(noise(60, 40), box_mask((60, 40), (10, 10, 20, 20))))
    picture, caption = last_step(window)[2 + COMPARED.index("biharmonic")]
    assert caption.startswith("Biharmonic: left out, 100 unknowns")
    assert (np.array(picture)[window.hole] == 128).all()  # grey, as nothing was filled


@pytest.mark.parametrize("limit", ["MOST_PATCHMATCH", "MOST_SEARCHED"])
def test_a_search_for_patches_that_would_take_long_is_left_out(limit, noise, monkeypatch):
    monkeypatch.setattr(comparison, limit, 10)
    window = Window.around_hole(fill(noise(60, 40), box_mask((60, 40), (10, 10, 20, 20))))
    picture, caption = last_step(window)[-1]
    assert caption == "PatchMatch: left out, 100 unknowns in 2,400 pixels take many seconds"
    assert (np.array(picture)[window.hole] == 128).all()
