"""The charts, by what they draw."""

import pytest

from inpainting.evaluation import charts
from inpainting.evaluation.config import METHODS
from inpainting.evaluation.metrics import PSNR_CAP
from inpainting.evaluation.statistics import MEASURES
from inpainting.evaluation.uncertainty import PixelSample, summarise_uncertainty
from tests.evaluation.colours import flat


@pytest.fixture
def saved(monkeypatch):
    """Every figure that was written, to look into its axes."""
    from matplotlib.figure import Figure

    figures, write = [], Figure.savefig

    def savefig(self, path, **options):
        figures.append(self)
        write(self, path, **options)

    monkeypatch.setattr(Figure, "savefig", savefig)
    return figures


def record(method: str, mean: float, protocol: str = "lines", bucket: str = "") -> dict:
    interval = {"mean": mean, "low": mean - 0.1, "high": mean + 0.2}
    head = {"protocol": protocol, "bucket": bucket, "class": "", "method": method}
    return {**head, **dict.fromkeys(MEASURES, interval)}


@pytest.mark.parametrize("measure", charts.MEASURE_NAMES)
def test_measure_figure_has_a_place_per_protocol_and_bucket(measure, tmp_path, saved):
    results = [record("model", 2.0), record("telea", 1.0), record("model", 3.0, "irregular")]
    results += [record(m, 4.0, "irregular", "0.1-0.2") for m in ("model", "telea")]
    charts.measure_figure(results, measure, tmp_path / "a.png")
    whole, hole = saved[0].axes
    for axes in (whole, hole):
        assert [tick.get_text() for tick in axes.get_xticklabels()] == ["lines", "0.1–0.2"]
        drawn = [container[0].get_ydata().tolist() for container in axes.containers]
        assert drawn == [[2, 4], [1, 4]]
        ends = axes.containers[0][2][0].get_segments()[0][:, 1]
        assert ends == pytest.approx([1.9, 2.2])


def test_measure_figure_has_one_place_for_a_protocol_without_buckets(tmp_path, saved):
    results = [record("model", 2.0, "objects"), record("natural", 1.0, "objects")]
    charts.measure_figure(results, "psnr", tmp_path / "a.png")
    assert [tick.get_text() for tick in saved[0].axes[0].get_xticklabels()] == ["objects"]


def test_every_method_has_a_name_and_a_colour_of_its_own():
    assert set(METHODS) == set(charts.METHOD_NAMES) == set(charts.COLOURS)
    assert len(set(charts.COLOURS.values())) == len(METHODS)


def test_distribution_figure_draws_an_exact_fill(tmp_path, saved):
    rows = [
        {"protocol": "lines", "method": "model", "hole_mse": m, "hole_psnr": p, "hole_ssim": s}
        for m, p, s in ((0.0, float("inf"), 1.0), (10.0, 38.1, 0.9), (90.0, 28.6, 0.8))
    ]
    charts.distribution_figure(rows, tmp_path / "a.png")
    assert len(saved[0].axes) == 3
    drawn = [line.get_xdata().max() for line in saved[0].axes[1].lines]
    assert max(drawn) <= PSNR_CAP


def test_class_and_split_figures_show_the_counts(tmp_path, saved):
    charts.class_figure({"cat": 3, "dog": 5}, tmp_path / "a.png", "Pictures")
    counts = {"train": {"cat": 2, "dog": 4}, "test": {"cat": 1, "dog": 1}}
    charts.split_figure(counts, tmp_path / "b.png")
    classes, splits = (figure.axes[0] for figure in saved)
    assert [bar.get_width() for bar in classes.patches] == [3, 5]
    assert [bar.get_width() for bar in splits.patches] == [2, 4, 1, 1]
    assert [bar.get_x() for bar in splits.patches] == [0, 0, 2, 4]
    legend = [text.get_text() for text in saved[1].legends[0].get_texts()]
    assert legend == ["train (6)", "test (2)"]


def test_no_figure_stays_in_memory(tmp_path):
    from matplotlib import pyplot

    charts.heat_map_figure(flat(0), flat(9), tmp_path / "a.png", "a title " * 20)
    assert pyplot.get_fignums() == []


def test_uncertainty_figure_draws_every_protocol_and_its_oracle(saved, tmp_path, rng):
    error = rng.exponential(5, 1000)
    samples = [PixelSample(name, error, error + 1) for name in ("lines", "irregular", "objects")]
    charts.uncertainty_figure(summarise_uncertainty(samples), tmp_path / "uncertainty.png")
    left, right = saved[0].axes
    assert len(left.lines) == 6 and len(right.lines) == 4  # the diagonal too
    assert "AUSE 0.000" in left.lines[0].get_label()
