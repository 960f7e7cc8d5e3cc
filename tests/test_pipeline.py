"""The three lines that users write."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting import InpaintingError, InpaintingPipeline
from inpainting.errors import EmptyHole, NothingKnown, SizeMismatch
from inpainting.pipeline import LONGEST_SIDE


@pytest.fixture
def pipe(tiny_model) -> InpaintingPipeline:
    return InpaintingPipeline(tiny_model, device="cpu")


def box_mask(width: int, height: int) -> Image.Image:
    """White in the middle half (at least one pixel, never all)."""
    mask_image = Image.new("L", (width, height))
    x, y = width // 4, height // 4
    mask_image.paste(255, (x, y, x + max(1, width // 2), y + max(1, height // 2)))
    return mask_image


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


def test_thin_hole_survives_shrinking(pipe, noise):
    """A one-pixel line across a picture that is shrunk must not be seen as known."""
    size = (LONGEST_SIDE * 3, 64)
    picture, mask_image = noise(*size), Image.new("L", size)
    mask_image.paste(255, (0, 30, size[0], 31))
    vandalised = picture.copy()
    vandalised.paste((255, 0, 255), (0, 30, size[0], 31))
    assert np.array_equal(
        np.asarray(pipe(picture, mask_image)), np.asarray(pipe(vandalised, mask_image))
    )


def test_from_pretrained_gives_the_same_fill(pipe, tiny_checkpoint, noise):
    picture, mask_image = noise(32, 32), box_mask(32, 32)
    loaded = InpaintingPipeline.from_pretrained(tiny_checkpoint, device="cpu")
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


def test_bundled_checkpoint_fills_better_than_it_found():
    """A smooth picture with a black line: the fill must be close to what was there."""
    y, x = np.mgrid[0:256, 0:256]
    picture = np.stack([x, y, 255 - x], -1).astype(np.uint8)
    mask_image = np.zeros((256, 256), np.uint8)
    mask_image[120:128, 20:230] = 255
    result = np.asarray(InpaintingPipeline.from_pretrained(device="cpu")(picture, mask_image))
    assert np.abs(result.astype(int) - picture)[mask_image > 0].mean() < 4


def test_bundled_checkpoint_is_small_and_has_its_card():
    from inpainting.checkpoint import BUNDLED

    assert (BUNDLED / "model.safetensors").stat().st_size <= 16_000_000
    card = (BUNDLED / "README.md").read_text()
    assert "cc-by-nc-sa-4.0" in card and "white = repaint" in card


def test_runs_without_gradients(pipe, noise):
    pipe(noise(8, 8), box_mask(8, 8))
    assert all(p.grad is None for p in pipe.model.parameters())
    assert torch.is_grad_enabled()
