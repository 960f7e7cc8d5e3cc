"""Memory runs out at every level, and there is a fill all the same."""

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting import InpaintingPipeline
from inpainting.errors import OutOfMemory
from inpainting.memory import is_out_of_memory
from inpainting.pipeline import SMALLER
from inpainting.regions import LARGEST, OVERLAP
from tests.test_pipeline import box_mask

SIZE = 1100, 900
FULL = "CUDA out of memory. Tried to allocate 2.00 GiB."
BOX = {side: side + 2 * OVERLAP for side in (LARGEST, SMALLER)}  # with what two pieces share
MEAN_DIFFERENCE = 0.5  # of 255: at the edges of a piece the network sees other surroundings


@pytest.fixture
def pipe(tiny_model) -> InpaintingPipeline:
    return InpaintingPipeline(tiny_model, device="cpu", dtype=torch.float32)


def limit(pipe: InpaintingPipeline, monkeypatch, pixels: float) -> list[int]:
    """Let the network fail above so many pixels; gives the pixels of every call."""
    forward, calls = pipe.model.forward, []

    def limited(image, valid):
        calls.append(image.shape[0] * image.shape[2] * image.shape[3])
        if calls[-1] > pixels:
            raise torch.OutOfMemoryError(FULL)
        return forward(image, valid)

    monkeypatch.setattr(pipe.model, "forward", limited)
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
def test_what_is_too_much_at_once_is_done_in_smaller_pieces(
    pipe, noise, monkeypatch, strategy, pixels, largest
):
    picture, mask_image = noise(*SIZE), box_mask(*SIZE)
    calls = limit(pipe, monkeypatch, pixels)
    filled = pipe.fill(picture, mask_image, strategy)
    assert max(calls) > pixels, "nothing failed"
    assert all(side <= largest for run in filled.passes for side in run.size)
    keep = np.asarray(mask_image) < 128
    assert np.array_equal(np.asarray(filled.image)[keep], np.asarray(picture)[keep])
    monkeypatch.undo()
    again = pipe.fill(picture, mask_image, strategy)  # the next request is as ever
    assert max(side for run in again.passes for side in run.size) > largest


def test_a_full_gpu_leaves_it_to_the_cpu(pipe, noise, monkeypatch):
    picture, mask_image = noise(90, 70), box_mask(90, 70)
    expected = pipe.fill(picture, mask_image)
    to = torch.Tensor.to

    def full(tensor, device, *options, **named):
        if getattr(device, "type", None) == "cuda":
            raise torch.OutOfMemoryError(FULL)
        return to(tensor, device, *options, **named)

    monkeypatch.setattr(torch.Tensor, "to", full)
    pipe.device = torch.device("cuda")
    filled = pipe.fill(picture, mask_image)
    assert np.array_equal(filled.image, expected.image) and filled.passes == expected.passes
    assert pipe.device.type == "cuda", "the next request tries again"


def test_when_nothing_helps_it_is_said(pipe, noise, monkeypatch):
    limit(pipe, monkeypatch, 0)
    with pytest.raises(OutOfMemory, match="not enough memory to fill a picture of 90×70 pixels"):
        pipe.fill(noise(90, 70), box_mask(90, 70))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError(FULL), True),
        (RuntimeError(FULL), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried …"), True),
        (MemoryError(), True),
        (RuntimeError("shape mismatch"), False),
        (ValueError("out of range"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_what_counts_as_out_of_memory(error, expected):
    assert is_out_of_memory(error) is expected


def test_other_errors_are_not_swallowed(pipe, noise, monkeypatch):
    def broken(image, valid):
        raise RuntimeError("a bug")

    monkeypatch.setattr(pipe.model, "forward", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        pipe.fill(noise(90, 70), box_mask(90, 70))


def test_smaller_pieces_of_the_bundled_network_differ_by_less_than_can_be_seen(monkeypatch):
    pipe = InpaintingPipeline.from_pretrained(device="cpu", dtype=torch.float32)
    rows, columns = np.mgrid[:600, :700] / 50
    waves = 127 + 60 * np.sin(rows + np.sin(columns)) + 60 * np.cos(columns * 1.3)
    picture = Image.fromarray(waves.round().astype(np.uint8)).convert("RGB")
    mask_image = Image.new("L", picture.size)
    for x in range(20, 680, 24):
        mask_image.paste(255, (x, 20, x + 7, 580))
    whole = np.asarray(pipe(picture, mask_image)).astype(float)
    limit(pipe, monkeypatch, BOX[SMALLER] ** 2)
    pieces = np.asarray(pipe(picture, mask_image)).astype(float)
    difference = np.abs(whole - pieces)[np.asarray(mask_image) > 0]
    print(difference.mean(), difference.max())
    assert 0 < difference.mean() < MEAN_DIFFERENCE
