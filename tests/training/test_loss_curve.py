"""The training curve, by what it draws."""

from PIL import Image

from inpainting.evaluation.charts import blank_figure
from inpainting.training import loss_curve


def test_the_figure_draws_what_the_history_has(tmp_path, monkeypatch):
    figures = []

    def noted(*size):
        figures.append(blank_figure(*size))
        return figures[-1]

    monkeypatch.setattr(loss_curve, "blank_figure", noted)
    history = [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25, "val_loss": 0.3, "psnr": 21}]
    loss_curve.loss_figure(history, tmp_path / "loss.png")
    left, right = figures[0].axes
    assert [line.get_ydata().tolist() for line in left.lines] == [[0.5, 0.25], [0.3]]
    assert [line.get_ydata().tolist() for line in right.lines] == [[21]]
    loss_curve.loss_figure(history[:1], tmp_path / "first.png")
    assert len(figures[1].axes) == 1
    with Image.open(tmp_path / "loss.png") as picture:
        assert picture.size == (1050, 630)
