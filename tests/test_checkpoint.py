"""Strict loading, damage of every kind, and the way over the Hub."""

import hashlib
import json
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inpainting import InpaintingError, PConvUNet, load_pretrained, push_to_hub, save_pretrained
from inpainting.checkpoint import BUNDLED_SHA256, weights_digest
from inpainting.errors import CheckpointError
from tests.conftest import TINY
from tests.fake_hub import fake_hub


def test_round_trip(tiny_model, tiny_checkpoint):
    loaded = load_pretrained(tiny_checkpoint)
    assert loaded.config == TINY and not loaded.training
    for name, weight in tiny_model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], weight, rtol=2e-3, atol=1e-4)
    assert all(p.dtype == torch.float32 for p in loaded.parameters())


def test_files_are_half_precision_and_hold_no_mask_weights(tiny_checkpoint):
    weights = load_file(tiny_checkpoint / "model.safetensors")
    assert {str(w.dtype) for w in weights.values()} <= {"torch.float16", "torch.int64"}
    assert set(weights) == set(PConvUNet(TINY).state_dict())


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
    header = b'{"a":' + b" " * 200_000_000
    path.write_bytes(struct.pack("<Q", len(header)) + header)


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
    monkeypatch.setattr("inpainting.checkpoint.BUNDLED", tiny_checkpoint)
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
    for name in (str(tmp_path / "nowhere"), "nobody/nothing", "a b c"):
        with pytest.raises(CheckpointError, match="check the name"):
            load_pretrained(name)


CLIENT = """
import sys
from inpainting import load_pretrained, push_to_hub
action, *args = sys.argv[1:]
if action == "push":
    print(push_to_hub(*args))
else:
    print(load_pretrained(*args).config.channels)
"""


def client(hub_url: str, cache: Path, *args: str, **env: str) -> subprocess.CompletedProcess:
    """A process of its own: the Hub's address is read at import."""
    environment = os.environ | {
        "HF_ENDPOINT": hub_url, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "0",
        "HF_TOKEN": "hf_canary", "HF_HUB_DISABLE_XET": "1", **env,
    }  # fmt: skip
    command = [sys.executable, "-c", CLIENT, *args]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_push_then_load_by_revision_then_offline(tiny_checkpoint, tmp_path):
    (tiny_checkpoint / "state").mkdir()
    (tiny_checkpoint / "state" / "latest.pt").write_bytes(b"private")
    with fake_hub() as hub:
        first = client(hub.url, tmp_path / "hf", "push", str(tiny_checkpoint), "user/net")
        assert first.returncode == 0, first.stderr
        commit = first.stdout.strip()
        assert set(hub.files["user/net"][commit]) == {
            "config.json", "model.safetensors", "README.md"
        }  # fmt: skip
        for revision in ([], [commit]):
            loaded = client(hub.url, tmp_path / "hf", "load", "user/net", *revision)
            assert loaded.stdout.strip() == str(TINY.channels), loaded.stderr
        assert "hf_canary" not in first.stdout + first.stderr + json.dumps(hub.log)
    offline = client(hub.url, tmp_path / "hf", "load", "user/net", commit, HF_HUB_OFFLINE="1")
    assert offline.stdout.strip() == str(TINY.channels), offline.stderr


def test_refused_push_keeps_the_files_and_says_what_to_do(tiny_checkpoint, tmp_path):
    with fake_hub() as hub:
        hub.refuse_with = 401
        output = client(hub.url, tmp_path / "hf", "push", str(tiny_checkpoint), "user/net")
    assert output.returncode != 0
    assert "CheckpointError" in output.stderr and "hf auth login" in output.stderr
    assert (tiny_checkpoint / "model.safetensors").exists()


def test_save_replaces_and_push_is_importable(tiny_model, tmp_path):
    save_pretrained(tiny_model, tmp_path, card="# One\n")
    save_pretrained(tiny_model, tmp_path, card="# Two\n")
    assert (tmp_path / "README.md").read_text() == "# Two\n"
    assert callable(push_to_hub) and issubclass(CheckpointError, InpaintingError)


def test_a_checkpoint_is_identified_by_its_weights(monkeypatch, tiny_checkpoint):
    def download(repo_id, filename, revision):
        commit = tiny_checkpoint.name  # as the cache names a commit's folder
        assert (repo_id, revision) == ("user/net", "v1" if filename == "config.json" else commit)
        return str(tiny_checkpoint / filename)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    expected = hashlib.sha256((tiny_checkpoint / "model.safetensors").read_bytes()).hexdigest()
    assert weights_digest("user/net", "v1") == weights_digest(tiny_checkpoint) == expected
    assert weights_digest() != expected
