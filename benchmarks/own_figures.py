"""What belongs to some systems alone: hints, lines, passes, and where attention looks."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from inpainting.data.hints import LARGEST
from inpainting.data.lines import lines_in, some_of
from inpainting.evaluation.metrics import score
from inpainting.evaluation.protocol import Pair
from inpainting.evaluation.tables import markdown
from inpainting.evaluation.uncertainty import PixelSample, sample_pixels, summarise_uncertainty
from inpainting.inference.predict import Predictor
from inpainting.io.tensors import to_image, to_tensor
from inpainting.losses.structure import smooth_colours
from inpainting.masks.convert import batch_of, composite, valid_from_hole
from inpainting.models.base import Network
from inpainting.models.context import WHOLE, KnownAttention
from inpainting.models.guide import Guide
from inpainting.models.passes import in_passes
from inpainting.models.residual_unet import ResidualUNet
from inpainting.seeding import generator_for
from inpainting.types import DATA_RANGE, Flags, Hole, Pixels

HINTS = (0, 1, 2, 4, 8, 16, 32)
SHARES = (0, 0.25, 0.5, 1)  # of the true lines that are shown
LIKELY = 0.3  # probability from which a predicted line counts: they are a tenth of the pixels
NEAR = 2  # pixels: a line found so near a true one is right


class Given(NamedTuple):
    """A pair as a network takes it."""

    image: Tensor
    valid: Tensor

    @classmethod
    def of(cls, pair: Pair) -> "Given":
        """Batches of one."""
        image = to_tensor(Image.fromarray(pair.original))
        return cls(image, valid_from_hole(batch_of(pair.hole)))


def hints_table(networks: dict[str, Network], pairs: Sequence[Pair]) -> str:
    """Gain in hole PSNR by so many hints, and obedience: the error at a hint, in grey levels."""
    rows = []
    for name, network in networks.items():
        predictor = Predictor(network)
        scores = np.array([[_hinted(predictor, pair, n) for pair in pairs] for n in HINTS])
        rows.append([name, *_gains(scores[..., 0]), f"{np.nanmean(scores[-1, :, 1]):.1f}"])
    return markdown(["hints", "none (dB)", *map(str, HINTS[1:]), "error at a hint"], rows)


def lines_table(networks: dict[str, Network], pairs: Sequence[Pair]) -> str:
    """Gain in hole PSNR by a share of the true lines; of predicted structure F1 and PSNR."""
    rows = []
    for name, network in networks.items():
        predictor = Predictor(network)
        scores = np.array([[_lined(predictor, pair, x) for pair in pairs] for x in SHARES])
        found = [
            "–" if np.isnan(column).all() else f"{np.nanmean(column):.2f}"
            for column in (scores[0, :, 1], scores[0, :, 2])
        ]
        rows.append([name, *_gains(scores[..., 0]), *found])
    shares = [f"{100 * share:g} %" for share in SHARES[1:]]
    return markdown(
        ["lines shown", "none (dB)", *shares, f"F1 within {NEAR} px", "smooth picture (dB)"], rows
    )


def passes_table(networks: dict[str, Network], pairs: Sequence[Pair]) -> str:
    """Hole PSNR of each pass, and how well its expected error ranks the pixels."""
    rows = []
    for name, network in networks.items():
        found = [list(_each_pass(network.eval(), pair)) for pair in pairs]
        for number, of_pass in enumerate(zip(*found, strict=True), 1):
            psnr = np.mean([one[0] for one in of_pass])
            samples = [one[1] for one in of_pass if one[1]]
            ause = summarise_uncertainty(samples)[""]["ause"] if samples else np.nan
            rows.append([name, str(number), f"{psnr:.2f}", f"{ause:.3f}"])
    return markdown(["system", "pass", "hole PSNR (dB)", "AUSE"], rows)


@torch.no_grad()
def draw_sources(network: Network, pair: Pair, path: Path) -> None:
    """Where attention looks: original, picture with its hole, and a map.

    The map has for each missing place the colour of the place that it takes most from: redder is
    more to the right, greener further down; known places have their own.
    """
    assert isinstance(network, ResidualUNet) and isinstance(network.context, KnownAttention)
    seen: list[tuple[Tensor, Tensor]] = []
    hook = network.context.register_forward_pre_hook(lambda _, inputs: seen.append(inputs))
    network.eval()(*Given.of(pair))
    hook.remove()
    [(x, known)] = seen
    height, width = x.shape[-2:]
    place = torch.arange(height * width).reshape(height, width)
    source = torch.where(known[0, 0] > WHOLE, place, network.context.sources(x, known)[0])
    across, down = source % width / width, source // width / height
    colours = torch.stack([across, down, torch.full_like(across, 0.4)], -1)
    size = pair.original.shape[1::-1]
    chart = Image.fromarray((DATA_RANGE * colours).byte().numpy()).resize(size, 0)
    holed = np.where(pair.hole[..., None], 255, pair.original).astype(np.uint8)
    strip = np.concatenate([pair.original, holed, np.asarray(chart)], axis=1)
    Image.fromarray(strip).save(path)


def _gains(scores: NDArray[np.float64]) -> list[str]:
    """Of (n, pairs): the first mean over pairs, and by how much the others are above it."""
    first, *others = scores.mean(axis=1)
    return [f"{first:.2f}", *(f"{mean - first:+.2f}" for mean in others)]


def _hinted(predictor: Predictor, pair: Pair, number: int) -> tuple[float, float]:
    """Hole PSNR in dB, and the mean absolute error at the hints in grey levels."""
    given = np.zeros_like(pair.hole)
    colour = np.zeros_like(pair.original)
    generator = generator_for(0, pair.index)
    places = np.argwhere(pair.hole)
    for _ in range(number):
        y, x = places[generator.integers(len(places))]
        half = LARGEST // 2 - 1
        patch = np.s_[max(0, y - half) : y + half + 1, max(0, x - half) : x + half + 1]
        inside = pair.hole[patch]
        colour[patch][inside] = pair.original[patch][inside].mean(axis=0).round()
        given[patch] |= inside
    guide = None
    if number:
        guide = Guide(to_tensor(Image.fromarray(colour)), batch_of(given).float())
    filled = np.asarray(to_image(predictor(*Given.of(pair), guide).image))
    apart = np.abs(filled.astype(float) - colour)[given].mean() if number else np.nan
    return score(pair.original, filled, pair.hole).hole_psnr, float(apart)


def _lined(predictor: Predictor, pair: Pair, share: float) -> tuple[float, float, float]:
    """Hole PSNR; of predicted lines F1, and of predicted colours PSNR in the hole, or NaN."""
    image, valid = Given.of(pair)
    lines = lines_in(pair.original) > 0
    guide = None
    if share:
        told = some_of(lines & pair.hole, share, generator_for(0, pair.index))
        if share == 1:
            told = pair.hole
        drawn = torch.from_numpy(np.where(told, lines, -1.0))[None, None].float()
        guide = Guide.none(image)._replace(line=drawn)
    found = predictor(image, valid, guide)
    filled = np.asarray(to_image(found.image))
    f1 = smooth = np.nan
    if found.line is not None and found.smooth is not None:
        f1 = f1_within(found.line[0, 0].sigmoid().numpy() > LIKELY, lines, pair.hole)
        target = np.asarray(to_image(smooth_colours(image)))
        smooth = score(target, np.asarray(to_image(found.smooth)), pair.hole).hole_psnr
    return score(pair.original, filled, pair.hole).hole_psnr, f1, smooth


def f1_within(found: Flags, true: Flags, hole: Hole) -> float:
    """Harmonic mean of precision and recall in the hole; right is what is ``NEAR`` the other.

    NaN where the hole has no true line.
    """
    window = np.ones((2 * NEAR + 1,) * 2, np.uint8)
    found, true = found & hole, true & hole
    if not true.any():
        return np.nan
    near_found, near_true = (cv2.dilate(x.astype(np.uint8), window) > 0 for x in (found, true))
    precision = (found & near_true).sum() / max(1, found.sum())
    recall = (true & near_found).sum() / true.sum()
    return float(2 * precision * recall / max(precision + recall, 1e-9))


@torch.no_grad()
def _each_pass(network: Network, pair: Pair) -> Iterator[tuple[float, PixelSample | None]]:
    """Hole PSNR in dB, and pixels with their expected error."""
    given = Given.of(pair)
    for found in in_passes(network, *given):
        whole = composite(given.image, found.image.clamp(0, 1), given.valid)
        filled: Pixels = np.array(to_image(whole))
        sample = None
        if found.scale is not None:
            scale = DATA_RANGE * found.scale[0, 0].numpy()
            sample = sample_pixels("", pair.original, filled, scale, pair.hole, pair.index)
        yield score(pair.original, filled, pair.hole).hole_psnr, sample
