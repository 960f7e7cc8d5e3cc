"""Memory runs out at every level, and there is a fill all the same."""

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting import InpaintingPipeline
from inpainting.errors import OutOfMemory
from inpainting.inference.pipeline import SMALLER
from inpainting.inference.tiles import LARGEST, OVERLAP
from tests.inference.boxes import box_mask

SIZE = 700, 600
FULL = "CUDA out of memory. Tried to allocate 2.00 GiB."
BOX = {side: side + 2 * OVERLAP for side in (LARGEST, SMALLER)}  # with what two tiles share
MEAN_DIFFERENCE = 0.5  # of 255: at the edge of a tile the network sees other surroundings


@pytest.fixture
def pipe(tiny_model) -> InpaintingPipeline:
    return InpaintingPipeline(tiny_model, device="cpu", dtype=torch.float32)


@pytest.fixture
def releases(monkeypatch) -> list[None]:
    """An entry for each time that memory would have been released, which takes its time."""
    releases = []
    monkeypatch.setattr(
        "inpainting.inference.pipeline.release_memory", lambda: releases.append(None)
    )
    return releases


def limit(pipe: InpaintingPipeline, monkeypatch, pixels: float) -> list[int]:
    """Let the network fail above so many pixels; gives the pixels of every call."""
    forward, calls = pipe.predictor.model.forward, []

    def limited(image, valid, *more):
        calls.append(image.shape[0] * image.shape[2] * image.shape[3])
        if calls[-1] > pixels:
            raise torch.OutOfMemoryError(FULL)
        return forward(image, valid, *more)

    monkeypatch.setattr(pipe.predictor.model, "forward", limited)
    return calls


@pytest.mark.parametrize(
    ("strategy", "pixels", "largest"),
    [
        ("original", BOX[LARGEST] ** 2, BOX[LARGEST]),
        ("original", BOX[SMALLER] ** 2, BOX[SMALLER]),
        ("crop", BOX[SMALLER] ** 2, BOX[SMALLER]),
        ("resize", BOX[SMALLER] ** 2, BOX[SMALLER]),
    ],
)
def test_what_is_too_much_at_once_is_done_in_smaller_tiles(
    pipe, noise, monkeypatch, releases, strategy, pixels, largest
):
    picture, mask_image = noise(*SIZE), box_mask(*SIZE)
    calls = limit(pipe, monkeypatch, pixels)
    filled = pipe.fill(picture, mask_image, strategy)
    assert len(releases) == sum(call > pixels for call in calls) > 0, "once per failure"
    assert all(side <= largest for run in filled.passes for side in run.size)
    keep = np.asarray(mask_image) < 128
    assert np.array_equal(np.asarray(filled.image)[keep], np.asarray(picture)[keep])
    monkeypatch.undo()
    again = pipe.fill(picture, mask_image, strategy)  # the next request is as ever
    assert max(side for run in again.passes for side in run.size) > largest


@pytest.mark.usefixtures("releases")
@pytest.mark.parametrize(
    ("asked", "has_it", "dtype"),
    [(torch.float32, True, torch.bfloat16), (torch.bfloat16, False, torch.float32)],
)
def test_a_full_gpu_leaves_it_to_the_cpu(tiny_model, noise, monkeypatch, asked, has_it, dtype):
    """In the precision that is fast there, whatever it was on the GPU."""
    picture, mask_image = noise(90, 70), box_mask(90, 70)
    expected = InpaintingPipeline(tiny_model, "cpu", dtype).fill(picture, mask_image)
    pipe = InpaintingPipeline(tiny_model, "cpu", asked)
    to = torch.Tensor.to

    def full(tensor, device, *options, **named):
        if getattr(device, "type", None) == "cuda":
            raise torch.OutOfMemoryError(FULL)
        return to(tensor, device, *options, **named)

    monkeypatch.setattr(torch.Tensor, "to", full)
    monkeypatch.setattr("inpainting.inference.device.cpu_has_bfloat16", lambda: has_it)
    pipe.predictor.device = torch.device("cuda")
    filled = pipe.fill(picture, mask_image)
    assert np.array_equal(filled.image, expected.image) and filled.passes == expected.passes
    predictor = pipe.predictor
    assert (predictor.device.type, predictor.dtype) == ("cuda", asked), "the next tries again"


def test_when_nothing_helps_it_is_said(pipe, noise, monkeypatch):
    limit(pipe, monkeypatch, 0)
    with pytest.raises(OutOfMemory, match="not enough memory to fill a picture of 90×70 pixels"):
        pipe.fill(noise(90, 70), box_mask(90, 70))


def test_other_errors_are_not_swallowed(pipe, noise, monkeypatch, releases):
    def broken(image, valid, *more):
        raise RuntimeError("a bug")

    monkeypatch.setattr(pipe.predictor.model, "forward", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        pipe.fill(noise(90, 70), box_mask(90, 70))
    assert not releases


@pytest.mark.usefixtures("releases")
def test_smaller_tiles_of_the_bundled_network_differ_by_less_than_can_be_seen(monkeypatch):
    pipe = InpaintingPipeline.from_pretrained(device="cpu", dtype=torch.float32)
    rows, columns = np.mgrid[:300, :340] / 50
    waves = 127 + 60 * np.sin(rows + np.sin(columns)) + 60 * np.cos(columns * 1.3)
    picture = Image.fromarray(waves.round().astype(np.uint8)).convert("RGB")
    mask_image = Image.new("L", picture.size)
    for x in range(20, 320, 24):
        mask_image.paste(255, (x, 20, x + 7, 280))
    whole = pipe.fill(picture, mask_image)
    limit(pipe, monkeypatch, BOX[SMALLER] ** 2)
    tiled = pipe.fill(picture, mask_image)
    assert len(tiled.passes) > len(whole.passes)
    a, b = (np.asarray(result.image).astype(float) for result in (whole, tiled))
    difference = np.abs(a - b)[np.asarray(mask_image) > 0]
    assert 0 < difference.mean() < MEAN_DIFFERENCE
