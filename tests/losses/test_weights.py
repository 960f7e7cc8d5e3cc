"""Loss weights as they are spelled on a command line."""

from dataclasses import asdict

import pytest

from inpainting.errors import InvalidConfig
from inpainting.losses.weights import LossWeights, parse_losses
from tests.losses.papers import PAPER


def test_losses_by_name():
    assert parse_losses(["hole=6", "valid=1"]) == LossWeights(log_mse=0, hole=6, valid=1)
    assert parse_losses(["log_mse=1", "style=0"]) == LossWeights()
    words = [f"{name}={weight}" for name, weight in asdict(PAPER).items()]
    assert parse_losses(words) == PAPER


@pytest.mark.parametrize(
    "items, problem",
    [
        (["hole"], "'hole' has no ="),
        (["hole=1", "l2=1"], "'l2' is no loss"),
        (["hole=1", "hole=2"], "hole is given twice"),
        (["hole=much"], "'much' is no finite number"),
        (["hole="], "'' is no finite number"),
        (["hole=-1"], "'-1' is no finite number"),
        (["hole=nan"], "'nan' is no finite number"),
        (["hole=inf"], "'inf' is no finite number"),
        (["hole=0", "ssim=0"], "no weight is above 0"),
        ([], "no weight is above 0"),
    ],
)
def test_losses_that_cannot_be(items, problem):
    with pytest.raises(InvalidConfig, match="give NAME=WEIGHT.*log_mse.*style") as caught:
        parse_losses(items)
    assert problem in str(caught.value)
