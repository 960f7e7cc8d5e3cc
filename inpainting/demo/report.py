"""The numbers of a fill as the visitor reads them."""

import html
import math
import time
from collections import Counter

from inpainting.demo.checkpoint import checkpoint_name
from inpainting.demo.service import ServedFill
from inpainting.evaluation.fill_report import Measured
from inpainting.evaluation.metrics import Scores
from inpainting.inference.restore import hidden_in
from inpainting.inference.result import InpaintingResult

KNOWN_ORIGINAL = "The original under the hole is known: these numbers say how close the fill is."
OWN_PAINT = (
    "Nobody knows what was behind what you painted over, so there is nothing to measure the fill "
    "against."
)
AGAINST_GIVEN = "Numbers against the photo as it was given"
ERASED = (
    "What you painted was transparent, so there is no original to measure against. It is opaque in "
    "the result."
)
PARTLY_ERASED = "Part of what you painted was transparent: the numbers are of the rest of it."
INFINITE = "PSNR is ∞ because the filling equals the original in every pixel."
PSNR_MEANS = "higher is closer; from about 35 on nobody sees a difference"
SSIM_MEANS = "likeness of the structure, 1 = equal"
MSE_MEANS = "mean squared difference of levels from 0 to 255; 0 = equal"
UNTOUCHED = "✓ every other pixel untouched, checked"
TOUCHED = "✗ pixels outside the hole differ: please report this"


def report_html(served: ServedFill, measured: Measured, known: bool) -> str:
    """What filled the hole; scores as cards where they mean something; facts, and what was run.

    Args:
        served: the fill.
        measured: its numbers.
        known: whether the original under the hole is known.
    """
    scores, ratio, untouched = measured
    width, height = served.result.original.size
    filled = (
        f"<strong>{fill_name(served.result).capitalize()}</strong>: {filled_with(served.result)}"
    )
    facts = (
        f"{width} × {height} px · hole {100 * ratio:.1f} % · "
        f"filled in {served.seconds:.2f} s on {served.device} · "
    )
    words = [KNOWN_ORIGINAL if known else OWN_PAINT] if scores else [ERASED]
    if scores and hidden_in(served.result.original, served.result.hole) is not None:
        words.append(PARTLY_ERASED)
    if scores and math.isinf(scores.hole_psnr):
        words.append(INFINITE)
    words += map(html.escape, served.result.notes)
    cards = f'<dl class="cards">{_cards(scores)}</dl>' if scores else ""
    if scores and not known:
        cards = f"<details><summary>{AGAINST_GIVEN}</summary>{cards}</details>"
    # A number of its own: the page replaces a report only by another one, even of an equal fill.
    return (
        f'<div role="status" data-run="{time.time_ns()}">'
        f'<p class="filled">{filled}</p><p class="facts">{facts}'
        f"<span>{UNTOUCHED if untouched else TOUCHED}</span></p><p>{' '.join(words)}</p>{cards}"
        f'<details><summary>What was run</summary><p class="ran">{runs(served.result)}</p>'
        f"<p>{html.escape(checkpoint_name(served.network))}</p></details></div>"
    )


def fill_name(result: InpaintingResult) -> str:
    """A fill's name: its mode as the page calls it, and where texture was copied, which try."""
    if result.mode == "faithful":
        return "faithful fill"
    return "natural fill" + (f", try {result.seed + 1}" if has_texture(result) else "")


def filled_with(result: InpaintingResult) -> str:
    """What the holes were filled with, in words."""
    holes, copied = len(result.parts), sum(part.natural for part in result.parts)
    if holes == 1:
        return "copied texture in the hole" if copied else "the network alone filled the hole"
    if copied:
        return f"{copied} of {holes} holes with copied texture"
    return f"the network alone filled all {holes} holes"


def has_texture(result: InpaintingResult) -> bool:
    """Whether a part was filled with the picture's own texture: another try would differ."""
    return any(part.natural for part in result.parts)


def _cards(scores: Scores) -> str:
    rows = (
        ("PSNR", "dB", PSNR_MEANS, f"{scores.hole_psnr:.1f}", f"{scores.psnr:.1f}"),
        ("SSIM", "", SSIM_MEANS, f"{scores.hole_ssim:.3f}", f"{scores.ssim:.3f}"),
        ("MSE", "grey levels²", MSE_MEANS, f"{scores.hole_mse:,.1f}", f"{scores.mse:,.1f}"),
    )
    return "".join(
        f'<div class="card"><dt>{name} in the hole</dt>'
        f'<dd class="hole">{hole} <small>{unit}</small></dd><dd class="whole">{means}</dd>'
        f'<dd class="whole">whole picture: {whole} {unit}</dd></div>'
        for name, unit, means, hole, whole in rows
    ).replace("inf", "∞")


def runs(result: InpaintingResult) -> str:
    """Runs of the network by scale and size, coarse ones first."""
    counts: Counter[tuple[float, tuple[int, int]]] = Counter()
    for run in result.passes:
        counts[run.scale, run.size] += len(run.boxes)
    return "<br>".join(
        f"{_times(count)} {width} × {height} px at {_scale(scale)}"
        for (scale, (height, width)), count in counts.items()
    )


def _times(count: int) -> str:
    return "1 crop of" if count == 1 else f"{count} crops of"


def _scale(scale: float) -> str:
    return "full resolution" if scale == 1 else f"1/{scale:g} of it"
