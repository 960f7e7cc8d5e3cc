"""Modes and seeds: where texture is copied, where the network's own fill stays."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting import InpaintingPipeline, ResidualUNet
from inpainting.errors import InvalidConfig, OutOfMemory
from inpainting.evaluation.texture import gradient
from inpainting.inference import natural, texture
from inpainting.inference.attempt import NOTHING_COPIED
from inpainting.inference.parts import MODES, THIN, Part
from inpainting.inference.pipeline import STRATEGIES
from tests.conftest import TINY

SIDE = 150
WIDE = 2 * int(THIN) + 12  # of a deep hole
DEEP = (50, 55, 50 + WIDE, 55 + WIDE)
LINE = (5, 20, 145, 26)
KINDS = ("L", "LA", "RGB", "RGBA")


@pytest.fixture
def pipe(tiny_model) -> InpaintingPipeline:
    return InpaintingPipeline(tiny_model, device="cpu", dtype=torch.float32)


def mask_with(*boxes, size=(SIDE, SIDE)) -> Image.Image:
    mask_image = Image.new("L", size)
    for box in boxes:
        mask_image.paste(255, box)
    return mask_image


def hole_of(mask_image) -> np.ndarray:
    return np.asarray(mask_image) > 0


def slopes(result, hole) -> float:
    """Mean gradient in a hole."""
    grey = np.asarray(result.image.convert("RGB")).mean(axis=2)
    return gradient(grey)[hole].mean()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_thin_holes_are_filled_faithfully_unless_asked(pipe, noise, strategy):
    picture, mask_image = noise(SIDE, SIDE), mask_with(LINE, (20, 60, 32, 140))
    results = {mode: pipe.fill(picture, mask_image, strategy, mode=mode, seed=4) for mode in MODES}
    assert results["auto"].image == results["faithful"].image
    assert results["auto"].parts == results["faithful"].parts
    assert not np.array_equal(results["natural"].image, results["auto"].image)
    for mode, result in results.items():
        assert [part.natural for part in result.parts] == [mode == "natural"] * 2
        assert (result.mode, result.seed, result.notes) == (mode, 4, ())
        assert result.passes == results["faithful"].passes


def test_a_deep_hole_in_texture_gets_texture(noise):
    """By the bundled network, whose own fill has hardly any."""
    pipe = InpaintingPipeline.from_pretrained(device="cpu", dtype=torch.float32)
    picture, mask_image = noise(SIDE, SIDE), mask_with(DEEP)
    hole = hole_of(mask_image)
    auto, faithful = (pipe.fill(picture, mask_image, mode=mode) for mode in ("auto", "faithful"))
    assert slopes(auto, hole) > 2 * slopes(faithful, hole)
    truth = gradient(np.asarray(picture).mean(axis=2))[hole].mean()
    assert slopes(auto, hole) == pytest.approx(truth, rel=0.25)
    assert [part.natural for part in auto.parts + faithful.parts] == [True, False]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_part_of_a_hole_is_filled_as_it_wants(pipe, noise, strategy):
    picture, mask_image = noise(SIDE, SIDE), mask_with(LINE, DEEP)
    auto, faithful, natural_ = (
        pipe.fill(picture, mask_image, strategy, mode=mode)
        for mode in ("auto", "faithful", "natural")
    )
    line, deep = hole_of(mask_with(LINE)), hole_of(mask_with(DEEP))
    a, f, n = (np.asarray(result.image) for result in (auto, faithful, natural_))
    assert np.array_equal(a[line], f[line]) and not np.array_equal(a[deep], f[deep])
    assert not np.array_equal(n[line], f[line])
    pixels = int(line.sum()), int(deep.sum())
    assert auto.parts == (Part(LINE, pixels[0], False), Part(DEEP, pixels[1], True))
    assert [part.natural for part in natural_.parts] == [True, True]


def test_parts_lie_in_the_whole_picture(pipe, noise):
    """However far from its corner, where only the surroundings are looked at."""
    box = (700, 413, 760, 473)
    result = pipe.fill(noise(900, 500), mask_with(box, size=(900, 500)))
    assert result.parts == (Part(box, 3600, True),)


@pytest.mark.parametrize("mode", ["fast", "", None, "Auto"])
def test_an_unknown_mode_is_refused(pipe, noise, mode):
    with pytest.raises(InvalidConfig, match="There is no mode .*faithful"):
        pipe.fill(noise(9, 9), mask_with((2, 2, 4, 4), size=(9, 9)), mode=mode)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, "1", None])
def test_a_seed_is_a_whole_number(pipe, noise, seed):
    with pytest.raises(InvalidConfig, match="seed is .*give a whole number, 0 …"):
        pipe.fill(noise(9, 9), mask_with((2, 2, 4, 4), size=(9, 9)), seed=seed)


def test_a_seed_gives_the_same_again_and_others_give_others(pipe, noise):
    picture, mask_image = noise(SIDE, SIDE), mask_with(DEEP)
    fills = [
        pipe.fill(picture, mask_image, seed=seed).image.tobytes()
        for seed in (0, 1, 2**32 - 1, 0, 1, 2**32 - 1)
    ]
    assert fills[:3] == fills[3:] and len(set(fills)) == 3


@pytest.mark.parametrize("mode", ["auto", "natural"])
def test_where_nothing_can_be_copied_it_is_said_and_the_networks_fill_stays(pipe, noise, mode):
    flat = Image.new("RGB", (SIDE, SIDE), (10, 200, 90))
    narrow = noise(SIDE, SIDE)
    frame = mask_with((2, 2, SIDE - 2, SIDE - 2))
    for picture, mask_image in [(flat, mask_with(DEEP)), (narrow, frame)]:
        hole = hole_of(mask_image)
        result, faithful = (pipe.fill_hole(picture, hole, mode=m) for m in (mode, "faithful"))
        assert result.notes == (NOTHING_COPIED,) and faithful.notes == ()
        assert result.image == faithful.image and result.parts == faithful.parts
        assert not any(part.natural for part in result.parts)


def test_what_can_be_copied_is_although_elsewhere_nothing_can(pipe, noise):
    """A flat left and a noisy right, each with a deep hole."""
    picture = Image.new("RGB", (600, SIDE), (90, 90, 200))
    picture.paste(noise(250, SIDE), (350, 0))
    left, right = DEEP, tuple(x + 400 * (i % 2 == 0) for i, x in enumerate(DEEP))
    mask_image = mask_with(left, right, size=picture.size)
    result = pipe.fill(picture, mask_image)
    faithful = pipe.fill(picture, mask_image, mode="faithful")
    assert result.notes == (NOTHING_COPIED,)
    assert {part.box: part.natural for part in result.parts} == {left: False, right: True}
    assert result.image.crop(left) == faithful.image.crop(left)
    assert result.image.crop(right) != faithful.image.crop(right)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("feather", [0, 6])
def test_outside_the_hole_nothing_moves(pipe, noise, kind, strategy, feather):
    picture, mask_image = noise(SIDE, SIDE).convert(kind), mask_with(DEEP, LINE)
    result = pipe.fill(picture, mask_image, strategy, feather, mode="natural", seed=1)
    hole = hole_of(mask_image)
    assert result.image.mode == kind and result.image.size == picture.size
    assert np.array_equal(np.asarray(result.image)[~hole], np.asarray(picture)[~hole])
    assert not np.array_equal(np.asarray(result.image)[hole], np.asarray(picture)[hole])
    assert all(part.natural for part in result.parts)


def test_a_grey_picture_gets_a_grey_fill(pipe, noise):
    grey = noise(SIDE, SIDE).convert("L")
    result = pipe.fill(grey.convert("RGB"), mask_with(DEEP), mode="natural")
    pixels = np.asarray(result.image)
    assert (pixels == pixels[..., :1]).all()
    assert np.abs(
        np.asarray(pipe.fill(grey, mask_with(DEEP), mode="natural").image).astype(int)
        - pixels[..., 0]
    ).max() <= 1  # fmt: skip


@pytest.mark.parametrize("kind", ["LA", "RGBA"])
def test_opacity_stays_and_hidden_colours_do_not_leak(pipe, noise, kind):
    picture = noise(SIDE, SIDE).convert(kind)
    alpha = Image.new("L", picture.size, 255)
    alpha.paste(0, (0, 0, SIDE, 30))
    alpha.paste(100, (DEEP[0] + 9, DEEP[1] + 9, SIDE, SIDE))
    picture.putalpha(alpha)
    other = picture.copy()
    other.paste(255, (0, 0, SIDE, 30))
    other.putalpha(alpha)
    assert other != picture
    a, b = (pipe.fill(image, mask_with(DEEP)) for image in (picture, other))
    hole = hole_of(mask_with(DEEP))
    assert all(part.natural for part in a.parts)
    assert np.array_equal(np.asarray(a.image)[hole], np.asarray(b.image)[hole])
    assert np.array_equal(np.asarray(a.image)[..., -1], np.asarray(alpha))


@pytest.mark.parametrize("mode", MODES)
def test_what_was_in_the_hole_changes_nothing(pipe, noise, mode):
    picture, mask_image = noise(SIDE, SIDE), mask_with(DEEP, LINE)
    vandalised = Image.composite(noise(SIDE, SIDE), picture, mask_image)
    a, b = (pipe.fill(image, mask_image, mode=mode).image for image in (picture, vandalised))
    assert a == b


def test_a_feather_fades_into_the_texture(pipe, noise):
    picture, mask_image = noise(SIDE, SIDE), mask_with(DEEP)
    hard = np.asarray(pipe.fill(picture, mask_image).image).astype(float)
    soft = np.asarray(pipe.fill(picture, mask_image, feather=8).image)
    left, top, right, bottom = DEEP
    inner = slice(top + 8, bottom - 8), slice(left + 8, right - 8)
    assert np.array_equal(soft[inner], hard[inner])
    edge = slice(top + 20, bottom - 20), left
    original = np.asarray(picture)
    assert np.abs(soft[edge] - (original[edge] + (hard[edge] - original[edge]) / 9)).max() <= 1.5


def test_steps_of_the_copying_are_told_and_may_end_the_call(pipe, noise):
    picture, mask_image, told = noise(SIDE, SIDE), mask_with(DEEP), []
    filled = pipe.fill(picture, mask_image, on_pass=told.append)
    passes = len(filled.passes)
    assert tuple(told[:passes]) == filled.passes and len(told) > passes + 3
    for step in told[passes:]:
        ((left, top, right, bottom),) = step.boxes
        assert 0 <= left <= DEEP[0] and 0 <= top <= DEEP[1]
        assert DEEP[2] <= right <= SIDE and DEEP[3] <= bottom <= SIDE
        assert step.size == (bottom - top, right - left)

    for last in (passes + 1, passes + 3, len(told)):
        count = 0

        def stop(step, last=last):
            nonlocal count
            count += 1
            if count == last:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            pipe.fill(picture, mask_image, on_pass=stop)
        assert count == last


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_copying_knows_what_error_is_expected(pipe, noise, monkeypatch, strategy):
    seen, mask_image = [], mask_with(DEEP)
    watch(monkeypatch, natural, "fill_with_texture", 0, seen)
    result = pipe.fill(noise(SIDE, SIDE), mask_image, strategy)
    (((_, _, hole, *_), options),) = seen
    error = options["error"][hole]
    assert error.any()
    assert np.array_equal(error, np.asarray(result.expected_error)[hole_of(mask_image)])


def watch(monkeypatch, module, name: str, times: int, seen: list):
    """See what a function is called with, and let memory run out in it so many times."""
    function = getattr(module, name)

    def limited(*arguments, **options):
        seen.append((arguments, options))
        if len(seen) <= times:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return function(*arguments, **options)

    monkeypatch.setattr(module, name, limited)


def test_out_of_memory_while_copying_leads_to_less_work(pipe, noise, monkeypatch):
    picture, mask_image, seen, fills = noise(SIDE, SIDE), mask_with(DEEP), [], []
    watch(monkeypatch, texture, "choose_offsets", 1, seen)
    watch(monkeypatch, natural, "fill_with_texture", 0, fills)
    result = pipe.fill(picture, mask_image)
    first, second = (options["most_missing"] for _, options in fills)
    assert 0 < second < first and len(seen) > 1
    assert [part.natural for part in result.parts] == [True]
    keep = ~hole_of(mask_image)
    assert np.array_equal(np.asarray(result.image)[keep], np.asarray(picture)[keep])


def test_when_memory_never_suffices_for_copying_it_is_said(pipe, noise, monkeypatch):
    watch(monkeypatch, texture, "choose_offsets", 1000, [])
    with pytest.raises(OutOfMemory):
        pipe.fill(noise(SIDE, SIDE), mask_with(DEEP))


SIZES = [(2, 1), (1, 2), (1, 40), (97, 1), (2, 2), (3, 3), (7, 8), (3, 500), (500, 3), (31, 65),
         (129, 90)]  # fmt: skip


def holes_of(size, rng):
    """One pixel at the corner, all but one, a border, half, and noise."""
    width, height = size
    whole = np.ones((height, width), bool)
    corner, most, border, half = (np.zeros_like(whole) for _ in range(4))
    corner[-1, -1] = True
    most[:] = True
    most[height // 2, width // 2] = False
    border[:, : max(1, width // 3)] = True
    half[height // 2 :] = True
    noise = rng.random((height, width)) < rng.choice([0.02, 0.5])
    return [h for h in (corner, most, border, half, noise) if h.any() and not h.all()]


@pytest.mark.parametrize("mode", ["auto", "natural"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_any_hole_in_any_picture_is_filled(pipe, noise, rng, size, mode):
    for hole in holes_of(size, rng):
        picture = noise(*size)
        result = pipe.fill_hole(picture, hole, mode=mode, seed=int(rng.integers(3)))
        assert result.image.size == size
        assert np.array_equal(np.asarray(result.image)[~hole], np.asarray(picture)[~hole])
        assert sum(part.pixels for part in result.parts) == hole.sum()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_passes_reach_every_run_of_the_network(noise, strategy):
    torch.manual_seed(0)
    network = ResidualUNet(replace(TINY, norm="none", passes=3)).eval()
    for layer in (network.head, network.doubt.out):
        torch.nn.init.normal_(layer.weight, std=0.1)
    pipe = InpaintingPipeline(network, device="cpu", dtype=torch.float32)
    picture, mask_image = noise(SIDE, SIDE), mask_with(DEEP)
    fills = [
        pipe.fill(picture, mask_image, strategy, mode="faithful", passes=passes).image
        for passes in (None, 1, 2, 3)
    ]
    assert fills[0] == fills[3] and len({fill.tobytes() for fill in fills}) == 3
    with pytest.raises(InvalidConfig, match="passes is 4: this network was trained for 1 to 3"):
        pipe.fill(picture, mask_image, strategy, passes=4)
    network.config = replace(network.config, passes=1)
    once = InpaintingPipeline(network, device="cpu", dtype=torch.float32)
    assert once.fill(picture, mask_image, strategy, mode="faithful").image == fills[1]
