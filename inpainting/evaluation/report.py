"""The pictures of an evaluation's report: charts, comparison grids, contact sheets."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inpainting.classical.diffusion import Fill
from inpainting.evaluation import charts
from inpainting.evaluation.grids import GridRow, contact_sheet, fitted, five_column_grid
from inpainting.evaluation.object_masks import OBJECT_HOLES, REMOVAL, ObjectMasks
from inpainting.evaluation.protocol import Pair, class_counts, pairs
from inpainting.evaluation.scoring import composited
from inpainting.evaluation.statistics import NETWORK_MODES, Row
from inpainting.masks.convert import mask_image_from_hole
from inpainting.seeding import generator_for

SHEET = 32  # random pictures on a contact sheet
SMALL, LARGE = 320, 480  # longest side of a picture at its own size: at a glance, and to be judged
JUDGED = (*NETWORK_MODES, "patchmatch")  # fills that may pass for untouched where texture is needed


def write_charts(folder: Path, splits: Any, results: Sequence[Row], rows: Sequence[Row]) -> None:
    """Measures by bucket, their spread, and, where there are classes, how the data is made up."""
    compared = {row["protocol"] for row in rows if not math.isnan(row["hole_mse"])}
    if compared:  # the others have no truth
        results = [record for record in results if record["protocol"] in compared]
        for name in charts.MEASURE_NAMES:
            charts.measure_figure(results, name, folder / f"{name}.png")
        rows = [row for row in rows if row["protocol"] in compared]
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

    ``seed``, ``size``, ``masks``: of the pairs; ``fills``: the methods, of which the first is
    shown, and of removals all that may be judged by eye.
    """

    dataset: Any
    seed: int
    size: int
    folder: Path
    fills: Mapping[str, Fill]
    masks: ObjectMasks | None = None

    @property
    def first(self) -> str:
        """Name of the method that is shown."""
        return next(iter(self.fills))

    def grid(self, protocol: str, rows: Sequence[Row]) -> None:
        """A five-column grid of typical pictures by the first method's rows, and one heat map."""
        lines = [
            self._line(pair, row)
            for row in examples(rows, protocol, self.first)
            for pair in self._pairs([row["index"]], protocol)
        ]
        five_column_grid(lines).save(self.folder / f"grid_{protocol}.png")
        middle = lines[len(lines) // 2]
        path = self.folder / f"difference_{protocol}.png"
        charts.heat_map_figure(middle.original, middle.result, path, middle.caption)

    def contact_sheet(self, protocol: str, indices: Sequence[int]) -> None:
        """Input and result of random pictures of ``indices``, for the eye to judge.

        Of removals it is all of them, large, and beside each other the methods of ``JUDGED``:
        nothing but an eye can say whether they pass for untouched.
        """
        if protocol == REMOVAL:
            self._removals(indices)
            return
        count = min(SHEET, len(indices))
        drawn = generator_for(self.seed).choice(indices, count, replace=False)
        tiles = [
            (pair.original, pair.hole, [self._filled(pair, self.first)])
            for pair in self._pairs(sorted(int(i) for i in drawn), protocol)
        ]
        sheet = contact_sheet(tiles, box=self._box(protocol))
        sheet.save(self.folder / f"contact_{protocol}.png")

    def _removals(self, indices: Sequence[int]) -> None:
        methods = [method for method in self.fills if method in JUDGED] or [self.first]
        tiles = [
            (pair.original, pair.hole, [self._filled(pair, method) for method in methods])
            for pair in self._pairs(indices, REMOVAL)
        ]
        names = [charts.METHOD_NAMES[method] for method in methods]
        sheet = contact_sheet(tiles, 2 if len(methods) == 1 else 1, LARGE, names)
        sheet.save(self.folder / f"contact_{REMOVAL}.png")

    def _pairs(self, indices: Sequence[int], protocol: str) -> list[Pair]:
        return list(pairs(self.dataset, indices, protocol, self.seed, self.size, self.masks))

    def _filled(self, pair: Pair, method: str) -> Any:
        return composited(pair, self.fills[method](pair.original, pair.hole))

    def _line(self, pair: Pair, row: Row) -> GridRow:
        name = f"{pair.label} {pair.index}".strip()
        caption = (
            f"{name}, {row['method']}: hole {100 * row['hole_ratio']:.0f} %, "
            f"hole PSNR {row['hole_psnr']:.1f} dB, SSIM {row['ssim']:.3f}"
        )
        filled, box = self._filled(pair, row["method"]), self._box(pair.protocol)
        mask_image = fitted(mask_image_from_hole(pair.hole), box)
        return GridRow(fitted(pair.original, box), mask_image, fitted(filled, box), caption)

    def _box(self, protocol: str) -> int | None:
        return SMALL if protocol in OBJECT_HOLES else None  # the others have one size


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
