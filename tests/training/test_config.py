"""Settings of a run: their ranges, how long it is, what may change between restarts."""

import math
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from inpainting.errors import InvalidConfig
from inpainting.training.config import (
    EPOCHS,
    NOT_NEGATIVE,
    POSITIVE,
    SHARES,
    STREAM_VALIDATION_STEPS,
    TrainConfig,
    changes,
    flag,
)


@pytest.mark.parametrize("name", [*POSITIVE, *NOT_NEGATIVE, *SHARES])
def test_a_number_out_of_its_range_is_refused_with_its_flag(name):
    """At the end of the range it is accepted; not beyond, and never as something else than one."""
    low = 1 if name in POSITIVE else 0
    assert getattr(TrainConfig(**{name: low}), name) == low
    for value in (low - 1, -math.inf, math.nan, *((1.01,) if name in SHARES else ())):
        with pytest.raises(InvalidConfig, match=f"^{flag(name)} is {value}: it must "):
            TrainConfig(**{name: value})


def test_streaming_needs_a_set():
    with pytest.raises(InvalidConfig, match="--streaming needs --data"):
        TrainConfig(streaming=True)
    assert TrainConfig(streaming=True, data="u/d").streaming


def test_it_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        TrainConfig().size = 3


def test_a_length_gives_an_end_where_none_was_given():
    assert TrainConfig().with_length(100).epochs == EPOCHS
    assert TrainConfig(max_steps=3).with_length(100).epochs is None
    assert TrainConfig(epochs=2, max_steps=3).with_length(100).epochs == 2
    assert TrainConfig().with_length(100).validation_steps is None
    stream = TrainConfig(data="u/d", streaming=True, max_minutes=1)
    assert stream.with_length(None).validation_steps == STREAM_VALIDATION_STEPS
    for without_end in (TrainConfig(), TrainConfig(epochs=2)):
        with pytest.raises(InvalidConfig, match="give --max-steps or --max-minutes"):
            without_end.with_length(None)


def test_the_nearest_limit_counts():
    config = TrainConfig(epochs=2, max_steps=10, max_minutes=1)
    assert config.done(step=2, samples=10, seconds=6, length=10) == 0.5  # epochs
    assert config.done(step=8, samples=10, seconds=6, length=10) == 0.8  # steps
    assert config.done(step=2, samples=10, seconds=54, length=10) == 0.9  # minutes
    assert config.done(step=2, samples=10, seconds=6, length=None) == 0.2


def test_options_are_plain_and_hold_no_secret():
    config = TrainConfig(hub_token="hf_canary", command="python train.py", mask_dir=Path("m"))
    options = config.as_options()
    assert options["mask-dir"] == "m" and options["output-dir"] == "runs/train"
    assert not {"hub-token", "command", "dry-run", "config"} & options.keys()
    assert "hf_canary" not in str(options) and list(options) == sorted(options)


def test_changes_are_those_that_decide_the_numbers():
    before = TrainConfig(seed=1, max_steps=3, output_dir=Path("a")).as_options()
    now = TrainConfig(seed=2, max_steps=9, output_dir=Path("b"), num_workers=0).as_options()
    assert changes(before, now) == ["--seed 2 (was 1)"]
    assert changes(before, before) == []
