"""The three lines that users write."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting import InpaintingError, InpaintingPipeline, PConvUNet
from inpainting.errors import EmptyHole, InvalidConfig, NothingKnown, SizeMismatch
from inpainting.inference.attempt import LONGEST_SIDE
from inpainting.inference.pipeline import STRATEGIES
from inpainting.inference.tiles import LARGEST
from inpainting.io.tensors import to_tensor
from inpainting.masks.convert import batch_of, valid_from_hole
from tests.inference.boxes import box_mask
from tests.models.networks import PAPER

PRECISIONS = [torch.float32, torch.bfloat16]
both_precisions = pytest.mark.parametrize("pipe", PRECISIONS, indirect=True, ids=str)


@pytest.fixture
def pipe(tiny_model, request) -> InpaintingPipeline:
    """In float32, or in the precision that the test is parametrised with."""
    dtype = getattr(request, "param", torch.float32)
    return InpaintingPipeline(tiny_model, device="cpu", dtype=dtype)


@both_precisions
@pytest.mark.parametrize(
    "size", [(2, 1), (1, 3), (5, 7), (33, 65), (255, 257), (513, 100), (1031, 769)]
)
def test_pixels_outside_the_hole_are_byte_identical(pipe, noise, size):
    picture, mask_image = noise(*size), box_mask(*size)
    result = pipe(picture, mask_image)
    assert result.mode == "RGB" and result.size == size
    keep = np.asarray(mask_image) < 128
    assert np.array_equal(np.asarray(result)[keep], np.asarray(picture)[keep])
    assert not np.array_equal(np.asarray(result)[~keep], np.asarray(picture)[~keep])


def test_one_pixel_is_either_kept_or_unfillable(pipe):
    picture = Image.new("RGB", (1, 1), "red")
    with pytest.raises(EmptyHole):
        pipe(picture, Image.new("L", (1, 1), 0))
    with pytest.raises(NothingKnown):
        pipe(picture, Image.new("L", (1, 1), 255))


@both_precisions
@pytest.mark.parametrize("size", [(40, 30), (LONGEST_SIDE * 2, 90)])
def test_hole_content_changes_nothing(pipe, noise, size):
    picture, mask_image = noise(*size), box_mask(*size)
    vandalised = Image.composite(noise(*size), picture, mask_image)
    assert np.array_equal(
        np.asarray(pipe(picture, mask_image)), np.asarray(pipe(vandalised, mask_image))
    )


def test_all_sources_give_the_same_result(pipe, noise, tmp_path):
    picture, mask_image = noise(30, 20), box_mask(30, 20)
    picture.save(tmp_path / "p.png")
    mask_image.save(tmp_path / "m.png")
    expected = np.asarray(pipe(picture, mask_image))
    sources = [
        (str(tmp_path / "p.png"), tmp_path / "m.png"),
        ((tmp_path / "p.png").read_bytes(), np.asarray(mask_image)),
        (np.asarray(picture), np.asarray(mask_image) > 0),
        (np.asarray(picture) / 255, mask_image.convert("RGB")),
    ]
    for image, mask in sources:
        assert np.array_equal(np.asarray(pipe(image, mask)), expected)


@both_precisions
def test_alpha_is_kept_and_hidden_colours_do_not_leak(pipe, noise):
    picture = noise(40, 40).convert("RGBA")
    alpha = Image.new("L", (40, 40), 255)
    alpha.paste(0, (0, 0, 40, 8))
    picture.putalpha(alpha)
    other = picture.copy()
    other.paste((9, 200, 9, 0), (0, 0, 40, 8))
    mask_image = box_mask(40, 40)
    a, b = pipe(picture, mask_image), pipe(other, mask_image)
    assert a.mode == "RGBA" and np.array_equal(np.asarray(a)[..., 3], np.asarray(alpha))
    hole = np.asarray(mask_image) >= 128
    assert np.array_equal(np.asarray(a)[hole], np.asarray(b)[hole])
    keep = ~hole
    assert np.array_equal(np.asarray(a)[keep], np.asarray(picture)[keep])


def test_no_opaque_pixel_outside_the_hole_is_refused(pipe):
    picture = Image.new("RGBA", (8, 8), (1, 2, 3, 0))
    with pytest.raises(NothingKnown):
        pipe(picture, box_mask(8, 8))


def test_exif_rotated_photo_meets_its_upright_mask(pipe, noise):
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    noise(30, 20).save(stream, "PNG", exif=exif)
    assert pipe(stream.getvalue(), box_mask(20, 30)).size == (20, 30)
    with pytest.raises(SizeMismatch):
        pipe(stream.getvalue(), box_mask(30, 20))


def test_16_bit_ramp_does_not_turn_white(pipe):
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    result = np.asarray(pipe(ramp, box_mask(64, 64)))
    assert abs(result.astype(float).mean() - 127.5) < 20


@both_precisions
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_keeps_what_is_known_and_ignores_what_is_not(pipe, noise, strategy):
    """Among it a one-pixel line across a picture that is shrunk."""
    size = (LONGEST_SIDE * 3, 64)
    picture, mask_image = noise(*size), Image.new("L", size)
    mask_image.paste(255, (0, 30, size[0], 31))
    vandalised = picture.copy()
    vandalised.paste((255, 0, 255), (0, 30, size[0], 31))
    a = pipe.fill(picture, mask_image, strategy)
    b = pipe.fill(vandalised, mask_image, strategy)
    assert np.array_equal(np.asarray(a.image), np.asarray(b.image))
    keep = np.asarray(mask_image) == 0
    assert np.array_equal(np.asarray(a.image)[keep], np.asarray(picture)[keep])
    assert a.passes == b.passes


def test_unknown_strategy_is_refused(pipe, noise):
    with pytest.raises(InvalidConfig, match="'fast'.*crop"):
        pipe.fill(noise(4, 4), box_mask(4, 4), "fast")


def test_specks_run_as_one_batch(pipe, noise):
    picture, mask_image = noise(900, 700), Image.new("L", (900, 700))
    for left in range(100, 900, 160):  # in step with tiles.CELL: boxes are the same alone
        mask_image.paste(255, (left, 300, left + 5, 305))
    filled = pipe.fill(picture, mask_image)
    (only,) = filled.passes
    assert len(only.boxes) == 5 and only.size[0] * only.size[1] * 5 <= LARGEST**2
    for box in only.boxes:  # as if each had been alone
        alone = Image.new("L", picture.size)
        alone.paste(mask_image.crop(box), box[:2])
        one = np.asarray(pipe(picture, alone).crop(box)).astype(int)
        assert np.abs(np.asarray(filled.image.crop(box)) - one).max() <= 1


def test_work_depends_on_the_hole_and_not_on_the_picture(pipe, noise):
    passes = set()
    for side in (300, 600, 1200):
        mask_image = Image.new("L", (side, side))
        mask_image.paste(255, (100, 100, 140, 150))
        passes.add(pipe.fill(noise(side, side), mask_image).passes)
    assert len(passes) == 1


def test_what_was_run_is_told_in_pixels_of_the_picture(pipe, noise):
    mask_image = Image.new("L", (700, 601))
    mask_image.paste(255, (200, 150, 460, 430))
    passes = pipe.fill(noise(700, 601), mask_image).passes
    assert [run.scale for run in passes] == sorted((run.scale for run in passes), reverse=True)
    assert {run.scale for run in passes} == {1, 2, 4, 8}
    for run in passes:
        for left, top, right, bottom in run.boxes:
            assert 0 <= left < right <= 700 and 0 <= top < bottom <= 601
            assert abs((right - left) - run.scale * run.size[1]) <= run.scale
            assert left < 460 and right > 200 and top < 430 and bottom > 150


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_feather_fades_inside_the_hole_only(pipe, noise, mode):
    picture, mask_image = noise(120, 90).convert(mode), box_mask(120, 90)
    hard = np.asarray(pipe(picture, mask_image)).astype(float)
    soft = np.asarray(pipe.fill(picture, mask_image, feather=8).image)
    original, hole = np.asarray(picture), np.asarray(mask_image) > 0
    assert soft.shape == original.shape and np.array_equal(soft[~hole], original[~hole])
    left, top, right, bottom = mask_image.getbbox()
    assert np.array_equal(soft[top + 8 : bottom - 8, left + 8 : right - 8],
                          hard[top + 8 : bottom - 8, left + 8 : right - 8])  # fmt: skip
    edge = (slice(top + 20, bottom - 20), left)
    expected = original[edge] + (hard[edge] - original[edge]) / 9
    assert np.abs(soft[edge] - expected).max() <= 1.5
    endless = np.asarray(pipe.fill(picture, mask_image, feather=10**18).image).astype(float)
    assert np.abs(endless - original).max() <= np.abs(hard - original).max()
    for wrong in (-1, 2.5, "soft", None):
        with pytest.raises(InvalidConfig, match=f"feather is {wrong!r}: give a number of pixels"):
            pipe.fill(picture, mask_image, feather=wrong)


# Of 255, and relative: what is left after rounding to a grey level, and bfloat16's own rounding.
TOLERANCE = {torch.float32: (0.51, 0), torch.bfloat16: (1, 0.05)}


@both_precisions
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_expected_error_is_the_networks_own_and_inside_the_hole(pipe, noise, strategy):
    picture, mask_image = noise(64, 48), box_mask(64, 48)
    error = np.asarray(pipe.fill(picture, mask_image, strategy).expected_error)
    hole = np.asarray(mask_image) > 0
    with torch.inference_mode():
        valid = valid_from_hole(batch_of(hole))
        scale = pipe.predictor.model(to_tensor(picture), valid).scale[0, 0]
        expected = (255 * scale).clamp(max=255).numpy()
    assert not error[~hole].any() and error[hole].max() > 10
    absolute, relative = TOLERANCE[pipe.predictor.dtype]
    difference = np.abs(error[hole] - expected[hole])
    assert (difference <= absolute + relative * expected[hole]).all()


@both_precisions
def test_the_expected_error_covers_what_came_from_every_scale(pipe, noise):
    mask_image = Image.new("L", (301, 301))
    mask_image.paste(255, (70, 70, 231, 231))
    filled = pipe.fill(noise(301, 301), mask_image)
    assert len({run.scale for run in filled.passes}) > 1
    assert np.array_equal(np.asarray(filled.expected_error) > 0, np.asarray(mask_image) > 0)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_error_is_expected_of_transparent_pixels_far_from_the_hole(pipe, noise, strategy):
    picture, mask_image = noise(300, 40).convert("RGBA"), Image.new("L", (300, 40))
    mask_image.paste(255, (10, 10, 30, 30))
    picture.paste((0, 0, 0, 0), (250, 10, 280, 30))
    error = np.asarray(pipe.fill(picture, mask_image, strategy).expected_error)
    assert np.array_equal(error > 0, np.asarray(mask_image) > 0)


def test_a_network_that_predicts_no_error_gives_none(noise):
    pipe = InpaintingPipeline(PConvUNet(PAPER), "cpu")
    assert pipe.fill(noise(20, 20), box_mask(20, 20)).expected_error is None


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_result_holds_what_it_was_made_from(pipe, noise, mode, strategy):
    picture, mask_image = noise(60, 50).convert(mode), box_mask(60, 50)
    result = pipe.fill(picture, mask_image, strategy, feather=2)
    assert result.original == picture and result.image.mode == mode
    assert np.array_equal(result.hole, np.asarray(mask_image) > 0)
    assert result.expected_error.mode == "L" and result.expected_error.size == picture.size
    decoded = pipe.fill_hole(result.original, result.hole, strategy, feather=2)
    assert decoded.image == result.image and decoded.passes == result.passes
    assert pipe(picture, mask_image) == pipe.fill(picture, mask_image).image


def test_every_pass_is_told_before_it_runs_and_may_end_the_call(pipe, noise):
    told = []
    picture, mask_image = noise(301, 301), box_mask(301, 301)
    filled = pipe.fill(picture, mask_image, on_pass=told.append, mode="faithful")
    assert tuple(told) == filled.passes

    def stop(run):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipe.fill(noise(30, 30), box_mask(30, 30), on_pass=stop)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("feather", [0, 3])
def test_what_the_caller_gave_stays_as_it_was(pipe, noise, mode, feather):
    picture, mask_image = noise(60, 50).convert(mode), box_mask(60, 50)
    given = picture.copy(), mask_image.copy(), np.array(picture), np.array(mask_image)
    pipe.fill(picture, mask_image, feather=feather)
    pipe.fill(given[2], given[3], feather=feather)
    assert picture == given[0] and mask_image == given[1]
    assert np.array_equal(given[2], picture) and np.array_equal(given[3], mask_image)


def test_bfloat16_fills_alike(tiny_model, noise):
    picture, mask_image = noise(100, 80), box_mask(100, 80)
    exact, rounded = (
        np.asarray(InpaintingPipeline(tiny_model, "cpu", dtype)(picture, mask_image)).astype(int)
        for dtype in (torch.float32, torch.bfloat16)
    )
    assert 0 < np.abs(exact - rounded).max() and np.abs(exact - rounded).mean() < 0.5


def test_from_pretrained_gives_the_same_fill(pipe, tiny_checkpoint, noise):
    picture, mask_image = noise(32, 32), box_mask(32, 32)
    loaded = InpaintingPipeline.from_pretrained(tiny_checkpoint, device="cpu", dtype=torch.float32)
    a, b = (np.asarray(p(picture, mask_image)).astype(int) for p in (pipe, loaded))
    assert np.abs(a - b).max() <= 1  # stored in half precision


def test_errors_have_one_root(pipe, noise):
    for image, mask in [
        (b"junk", box_mask(4, 4)),
        (noise(4, 4), b"junk"),
        (noise(4, 4), noise(5, 5)),
    ]:
        with pytest.raises(InpaintingError) as caught:
            pipe(image, mask)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_bundled_checkpoint_fills_better_than_it_found(dtype):
    """A smooth picture with a black line: the fill must be close to what was there."""
    y, x = np.mgrid[0:256, 0:256]
    picture = np.stack([x, y, 255 - x], -1).astype(np.uint8)
    mask_image = np.zeros((256, 256), np.uint8)
    mask_image[120:128, 20:230] = 255
    pipe = InpaintingPipeline.from_pretrained(device="cpu", dtype=dtype)
    result = np.asarray(pipe(picture, mask_image))
    assert np.abs(result.astype(int) - picture)[mask_image > 0].mean() < 4
