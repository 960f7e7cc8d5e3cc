"""The checkpoint that the environment names."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from inpainting import ResidualUNet, save_pretrained
from inpainting.classical.registry import CLASSICAL
from inpainting.demo import checkpoint
from inpainting.demo.examples import EXAMPLES, read_mask_image, read_photo
from inpainting.errors import CheckpointError, InvalidConfig
from inpainting.evaluation.metrics import score
from inpainting.io.images import read_picture
from inpainting.models.bundled import BUNDLED
from tests.conftest import TINY


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    for variable in ("INPAINTING_CHECKPOINT", "INPAINTING_NETWORKS"):
        monkeypatch.delenv(variable, raising=False)
    for function in (checkpoint.loaded, checkpoint.checkpoint_name):
        function.cache_clear()
    yield
    for function in (checkpoint.loaded, checkpoint.checkpoint_name):
        function.cache_clear()


def test_the_environment_selects_it(tiny_checkpoint, tiny_model, monkeypatch):
    monkeypatch.setenv("INPAINTING_CHECKPOINT", str(tiny_checkpoint))
    pipeline = checkpoint.load_pipeline()
    assert pipeline is checkpoint.load_pipeline()
    assert pipeline.predictor.model.config == tiny_model.config
    assert re.fullmatch(r"tiny, [0-9a-f]{8}", checkpoint.checkpoint_name())


def test_it_is_loaded_once_for_all_who_ask_at_once(tiny_checkpoint, monkeypatch):
    monkeypatch.setenv("INPAINTING_CHECKPOINT", str(tiny_checkpoint))
    with ThreadPoolExecutor(4) as pool:
        pipelines = list(pool.map(lambda _: checkpoint.load_pipeline(), range(4)))
    assert len(set(map(id, pipelines))) == 1


def test_only_the_bundled_network_follows_the_page(tiny_checkpoint, monkeypatch):
    assert checkpoint.may_follow_the_page()
    with monkeypatch.context() as there:  # a ZeroGPU Space
        there.setattr(checkpoint, "spaces", SimpleNamespace())
        assert not checkpoint.may_follow_the_page()
    with monkeypatch.context() as damaged:
        damaged.setattr("inpainting.models.bundled.BUNDLED", tiny_checkpoint)
        assert not checkpoint.may_follow_the_page()
    with monkeypatch.context() as other:
        other.setenv("INPAINTING_SHA256", "ab" * 32)
        assert not checkpoint.may_follow_the_page()
    with monkeypatch.context() as more:
        more.setenv("INPAINTING_NETWORKS", f"tiny={tiny_checkpoint}")
        assert not checkpoint.may_follow_the_page()
    monkeypatch.setenv("INPAINTING_CHECKPOINT", str(tiny_checkpoint))
    assert not checkpoint.may_follow_the_page()


@pytest.mark.parametrize("given", ["user/repo", "user/repo@main", "user/repo@v1", "/no/folder"])
def test_weights_of_the_hub_are_pinned_by_commit(monkeypatch, given):
    monkeypatch.setenv("INPAINTING_CHECKPOINT", given)
    with pytest.raises(CheckpointError, match="a Hub id with a commit"):
        checkpoint.load_pipeline()


def test_a_commit_and_a_digest_are_told_apart(monkeypatch):
    commit = "0123456789" * 4
    monkeypatch.setenv("INPAINTING_CHECKPOINT", f"user/repo@{commit}")
    monkeypatch.setenv("INPAINTING_SHA256", "ab" * 32)
    assert checkpoint.checkpoint() == ("user/repo", commit, "ab" * 32)


def test_more_networks_are_named_and_loaded_beside_the_default_one(tiny_checkpoint, monkeypatch):
    commit = "0123456789" * 4
    named = f"tiny={tiny_checkpoint}  far=user/repo@{commit}"
    monkeypatch.setenv("INPAINTING_NETWORKS", named)
    assert checkpoint.networks() == {
        "default": (None, None, None),
        "tiny": (str(tiny_checkpoint), None, None),
        "far": ("user/repo", commit, None),
    }
    tiny, default = (checkpoint.load_pipeline(network=name) for name in ("tiny", "default"))
    assert tiny is checkpoint.load_pipeline(network="tiny") is not default
    assert re.fullmatch(r"tiny, [0-9a-f]{8}", checkpoint.checkpoint_name("tiny"))
    with pytest.raises(InvalidConfig, match="no network 'other': use one of .*'tiny'"):
        checkpoint.load_pipeline(network="other")


def test_networks_are_described_by_their_shapes(tmp_path, tiny_checkpoint, monkeypatch):
    for name, changes in (("drawn", {"guides": True}), ("looking", {"passes": 3})):
        save_pretrained(ResidualUNet(replace(TINY, **changes)), tmp_path / name)
    named = f"drawn={tmp_path / 'drawn'} looking={tmp_path / 'looking'}"
    monkeypatch.setenv("INPAINTING_NETWORKS", named)
    assert checkpoint.described() == [
        {"name": "default", "lines": False, "passes": 1},
        {"name": "drawn", "lines": True, "passes": 1},
        {"name": "looking", "lines": False, "passes": 3},
    ]
    (tmp_path / "drawn" / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match="has no config.json that can be read"):
        checkpoint.described()


@pytest.mark.parametrize(
    "given", ["tiny", "=/tmp", "Tiny=/tmp", "a b=/tmp", "default=/tmp", "a=/tmp a=/tmp"]
)
def test_what_names_no_network_is_told(monkeypatch, given):
    monkeypatch.setenv("INPAINTING_NETWORKS", given)
    with pytest.raises(CheckpointError, match="give NAME=FOLDER"):
        checkpoint.networks()


def test_other_weights_than_expected_are_not_served(tiny_checkpoint, monkeypatch):
    monkeypatch.setenv("INPAINTING_CHECKPOINT", str(tiny_checkpoint))
    monkeypatch.setenv("INPAINTING_SHA256", "ab" * 32)
    with pytest.raises(CheckpointError, match="is expected"):
        checkpoint.load_pipeline()


def test_the_bundled_one_beats_the_mean():
    assert (BUNDLED / "model.safetensors").is_file()
    assert checkpoint.checkpoint_name().startswith("bundled weights, ")
    image, mask_image = read_photo(EXAMPLES[0]), read_mask_image(EXAMPLES[0])
    original = np.array(read_picture(EXAMPLES[0].original).image)
    hole = np.array(mask_image) > 0
    ours = np.array(checkpoint.load_pipeline()(image, mask_image))
    mean = CLASSICAL["mean"].fill(np.array(image), hole)
    ours, mean = (score(original, filled, hole).hole_psnr for filled in (ours, mean))
    assert ours > mean + 6  # at most half the error
