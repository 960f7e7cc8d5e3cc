"""Scores in a file: read back as they were; a foreign file is refused."""

import math

import pytest

from inpainting.errors import DataError
from inpainting.evaluation.scores_csv import read_rows, write_rows
from inpainting.evaluation.scoring import score_classical
from tests.evaluation.samples import a_pair


def test_rows_come_back_from_a_file_as_they_were(tmp_path):
    rows = [{**row, "model": ""} for row in score_classical(["mean"], a_pair())]
    rows[0] |= {"hole_psnr": math.inf, "ssim": math.nan}
    assert math.isnan(rows[0]["gram"])  # without VGG-19
    write_rows(tmp_path / "scores.csv", rows)
    assert "nan" not in (tmp_path / "scores.csv").read_text()
    assert read_rows(tmp_path / "scores.csv") == rows


@pytest.mark.parametrize("content", [None, "", "a,b\n1,2\n", "index\nx\n"])
def test_a_foreign_file_is_refused(content, tmp_path):
    path = tmp_path / "scores.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=r"is no scores\.csv"):
        read_rows(path)
