"""Strict loading, damage of every kind, and the way over the Hub."""

import hashlib
import json
import os
import pickle
import shutil
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inpainting import InpaintingError, PConvUNet, ResidualUNet, load_pretrained, save_pretrained
from inpainting.errors import CheckpointError
from inpainting.models.bundled import BUNDLED, BUNDLED_SHA256
from inpainting.models.checkpoint import weights_digest
from inpainting.models.residual_unet import ResidualUNetConfig
from tests.conftest import TINY
from tests.models.networks import NARROW, trained
from tests.training.fake_hub import fake_hub


def test_round_trip(tiny_model, tiny_checkpoint):
    loaded = load_pretrained(tiny_checkpoint)
    assert loaded.config == TINY and not loaded.training
    for name, weight in tiny_model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], weight, rtol=2e-3, atol=1e-4)
    assert all(p.dtype == torch.float32 for p in loaded.parameters())


@pytest.mark.parametrize("name", NARROW)
def test_every_network_comes_back_as_what_it_was(name, tmp_path):
    model = trained(name)
    save_pretrained(model, tmp_path)
    loaded = load_pretrained(tmp_path)
    assert type(loaded) is type(model) and loaded.config == model.config


def test_files_are_half_precision_and_hold_no_mask_weights(tiny_checkpoint):
    weights = load_file(tiny_checkpoint / "model.safetensors")
    assert {str(w.dtype) for w in weights.values()} <= {"torch.float16", "torch.int64"}
    assert set(weights) == set(ResidualUNet(TINY).state_dict())


def test_saving_again_replaces_both_files_and_leaves_others_alone(tiny_model, tmp_path):
    save_pretrained(tiny_model, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "model.safetensors"}
    (tmp_path / "README.md").write_text("# By hand\n")
    save_pretrained(PConvUNet(NARROW["paper, units"]), tmp_path)
    assert isinstance(load_pretrained(tmp_path), PConvUNet)
    assert (tmp_path / "README.md").read_text() == "# By hand\n"


# Written by hand, as version 0.1 wrote it and as this one does.
BEFORE, NOW = {"residual": True}, {"architecture": "residual_unet"}


@pytest.mark.parametrize("said", [BEFORE, NOW, {}], ids=["residual", "architecture", "neither"])
def test_the_bundled_weights_load_whatever_their_config_says_of_the_network(said, tmp_path):
    folder = tmp_path / "bundled"
    shutil.copytree(BUNDLED, folder)
    values = json.loads((folder / "config.json").read_text())
    for name in (*BEFORE, *NOW):
        values.pop(name, None)
    (folder / "config.json").write_text(json.dumps(values | said))
    model = load_pretrained(folder, sha256=BUNDLED_SHA256)
    assert isinstance(model, ResidualUNet)
    assert replace(model.config, error_scale=1.0) == ResidualUNetConfig()
    assert weights_digest(folder) == weights_digest() == BUNDLED_SHA256
    bundled = load_pretrained().state_dict()
    assert all(torch.equal(bundled[name], w) for name, w in model.state_dict().items())


def test_the_bundled_weights_are_of_no_other_network(tmp_path):
    shutil.copytree(BUNDLED, tmp_path, dirs_exist_ok=True)
    values = json.loads((tmp_path / "config.json").read_text())
    for name in ("architecture", "error_channels", "error_scale"):  # younger than ``residual``
        values.pop(name, None)
    (tmp_path / "config.json").write_text(json.dumps(values | {"residual": False}))
    with pytest.raises(CheckpointError, match="does not fit its config.json: missing decoder"):
        load_pretrained(tmp_path)


def change_weights(folder: Path, change) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    change(weights)
    save_file(weights, path)


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda w: w.pop("head.bias"), "missing head.bias"),
        (lambda w: w.update({"foreign.weight": torch.zeros(1)}), "unexpected foreign.weight"),
        (lambda w: w.update({"head.bias": torch.zeros(9)}), "another shape head.bias"),
        (lambda w: w["head.bias"].fill_(torch.nan), "NaN or infinity in head.bias"),
        (lambda w: (w.clear(), w.update(a=torch.zeros(1))), "missing .* and .* more"),
    ],
)
def test_weights_that_do_not_fit_are_named(tiny_checkpoint, change, words):
    change_weights(tiny_checkpoint, change)
    with pytest.raises(CheckpointError, match=words):
        load_pretrained(tiny_checkpoint)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


@pytest.mark.parametrize(
    "name, damage, words",
    [
        ("model.safetensors", truncate, "could not be read"),
        ("model.safetensors", Path.unlink, "missing, damaged"),
        ("model.safetensors", lambda p: torch.save({"a": 1}, p), "not a safetensors file"),
        ("config.json", Path.unlink, "no configuration"),
        ("config.json", lambda p: p.write_text("{"), "no configuration"),
        ("config.json", lambda p: p.write_text('{"depth": 3}'), "no configuration.*depth"),
        ("config.json", lambda p: p.write_text('{"norm": "x"}'), "norm is 'x'"),
        ("config.json", lambda p: p.write_text('{"architecture": "x"}'), "architecture is 'x'"),
        ("config.json", lambda p: p.write_text('{"architecture": [3]}'), "no configuration"),
    ],
)
def test_damaged_files_are_refused(tiny_checkpoint, name, damage, words):
    damage(tiny_checkpoint / name)
    with pytest.raises(CheckpointError, match=words):
        load_pretrained(tiny_checkpoint)


class Trap:
    """Runs when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def giant_header(path: Path) -> None:
    length = 200_000_000
    path.write_bytes(struct.pack("<Q", length) + b'{"a":')
    os.truncate(path, 8 + length)  # the rest is a hole in the file


def far_offsets(path: Path) -> None:
    header = b'{"head.bias":{"dtype":"F32","shape":[3],"data_offsets":[0,999999999999]}}'
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(12))


@pytest.mark.parametrize("damage", [giant_header, far_offsets])
def test_absurd_headers_are_refused(tiny_checkpoint, damage):
    damage(tiny_checkpoint / "model.safetensors")
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        load_pretrained(tiny_checkpoint)


def test_a_pickle_inside_is_refused_and_never_run(tiny_checkpoint, tmp_path):
    path, mark = tiny_checkpoint / "model.safetensors", tmp_path / "it ran"
    for content in (pickle.dumps(Trap(mark)), pickle.dumps({"head.bias": Trap(mark)}, protocol=2)):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="not a safetensors file"):
            load_pretrained(tiny_checkpoint)
    torch.save({"head.bias": Trap(mark)}, path)
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        load_pretrained(tiny_checkpoint)
    path.unlink()
    torch.save({"head.bias": Trap(mark)}, tiny_checkpoint / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="missing"):
        load_pretrained(tiny_checkpoint)
    assert not mark.exists()
    pickle.loads(pickle.dumps(Trap(mark)))
    assert mark.exists(), "the trap is none"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("channels", [10**12, 12]), ("channels", [8192] * 2), ("channels", "ab"),
        ("channels", [8.0, 12]), ("kernels", [0, 3]), ("units", [10**9, 1]), ("strides", [1, -2]),
        ("fold", 10**6), ("smooth_steps", 10**9), ("channels", [[1], 2]), ("norm", ["batch"]),
        ("channels", None), ("fold", True),
    ],
)  # fmt: skip
def test_absurd_configurations_are_refused_without_building_them(tiny_checkpoint, name, value):
    config = tiny_checkpoint / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {name: value}))
    with pytest.raises(CheckpointError, match="no configuration|does not fit|no network"):
        load_pretrained(tiny_checkpoint)


@pytest.mark.parametrize(
    "content", ["[" * 100_000, "[]", "null", "1", '{"channels": [' + "1," * 99]
)
def test_other_json_is_no_configuration(tiny_checkpoint, content):
    (tiny_checkpoint / "config.json").write_text(content)
    with pytest.raises(CheckpointError, match="no configuration"):
        load_pretrained(tiny_checkpoint)


def test_only_the_expected_weights_are_read(tiny_checkpoint, monkeypatch):
    path = tiny_checkpoint / "model.safetensors"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert load_pretrained(tiny_checkpoint, sha256=digest.upper()).config == TINY
    flipped = bytearray(path.read_bytes())
    flipped[-1] ^= 1
    path.write_bytes(flipped)
    load_pretrained(tiny_checkpoint)  # nobody said what to expect
    with pytest.raises(CheckpointError, match=f"and {digest} is expected"):
        load_pretrained(tiny_checkpoint, sha256=digest)
    monkeypatch.setattr("inpainting.models.checkpoint.BUNDLED", tiny_checkpoint)
    with pytest.raises(CheckpointError, match="is expected"):
        load_pretrained()
    monkeypatch.undo()
    assert weights_digest() == BUNDLED_SHA256


def test_a_download_must_be_what_the_hub_told(tiny_checkpoint, monkeypatch):
    weights = tiny_checkpoint / "model.safetensors"
    blob = tiny_checkpoint / hashlib.sha256(weights.read_bytes()).hexdigest()
    weights.rename(blob)
    weights.symlink_to(blob)
    monkeypatch.setattr(
        "huggingface_hub.hf_hub_download",
        lambda repo_id, filename, revision: str(tiny_checkpoint / filename),
    )
    assert load_pretrained("user/net").config == TINY
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    with pytest.raises(CheckpointError, match=f"and {blob.name} is expected"):
        load_pretrained("user/net")


def test_missing_checkpoint_is_refused_without_network(tmp_path):
    assert issubclass(CheckpointError, InpaintingError)
    for name in (str(tmp_path / "nowhere"), "nobody/nothing", "a b c"):
        with pytest.raises(CheckpointError, match="check the name"):
            load_pretrained(name)


CLIENT = """
import sys
from dataclasses import replace
from inpainting import load_pretrained
for revision in sys.argv[1:]:
    print(load_pretrained("user/net", revision or None).config.channels)
"""


def client(hub_url: str, cache: Path, *revisions: str, **env: str) -> str:
    """What a process of its own prints: the Hub's address is read at import."""
    environment = os.environ | {
        "HF_ENDPOINT": hub_url, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "0",
        "HF_TOKEN": "hf_canary", "HF_HUB_DISABLE_XET": "1", **env,
    }  # fmt: skip
    command = [sys.executable, "-c", CLIENT, *revisions]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert "hf_canary" not in found.stdout + found.stderr
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.mark.slow
def test_load_from_the_hub_by_revision_then_offline(tiny_checkpoint, tmp_path):
    names = ("config.json", "model.safetensors")
    files = {name: (tiny_checkpoint / name).read_bytes() for name in names}
    weights = files["model.safetensors"]
    with fake_hub() as hub:
        hub.stored[hashlib.sha256(weights).hexdigest()] = weights  # a large file
        commit = hub.add("user/net", files)
        told = client(hub.url, tmp_path / "hf", "", commit)
        assert told == 2 * f"{TINY.channels}\n"
        assert not hub.leaks and "hf_canary" not in json.dumps(hub.log)
    offline = client(hub.url, tmp_path / "hf", commit, HF_HUB_OFFLINE="1")
    assert offline == f"{TINY.channels}\n"


def test_a_checkpoint_is_identified_by_its_weights(monkeypatch, tiny_checkpoint):
    def download(repo_id, filename, revision):
        commit = tiny_checkpoint.name  # as the cache names a commit's folder
        assert (repo_id, revision) == ("user/net", "v1" if filename == "config.json" else commit)
        return str(tiny_checkpoint / filename)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    expected = hashlib.sha256((tiny_checkpoint / "model.safetensors").read_bytes()).hexdigest()
    assert weights_digest("user/net", "v1") == weights_digest(tiny_checkpoint) == expected
    assert weights_digest() != expected


def test_the_bundled_files_are_small_and_have_their_card():
    assert (BUNDLED / "model.safetensors").stat().st_size <= 16_000_000
    card = (BUNDLED / "README.md").read_text()
    assert "cc-by-nc-sa-4.0" in card and "white = repaint" in card
