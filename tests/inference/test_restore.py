"""From the network's picture back to the given one's kind: grey, opacity, feather, colour space."""

import numpy as np
import pytest
from PIL import Image

from inpainting import InpaintingPipeline
from inpainting.evaluation.fill_report import fill_report, measure
from inpainting.inference.pipeline import STRATEGIES
from inpainting.inference.restore import erased_parts, hidden_in
from tests.masks.boxes import box_mask

SIZE = 60, 48
MASK = box_mask(SIZE, (20, 16, 40, 32))
HOLE = np.asarray(MASK) > 0


@pytest.fixture
def pipe(tiny_model) -> InpaintingPipeline:
    return InpaintingPipeline(tiny_model, device="cpu")


def erased(picture: Image.Image, soft: bool = False) -> Image.Image:
    """The picture with the hole's place rubbed out; its hidden colour is pure green."""
    picture = picture.convert("RGBA")
    picture.paste((0, 255, 0, 0), (22, 18, 38, 30))
    if soft:
        alpha = np.asarray(picture.getchannel("A")).copy()
        alpha[16:18, 20:40], alpha[18:32, 38:40] = 99, 7
        picture.putalpha(Image.fromarray(alpha))
    return picture


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("feather", [0, 6])
@pytest.mark.parametrize("soft", [False, True])
def test_an_erased_hole_becomes_opaque_whole(pipe, noise, strategy, feather, soft):
    picture = erased(noise(*SIZE), soft)
    result = pipe.fill(picture, MASK, strategy, feather)
    before, after = np.asarray(picture), np.asarray(result.image)
    assert result.image.mode == "RGBA" and (after[HOLE, 3] == 255).all()
    assert np.array_equal(before[~HOLE], after[~HOLE])
    fill = np.asarray(pipe.fill(picture, MASK, strategy).image)
    hidden = before[..., 3] == 0
    assert np.array_equal(after[hidden], fill[hidden])  # nothing hidden fades in


def test_only_the_part_that_was_erased_becomes_opaque(pipe, noise):
    picture = erased(noise(*SIZE))
    alpha = np.asarray(picture.getchannel("A")).copy()
    alpha[:8] = 120  # translucent all over
    picture.putalpha(Image.fromarray(alpha))
    mask_image = MASK.copy()
    mask_image.paste(255, (2, 2, 9, 6))
    filled = np.asarray(pipe.fill(picture, mask_image).image)
    assert (filled[2:6, 2:9, 3] == 120).all() and (filled[HOLE, 3] == 255).all()


def test_parts_are_what_touches_even_at_a_corner():
    hole = np.zeros((5, 9), bool)
    hole[0, 0] = hole[1, 1] = hole[1, 2] = hole[4, 8] = True
    picture = Image.new("LA", (9, 5), (0, 255))
    assert hidden_in(picture, hole) is None
    picture.putpixel((0, 0), (0, 0))
    erased = erased_parts(hidden_in(picture, hole), hole)
    assert np.argwhere(erased).tolist() == [[0, 0], [1, 1], [1, 2]]
    picture.putpixel((5, 0), (0, 0))  # no hole
    assert erased_parts(hidden_in(picture, hole), hole).sum() == 3


def test_what_was_invisible_has_no_scores(pipe, noise):
    result = pipe.fill(erased(noise(*SIZE)), box_mask(SIZE, (24, 20, 30, 26)))
    assert measure(result).scores is None and fill_report(result)["scores"] is None
    assert measure(result).untouched
    partly = measure(pipe.fill(erased(noise(*SIZE)), MASK)).scores
    assert partly is not None and np.isfinite(partly.hole_psnr)


@pytest.mark.parametrize("mode", ["L", "LA"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_grey_stays_grey(pipe, noise, mode, strategy):
    picture = noise(*SIZE).convert(mode)
    picture.info["icc_profile"] = b"junk"
    result = pipe.fill(picture, MASK, strategy, 3)
    assert result.image.mode == result.original.mode == mode and not result.image.info
    same = np.asarray(picture) == np.asarray(result.image)
    assert same[~HOLE].all() and not same[HOLE].all()
    assert result.original.tobytes() == picture.tobytes()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_fill_of_a_grey_photo_in_colour_is_grey(pipe, noise, strategy):
    picture = noise(*SIZE).convert("L").convert("RGB")
    picture.paste((255, 0, 0), (25, 20, 30, 25))  # only what is painted over is red
    filled = np.asarray(pipe.fill(picture, MASK, strategy).image)
    assert filled.shape[2] == 3 and (filled == filled[..., :1]).all()
    picture.putpixel((2, 2), (9, 8, 9))
    assert not (lambda x: x == x[..., :1])(np.asarray(pipe.fill(picture, MASK).image)).all()


def test_notes_say_how_both_were_read(pipe, noise):
    cut = noise(*SIZE).convert("RGBA")
    cut.putalpha(MASK.point(lambda level: 255 - level))
    result = pipe.fill(np.zeros((48, 60), np.uint16), cut)
    assert [note[:12] for note in result.notes] == ["The mask was"]
    result = pipe.fill(cut, cut)  # as image-edit interfaces take it
    assert np.array_equal(result.hole, HOLE) and result.notes
