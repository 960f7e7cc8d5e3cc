"""The shared pictures by their pixels, the charts by what they draw."""

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

from inpainting import charts
from inpainting.errors import InvalidImage
from inpainting.figures import (
    COLUMNS,
    GAP,
    HEADER,
    HOLE_COLOUR,
    GridRow,
    contact_sheet,
    difference_heat_map,
    five_column_grid,
    loss_figure,
)
from inpainting.metrics import PSNR_CAP
from inpainting.summary import MEASURES
from inpainting.uncertainty import PixelSample, summarise_uncertainty


def flat(level: int, size: tuple[int, int] = (30, 20)) -> Image.Image:
    return Image.new("RGB", size, (level,) * 3)


def inferno(level: float) -> tuple[int, ...]:
    return tuple(int(channel) for channel in colormaps["inferno"](float(level), bytes=True)[:3])


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


@pytest.mark.parametrize(
    ("difference", "level"), [(0, 0.0), (32, 0.5), (64, 1.0), (65, 1.0), (255, 1.0)]
)
def test_heat_map_has_one_fixed_scale(difference, level):
    heat = difference_heat_map(flat(0), flat(difference))
    assert (heat.mode, heat.size) == ("RGB", (30, 20))
    assert heat.getcolors() == [(600, inferno(level))]


def test_heat_map_takes_arrays_and_images_in_any_order():
    a = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    expected = difference_heat_map(Image.fromarray(a), flat(128)).tobytes()
    assert difference_heat_map(a, np.asarray(flat(128))).tobytes() == expected
    assert difference_heat_map(flat(128), a).tobytes() == expected


def test_heat_map_averages_channels():
    red = Image.new("RGB", (2, 2), (96, 0, 0))
    assert difference_heat_map(flat(0, (2, 2)), red).getpixel((0, 0)) == inferno(0.5)


def test_heat_map_refuses_two_sizes():
    with pytest.raises(InvalidImage, match="30×20 .* 20×20"):
        difference_heat_map(flat(0), flat(0, (20, 20)))


def test_grid_shows_the_five_pictures_pixel_for_pixel():
    mask_image = Image.new("L", (30, 20))
    mask_image.paste(255, (0, 0, 10, 20))
    rows = [(flat(100), mask_image, flat(164)), GridRow(flat(1), mask_image, flat(1), "second")]
    grid = five_column_grid(rows)
    height = GAP + HEADER + 20 + GAP + HEADER + 20 + GAP  # only the second row has a caption
    assert grid.size == (GAP + len(COLUMNS) * (30 + GAP), height)

    top = GAP + HEADER
    inside = [grid.getpixel((GAP + i * (30 + GAP) + 2, top + 2)) for i in range(5)]
    assert inside == [(100,) * 3, (255,) * 3, HOLE_COLOUR, (164,) * 3, inferno(1)]
    outside = [grid.getpixel((GAP + i * (30 + GAP) + 28, top + 2)) for i in range(5)]
    assert outside == [(100,) * 3, (0,) * 3, (100,) * 3, (164,) * 3, inferno(1)]
    second = grid.getpixel((GAP + 28, top + 20 + GAP + HEADER + 2))
    assert second == (1, 1, 1)


def test_column_names_can_be_written_in_pillows_font():
    assert "".join(COLUMNS).isascii()


def test_loss_figure_draws_what_the_history_has(tmp_path, saved):
    history = [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25, "val_loss": 0.3, "psnr": 21}]
    loss_figure(history, tmp_path / "loss.png")
    left, right = saved[0].axes
    assert [line.get_ydata().tolist() for line in left.lines] == [[0.5, 0.25], [0.3]]
    assert [line.get_ydata().tolist() for line in right.lines] == [[21]]
    loss_figure(history[:1], tmp_path / "first.png")
    assert len(saved[1].axes) == 1
    with Image.open(tmp_path / "loss.png") as picture:
        assert picture.size == (1050, 630)


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


def test_contact_sheet_shows_input_and_result_of_every_pair():
    size, hole = (20, 30), np.zeros((20, 30), bool)
    hole[:5] = True
    tiles = [(np.full((*size, 3), i, np.uint8), hole, np.full((*size, 3), 100 + i, np.uint8))
             for i in range(5)]  # fmt: skip
    sheet = np.asarray(contact_sheet(tiles))
    assert sheet.shape == (2 * (20 + GAP) + GAP, 4 * (2 * 30 + 3 * GAP), 3)
    for i in range(5):
        x, y = GAP + i % 4 * (60 + 3 * GAP), GAP + i // 4 * (20 + GAP)
        assert (sheet[y : y + 5, x : x + 30] == HOLE_COLOUR).all()
        assert (sheet[y + 5 : y + 20, x : x + 30] == i).all()
        result = x + 30 + GAP // 2
        assert (sheet[y : y + 20, result : result + 30] == 100 + i).all()


def test_uncertainty_figure_draws_both_protocols_and_their_oracles(saved, tmp_path, rng):
    error = rng.exponential(5, 1000)
    samples = [PixelSample(name, error, error + 1) for name in ("lines", "irregular")]
    charts.uncertainty_figure(summarise_uncertainty(samples), tmp_path / "uncertainty.png")
    left, right = saved[0].axes
    assert len(left.lines) == 4 and len(right.lines) == 3  # the diagonal too
    assert "AUSE 0.000" in left.lines[0].get_label()
