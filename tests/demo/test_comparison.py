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
from tests.io.profiles import rgb_profile

pytestmark = pytest.mark.usefixtures("tiny_pipeline")


def fill(image, mask_image):
    return service.fill(image, hole_from_mask_image(mask_image, image.size), mode="auto").result


def darker(result):
    """A function that gives another fill."""
    image = Image.eval(result.image, lambda level: level // 2)
    return lambda: result._replace(image=image, mode="faithful")


def steps_of(result, known=False, other=None):
    return list(comparison.comparison(result, known, other or darker(result)))


def test_the_window_is_around_the_hole(noise):
    image, mask_image = noise(200, 160).convert("RGBA"), box_mask((200, 160), (90, 40, 99, 60))
    result = fill(image, mask_image)
    window = Window.around_hole(result)
    assert [x.mode for x in window] == ["RGB", "L", "RGB"]
    box = left, top, right, bottom = 26, 0, 162, 123  # 64 pixels around it, inside the picture
    assert window.original == image.crop(box).convert("RGB")
    assert window.result == result.image.crop(box).convert("RGB")
    assert np.array_equal(window.hole, result.hole[top:bottom, left:right])


@pytest.mark.parametrize("known", [True, False])
def test_the_original_comes_first_and_says_whether_it_is_known(noise, known):
    image, mask_image = noise(200, 160), box_mask((200, 160), (90, 40, 99, 60))
    for step in steps_of(fill(image, mask_image), known):
        picture, words = step[0]
        assert words == ("Original" if known else "The photo as it was given")
        assert picture == image.crop((26, 0, 162, 123))


def test_the_comparison_is_with_real_fills_and_their_numbers(noise):
    image, mask_image = noise(200, 160), box_mask((200, 160), (50, 40, 90, 60))
    result = fill(image, mask_image)
    steps = steps_of(result)
    assert [len(step) for step in steps] == [2, 3, 4, 5, 6, 7]
    captions = [caption for _, caption in steps[-1][1:]]
    expected = score(np.array(image), np.array(result.image), result.hole)
    # The window is a part of the picture: SSIM at its border may look at other pixels.
    words = f"This network, natural fill: {expected.hole_psnr:.1f} dB, SSIM "
    assert captions[0].startswith(words)
    assert captions[1].startswith("This network, faithful fill: ")
    titles = [CLASSICAL[name].title for name in COMPARED]
    assert [caption.split(":")[0] for caption in captions[2:]] == titles
    assert len({np.array(picture).tobytes() for picture, _ in steps[-1]}) == 7


def test_the_fills_are_scored_against_the_original_that_is_given(noise):
    image, mask_image = noise(200, 160), box_mask((200, 160), (50, 40, 90, 60))
    result, before = fill(image, mask_image), noise(200, 160)
    given = steps_of(result._replace(original=before))[0]
    expected = score(np.array(before), np.array(result.image), result.hole)
    assert f" {expected.hole_psnr:.1f} dB" in given[1][1]


def test_steps_that_were_shown_stay_as_they_are(noise):
    result = fill(noise(60, 40), box_mask((60, 40), (10, 10, 20, 20)))
    steps, lengths = [], []
    for step in comparison.comparison(result, False, darker(result)):
        steps.append(step)
        lengths.append(len(step))
    assert [len(step) for step in steps] == lengths


def test_modes_that_are_alike_are_shown_once_and_said(noise):
    result = fill(noise(60, 40), box_mask((60, 40), (10, 10, 20, 20)))
    first, second, *_ = steps_of(result, other=lambda: result._replace(mode="faithful"))
    assert len(first) == len(second) == 2 and first[1][0] == second[1][0]
    words = "This network, natural and faithful fill, which are alike here: "
    assert second[1][1].startswith(words)


def test_other_networks_stand_between_this_one_and_the_classical_fills(noise):
    image, mask_image = noise(200, 160), box_mask((200, 160), (50, 40, 90, 60))
    result = fill(image, mask_image)
    far = result._replace(image=Image.eval(result.image, lambda level: level // 3))
    networks = {"far": lambda: service.ServedFill(far, 1.25, "CPU", "far")}
    steps = list(comparison.comparison(result, False, darker(result), networks=networks))
    assert [len(step) for step in steps] == [2, 3, 4, 5, 6, 7, 8]
    picture, caption = steps[-1][3]
    expected = score(np.array(image), np.array(far.image), result.hole)
    assert caption.startswith(f"Network far, natural fill: {expected.hole_psnr:.1f} dB, SSIM ")
    assert ", sharpness " in caption and caption.endswith(" · 1.25 s")
    assert picture == far.image.crop(comparison.around(result.hole))


def test_earlier_passes_are_shown_with_their_doubt(noise):
    image, mask_image = noise(200, 160), box_mask((200, 160), (50, 40, 90, 60))
    result = fill(image, mask_image)
    early = result._replace(
        image=Image.eval(result.image, lambda level: level // 3),
        expected_error=mask_image.point(lambda level: 12 if level else 0),
    )
    passes = {"1": lambda: service.ServedFill(early, 0.5, "CPU")}
    steps = list(comparison.comparison(result, False, darker(result), passes))
    (picture, words), (chart, doubt) = steps[2][3:5]
    assert words.startswith("This network after pass 1: ") and "dB" in words
    assert picture == early.image.crop(comparison.around(result.hole))
    assert doubt == "What it doubts after pass 1: 12.0 levels of error expected on average"
    assert chart.size == picture.size
    blind = early._replace(expected_error=None)
    passes = {"1": lambda: service.ServedFill(blind, 0.5, "CPU")}
    steps = list(comparison.comparison(result, False, darker(result), passes))
    assert len(steps[2]) == 4


def test_an_equal_fill_is_infinitely_close(noise):
    image, mask_image = noise(60, 40), box_mask((60, 40), (10, 10, 20, 20))
    result = fill(image, mask_image)._replace(image=image)
    assert "natural fill: ∞ dB, SSIM 1.000" in steps_of(result)[0][1][1]


def test_what_is_compared_is_in_the_photo_s_colour_space(noise):
    image = noise(60, 40)
    image.info["icc_profile"] = rgb_profile()
    result = fill(image, box_mask((60, 40), (10, 10, 20, 20)))
    assert result.image.info["icc_profile"] == rgb_profile()
    for picture, _ in steps_of(result)[-1]:
        assert picture.info["icc_profile"] == rgb_profile()


def test_a_biharmonic_fill_that_would_take_minutes_is_left_out(noise, monkeypatch):
    monkeypatch.setattr(comparison, "MOST_BIHARMONIC", 10)
    result = fill(noise(60, 40), box_mask((60, 40), (10, 10, 20, 20)))
    picture, caption = steps_of(result)[-1][3 + COMPARED.index("biharmonic")]
    assert caption.startswith("Biharmonic: left out, 100 unknowns")
    assert (np.array(picture)[Window.around_hole(result).hole] == 128).all()  # nothing was filled


@pytest.mark.parametrize("limit", ["MOST_PATCHMATCH", "MOST_SEARCHED"])
def test_a_search_for_patches_that_would_take_long_is_left_out(limit, noise, monkeypatch):
    monkeypatch.setattr(comparison, limit, 10)
    result = fill(noise(60, 40), box_mask((60, 40), (10, 10, 20, 20)))
    picture, caption = steps_of(result)[-1][-1]
    assert caption == "PatchMatch: left out, 100 unknowns in 2,400 pixels take many seconds"
    assert (np.array(picture)[Window.around_hole(result).hole] == 128).all()
