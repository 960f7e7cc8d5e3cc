"""The pictures of an evaluation's report: charts, comparison grids, contact sheets."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inpainting.classical.diffusion import Fill
from inpainting.evaluation import charts
from inpainting.evaluation.grids import GridRow, contact_sheet, five_column_grid
from inpainting.evaluation.protocol import Pair, class_counts, pairs
from inpainting.evaluation.scoring import composited
from inpainting.evaluation.statistics import Row
from inpainting.masks.convert import mask_image_from_hole
from inpainting.seeding import generator_for

SHEET = 32  # random pictures on a contact sheet


def write_charts(folder: Path, splits: Any, results: Sequence[Row], rows: Sequence[Row]) -> None:
    """Measures by bucket, their spread, and, where there are classes, how the data is made up."""
    for name in charts.MEASURE_NAMES:
        charts.measure_figure(results, name, folder / f"{name}.png")
    charts.distribution_figure(rows, folder / "distribution.png")
    counts = {name: class_counts(split) for name, split in splits.items() if len(split)}
    if any(counts.values()):
        total = sum((Counter(of_split) for of_split in counts.values()), Counter())
        title = f"Pictures per class ({total.total()} in all)"
        charts.class_figure(dict(sorted(total.items())), folder / "classes.png", title)
        charts.split_figure(counts, folder / "splits.png")


@dataclass(frozen=True)
class Pictures:
    """Fills of an evaluation's pairs, drawn into ``folder``.

    ``seed``, ``size``: of the pairs; ``fill``: the method that is shown.
    """

    dataset: Any
    seed: int
    size: int
    folder: Path
    fill: Fill

    def grid(self, protocol: str, rows: Sequence[Row], method: str) -> None:
        """A five-column grid of typical pictures by a method's rows, and one heat map."""
        lines = [
            self._line(pair, row)
            for row in examples(rows, protocol, method)
            for pair in self._pairs([row["index"]], protocol)
        ]
        five_column_grid(lines).save(self.folder / f"grid_{protocol}.png")
        middle = lines[len(lines) // 2]
        path = self.folder / f"difference_{protocol}.png"
        charts.heat_map_figure(middle.original, middle.result, path, middle.caption)

    def contact_sheet(self, protocol: str, indices: Sequence[int]) -> None:
        """Input and result of random pictures of ``indices``, for the eye to judge."""
        count = min(SHEET, len(indices))
        drawn = generator_for(self.seed).choice(indices, count, replace=False)
        tiles = [
            (pair.original, pair.hole, self._filled(pair))
            for pair in self._pairs(sorted(int(i) for i in drawn), protocol)
        ]
        contact_sheet(tiles).save(self.folder / f"contact_{protocol}.png")

    def _pairs(self, indices: Sequence[int], protocol: str) -> list[Pair]:
        return list(pairs(self.dataset, indices, protocol, self.seed, self.size))

    def _filled(self, pair: Pair) -> Any:
        return composited(pair, self.fill(pair.original, pair.hole))

    def _line(self, pair: Pair, row: Row) -> GridRow:
        name = f"{pair.label} {pair.index}".strip()
        caption = (
            f"{name}, {row['method']}: hole {100 * row['hole_ratio']:.0f} %, "
            f"hole PSNR {row['hole_psnr']:.1f} dB, SSIM {row['ssim']:.3f}"
        )
        mask_image = mask_image_from_hole(pair.hole)
        return GridRow(pair.original, mask_image, self._filled(pair), caption)


def examples(rows: Sequence[Row], protocol: str, method: str) -> list[Row]:
    """Rows to show, chosen by rank of hole PSNR and not by eye: each bucket's median picture.

    Where there are no buckets: the middles of six equal parts, from worst to best.
    """
    chosen = []
    own = [row for row in rows if (row["protocol"], row["method"]) == (protocol, method)]
    buckets = sorted({row["bucket"] for row in own})
    each = 1 if buckets != [""] else min(6, len(own))
    for bucket in buckets:
        ranked = sorted((r for r in own if r["bucket"] == bucket), key=lambda r: r["hole_psnr"])
        chosen += [ranked[(2 * k + 1) * len(ranked) // (2 * each)] for k in range(each)]
    return chosen
