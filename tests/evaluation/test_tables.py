"""Tables that people read."""

from inpainting.evaluation.statistics import summarise
from inpainting.evaluation.tables import interval, markdown, report
from tests.evaluation.samples import rows_with


def test_intervals_are_written_with_true_minus_signs():
    value = {"mean": -0.251, "low": -1, "high": 0.5}
    assert interval(value, 2, "+") == "−0.25 [−1.00, +0.50]"
    assert interval({"mean": 27.314, "low": 26.9, "high": 27.72}, 2) == "27.31 [26.90, 27.72]"


def test_markdown_is_padded():
    lines = markdown(["a", "long"], [["xyz", "1"]]).splitlines()
    assert lines == ["| a   | long |", "|-----|------|", "| xyz | 1    |"]


def test_the_report_names_the_checkpoint_and_the_cap():
    rows = rows_with("model", [20.0, 22.0]) + rows_with("telea", [19.0, 21.0])
    rows = [{**row, "class": "cat"} for row in rows]
    text = report(*summarise(rows), model="mine")
    assert "| lines    | all (0.250) | 2 | model (mine) | " in text
    assert "+1.00 [+1.00, +1.00]" in text
    assert "hole PSNR (dB) per class" in text and "60 dB" in text
