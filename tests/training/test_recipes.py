"""Recipes: what flags change in them, and their learning rates."""

from dataclasses import replace

import pytest

from inpainting.errors import InvalidConfig
from inpainting.losses.weights import LossWeights
from inpainting.training.config import TrainConfig
from inpainting.training.recipes import RECIPES, lr_at, recipe_of


@pytest.mark.parametrize("name", RECIPES)
def test_flags_change_what_they_name_and_nothing_else(name):
    assert recipe_of(TrainConfig(recipe=name)) == RECIPES[name]
    config = TrainConfig(
        recipe=name, lr=0.1, lr_warmup_steps=0, max_grad_norm=0, loss=["hole=6", "tv=0.1"],
        crop=32, batch_size=3,
    )  # fmt: skip
    loss = LossWeights(log_mse=0, hole=6, tv=0.1)
    expected = replace(RECIPES[name], lr=0.1, warmup=0, clip=0, loss=loss, crop=32, batch_size=3)
    assert recipe_of(config) == expected


def test_a_window_is_no_larger_than_the_picture():
    assert recipe_of(TrainConfig(size=32)).crop == 32
    assert recipe_of(TrainConfig(size=512)).crop == RECIPES["default"].crop


def test_classic_sees_whole_pictures_of_any_size_unless_told_otherwise():
    for size in (64, 256, 512):
        classic = TrainConfig(size=size, recipe="classic")
        assert (recipe_of(classic).crop, recipe_of(replace(classic, crop=32)).crop) == (None, 32)


def test_a_loss_that_does_not_exist_is_refused():
    with pytest.raises(InvalidConfig, match="'sharpness' is no loss"):
        recipe_of(TrainConfig(loss=["sharpness=1"]))


def test_learning_rate_warms_up_and_ends_at_one_percent():
    recipe = replace(RECIPES["default"], lr=1.0)
    assert lr_at(recipe, 0, 0.0) == pytest.approx(1 / recipe.warmup)
    assert lr_at(recipe, recipe.warmup, 0.0) == pytest.approx(1.0)
    assert lr_at(recipe, 9999, 0.5) == pytest.approx(0.505)
    assert lr_at(recipe, 9999, 1.0) == pytest.approx(0.01)
    assert lr_at(replace(recipe, schedule=False), 0, 0.7) == 1.0
