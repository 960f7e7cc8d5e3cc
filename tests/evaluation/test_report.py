"""Which pictures the report shows."""

import numpy as np

from inpainting.evaluation.report import examples


def test_examples_are_chosen_by_rank():
    def row(index: int, value: float, bucket: str = "") -> dict:
        return {
            "index": index,
            "hole_psnr": value,
            "bucket": bucket,
            "method": "model",
            "protocol": "lines",
        }

    lines = [row(i, value) for i, value in enumerate(np.random.default_rng(0).permutation(60))]
    chosen = [r["hole_psnr"] for r in examples(lines, "lines", "model")]
    assert chosen == [5, 15, 25, 35, 45, 55]
    buckets = [row(0, 1, "a"), row(1, 9, "a"), row(2, 5, "a"), row(3, 7, "b")]
    assert [r["index"] for r in examples(buckets, "lines", "model")] == [2, 3]
    assert [r["index"] for r in examples(lines[:2], "lines", "model")] == sorted(
        (0, 1), key=lambda i: lines[i]["hole_psnr"]
    )
