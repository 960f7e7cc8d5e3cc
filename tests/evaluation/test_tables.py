"""Tables that people read."""

import math

from inpainting.evaluation.statistics import summarise
from inpainting.evaluation.tables import interval, markdown, report, texture_table
from tests.evaluation.samples import rows_with


def test_intervals_are_written_with_true_minus_signs():
    value = {"mean": -0.251, "low": -1, "high": 0.5}
    assert interval(value, 2, "+") == "−0.25 [−1.00, +0.50]"
    assert interval({"mean": 27.314, "low": 26.9, "high": 27.72}, 2) == "27.31 [26.90, 27.72]"


def test_what_could_not_be_compared_is_a_dash():
    for unknown in (math.nan, None):  # as measured, and as JSON has it
        assert interval(dict.fromkeys(("mean", "low", "high"), unknown), 2, "+") == "–"


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


def test_the_texture_table_has_medians_and_of_vgg_the_mean():
    rows = rows_with("model", [10.0, 20.0, 60.0], protocol="removal")
    for row, value in zip(rows, (0.25, 0.5, 3.0), strict=True):
        row |= {"sharpness": math.nan, "ring_sharpness": value, "gram": value, "vgg": value}
    results, _ = summarise(rows)
    lines = [line.split(" | ") for line in texture_table(results, "mine").splitlines()]
    named = dict(zip((cell.strip("| ") for cell in lines[0]), lines[2], strict=True))
    assert named["method"].strip() == "model (mine)" and named["hole PSNR (dB)"].strip() == "20.00"
    assert (named["÷ ring"].strip(), named["Gram"].strip()) == ("0.500", "0.500")
    assert named["VGG19n (mean)"].strip() == "1.250"
    assert named["sharpness ÷ truth"].strip() == "–"


def test_without_vgg_its_columns_are_left_out_and_that_is_said():
    summary = summarise(rows_with("model", [20.0]))
    without, with_vgg = report(*summary), report(*summary, vgg=True)
    assert "they need --vgg-weights" in without and "| Gram" not in without
    assert "--vgg-weights" not in with_vgg and "| Gram" in with_vgg
    assert without.index("hole PSNR (dB)") < without.index("Texture in the hole")


def test_every_mode_of_the_network_carries_its_name():
    rows = rows_with("model", [20.0]) + rows_with("auto", [20.0]) + rows_with("ns", [19.0])
    text = report(*summarise(rows), model="mine")
    assert "model (mine)" in text and "auto (mine)" in text and "ns (mine)" not in text
