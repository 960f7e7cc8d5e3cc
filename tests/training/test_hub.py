"""The Hub beside training: refusals before the first step, faults while it runs, cards that stay.

The Hub is ``fake_hub.py``; its faults are real: statuses, silence, broken connections.
"""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import HfApi
from safetensors.torch import load_file, save

from inpainting import InpaintingPipeline, load_pretrained, save_pretrained
from inpainting.errors import CheckpointError, HubError
from inpainting.training.hub import Patience, Pusher, check
from inpainting.training.model_card import model_card
from tests.running_app import ROOT
from tests.training.cards import FACTS, GENERATED, THEIRS
from tests.training.conftest import uploading, wait_for
from tests.training.fake_hub import CANARY, FakeHub

# The library's own PUT of large files still calls its client in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

REPO = "user/net"
QUICK = Patience(answer=0.5, delays=(0.01,) * 4, limit=30)


@pytest.fixture
def folder(tmp_path) -> Path:
    """What a run holds after a while."""
    files = {
        "config.json": "{}", "model.safetensors": "weights 1", "README.md": GENERATED,
        "samples.png": "grid", "metrics.jsonl": "1", "args.yaml": "lr: 1", "eval/psnr.png": "p",
        "eval/results.json": "{}", "eval/scores.csv": "many", "state/latest.pt": "private",
        "samples/step-1.png": "old", "model.safetensors.partial": "half",
    }  # fmt: skip
    for name, text in files.items():
        path = tmp_path / "run" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "run"


def pusher(folder: Path, patience: Patience = QUICK) -> Pusher:
    return Pusher(folder, check(REPO, patience=QUICK), patience=patience)


def commits(hub: FakeHub) -> list[dict[str, bytes]]:
    return list(hub.files[REPO].values())


# Before the first step


def test_check_makes_the_repository_and_tells_its_whole_name(hub):
    assert check("net", private=True) == REPO
    assert check(REPO) == REPO
    assert hub.private == {REPO} and hub.files == {REPO: {}}


def test_check_outlasts_a_short_failure(hub):
    hub.fail("repos/create", 503, 2)
    hub.fail("auth-check", "close")
    assert check(REPO, patience=QUICK) == REPO


@pytest.mark.parametrize(
    "repo, private, route, do, words",
    [
        (REPO, False, "whoami", 401, "401 Unauthorized.*hf auth login"),
        (REPO, False, "create", 403, "403 Forbidden.*may write"),
        (REPO, False, "auth-check/write", 403, "403 Forbidden.*may write"),
        (REPO, False, "", 500, "500 .*try again later"),
        (REPO, False, "", "hang", "timed out.*try again later"),
        (REPO, False, "", "close", "try again later"),
        ("other/net", False, None, 0, "other/net.*rights to write here.*another repository"),
        ("nobody/net", False, None, 0, "403 Forbidden.*rights to create"),
        ("a b/c", False, None, 0, "no name of a repository: give user/name"),
        ("user/open", True, None, 0, "public already"),
    ],
)
def test_check_refuses(hub, repo, private, route, do, words):
    hub.add("other/net", {})
    hub.add("user/open", {})
    if route is not None:
        hub.fail(route, do, 99)
    with pytest.raises(HubError, match=words) as caught:
        check(repo, private=private, patience=replace(QUICK, answer=0.2))
    assert str(caught.value).count("\n") == 0


def test_check_without_a_token_asks_for_one(hub, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(HubError, match="there is none.*hf auth login.*HF_TOKEN"):
        check(REPO)
    assert hub.log == []


def test_check_offline_says_so_at_once(hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="offline mode"):
        check(REPO)


@pytest.mark.parametrize("token", [CANARY + "_wrong", CANARY + "\n"])
def test_a_refused_token_is_not_shown(hub, token, capfd):
    with pytest.raises(HubError) as caught:
        check(REPO, token, patience=QUICK)
    assert CANARY not in str(caught.value) and caught.value.__cause__ is None
    assert CANARY not in "".join(capfd.readouterr())


# While it trains


def test_only_what_is_to_be_seen_is_uploaded(hub, folder, capfd, caplog):
    commit = pusher(folder).finish("All")
    assert commit == hub.head(REPO)
    assert set(HfApi().list_repo_files(REPO)) == {
        "config.json", "model.safetensors", "README.md", "samples.png", "metrics.jsonl",
        "args.yaml", "eval/psnr.png", "eval/results.json",
    }  # fmt: skip
    assert list(hub.stored.values()) == [b"weights 1"]  # the long way
    assert caplog.messages == [] and "".join(capfd.readouterr()) == ""
    assert CANARY.encode() not in b"".join(hub.newest(REPO).values())


def test_push_returns_at_once_and_the_newest_wins(hub, folder):
    stuck = hub.fail("PUT", "block")
    pushing = pusher(folder)
    pushing.push("1")
    assert stuck.blocked.wait(10) and commits(hub) == []
    for number in "234":  # while the first is under way
        (folder / "metrics.jsonl").write_text(number)
        pushing.push(number)
    (folder / "metrics.jsonl").write_text("not pushed")
    hub.released.set()
    wait_for(lambda: len(commits(hub)) == 2 and not uploading())
    assert [files["metrics.jsonl"] for files in commits(hub)] == [b"1", b"4"]


@pytest.mark.parametrize(
    "route, do, times",
    [
        ("commit", 503, 4), ("commit", 429, 2), ("commit", "close", 3), ("commit", "hang", 1),
        ("GET /api/models", 500, 2), ("PUT", 500, 1), ("PUT", "close", 1), ("batch", "slow", 1),
    ],
)  # fmt: skip
def test_what_passes_is_outlasted(hub, folder, route, do, times, caplog):
    pushing = pusher(folder)
    hub.fail(route, do, times)
    assert pushing.finish("All") == hub.head(REPO)
    assert len(commits(hub)) == 1 and caplog.messages == []


def test_a_commit_whose_answer_was_lost_is_not_made_twice(hub, folder):
    pushing = pusher(folder)
    hub.fail("commit", "lose")
    assert pushing.finish("All") == hub.head(REPO)
    assert len(commits(hub)) == 1


def test_a_commit_of_somebody_else_in_between_is_kept(hub, folder):
    pushing = pusher(folder)
    stuck = hub.fail("PUT", "block")
    pushing.push("1")
    assert stuck.blocked.wait(10)
    hub.add(REPO, {"README.md": THEIRS.encode()})
    hub.released.set()
    pushing.finish("2")
    assert hub.newest(REPO)["README.md"] == THEIRS.encode()
    assert hub.newest(REPO)["model.safetensors"] == b"weights 1"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_told_once_and_not_tried_again(hub, folder, status, caplog):
    pushing = pusher(folder)
    hub.fail("POST .*commit", status, 2)
    for number in "12":
        (folder / "metrics.jsonl").write_text(number)
        pushing.push(number)
        wait_for(lambda: not uploading())
    assert sum("/commit/" in line for line in hub.log) == 2 and commits(hub) == []
    (words,) = caplog.messages
    assert str(status) in words and "training goes on" in words
    pushing.push("3")
    wait_for(lambda: not uploading())
    assert len(commits(hub)) == 1 and len(caplog.messages) == 1
    hub.fail("POST .*commit", status)
    (folder / "metrics.jsonl").write_text("4")
    pushing.push("4")
    wait_for(lambda: not uploading())
    assert len(caplog.messages) == 2  # another failure, after it had worked


@pytest.mark.parametrize(
    "patience, words",
    [
        (Patience(answer=0.2, delays=(0.01,), limit=30), "timed out"),
        (Patience(answer=5, delays=(), limit=0.3), "no end after 0.3 seconds"),
    ],
)
def test_a_hub_that_never_answers_is_given_up(hub, folder, patience, words):
    pushing = pusher(folder, patience)
    hub.fail("", "hang", 99)
    pushing.push("1")
    with pytest.raises(HubError, match=f"{words}.*files are kept.*hf upload {REPO}"):
        pushing.finish("2")
    assert (folder / "model.safetensors").read_text() == "weights 1"


def test_a_hub_that_is_gone_does_not_stop_training(hub, folder, caplog):
    pushing = pusher(folder)
    hub.server_close()
    pushing.push("1")
    wait_for(lambda: not uploading())
    assert len(caplog.messages) == 1
    with pytest.raises(HubError, match="files are kept"):
        pushing.finish("2")


def test_a_full_disk_does_not_stop_training(hub, folder, monkeypatch, caplog):
    def full(*args):
        raise OSError("No space left on device")

    pushing = pusher(folder)
    monkeypatch.setattr("shutil.copyfile", full)
    pushing.push("1")
    assert "No space left" in caplog.messages[0]
    with pytest.raises(HubError, match="No space left"):
        pushing.finish("2")


TRAINER = """
import sys
from pathlib import Path
from inpainting.training.hub import Pusher, check
Pusher(Path(sys.argv[1]), check("net")).finish("Step 1")
"""


@pytest.mark.slow
def test_killed_in_mid_upload_the_hub_stays_as_it_was(hub, folder, tmp_path):
    old = hub.add(REPO, {"model.safetensors": b"old"})
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    stuck = hub.fail("PUT", "block")
    environment = os.environ | {
        "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0",
        "HF_TOKEN": CANARY, "HF_HUB_DISABLE_XET": "1", "TMPDIR": str(tmp_path),
    }  # fmt: skip
    command = [sys.executable, "-c", TRAINER, str(folder)]
    with subprocess.Popen(command, env=environment, cwd=ROOT) as trainer:
        assert stuck.blocked.wait(60)
        trainer.send_signal(signal.SIGKILL)
    hub.released.set()
    assert hub.head(REPO) == old and hub.stored == {}
    assert {path: path.read_bytes() for path in before} == before
    assert pusher(folder).finish("Step 2") == hub.head(REPO) != old
    assert hub.newest(REPO)["model.safetensors"] == b"weights 1"


# Cards


@pytest.mark.parametrize("edited", [THEIRS, GENERATED + "\nBy me.\n"])
def test_an_edited_card_on_the_hub_is_kept(hub, folder, edited, caplog):
    pushing = pusher(folder)
    hub.add(REPO, {"README.md": edited.encode()})
    pushing.finish("1")
    before = hub.newest(REPO)
    (folder / "README.md").write_text(model_card(replace(FACTS, samples=2000)))
    pushing.finish("2")
    assert hub.newest(REPO)["README.md"] == edited.encode()
    assert set(hub.newest(REPO)) == set(before) and before["README.md"] == edited.encode()
    (words,) = caplog.messages
    assert "README.md of user/net was edited and is kept" in words


def test_a_generated_card_on_the_hub_is_replaced_also_by_an_edited_one(hub, folder, caplog):
    pushing = pusher(folder)
    hub.add(REPO, {"README.md": GENERATED.encode()})
    newer = model_card(replace(FACTS, samples=2000))
    for text in (newer, THEIRS):
        (folder / "README.md").write_text(text)
        pushing.finish("Card")
        assert hub.newest(REPO)["README.md"].decode() == text
    assert caplog.messages == []


# Back from the Hub


def test_the_pipeline_reads_a_commit_and_later_needs_no_hub(hub, tiny_model, folder, monkeypatch):
    save_pretrained(tiny_model, folder)
    commit = pusher(folder).finish("All")
    hub.add(REPO, {"model.safetensors": b"newer and broken"})
    picture, hole = np.zeros((20, 24, 3), np.uint8), np.eye(24, dtype=bool)[:20]
    online = InpaintingPipeline.from_pretrained(REPO, commit, "cpu", torch.float32)(picture, hole)
    own = InpaintingPipeline.from_pretrained(folder, None, "cpu", torch.float32)(picture, hole)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    hub.shutdown()
    hub.server_close()
    asked = len(hub.log)
    again = InpaintingPipeline.from_pretrained(REPO, commit, "cpu", torch.float32)(picture, hole)
    assert np.array_equal(online, own) and np.array_equal(again, own) and len(hub.log) == asked


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda w: w.pop("head.bias"), "missing head.bias"),
        (lambda w: w.update({"other.weight": torch.zeros(1)}), "unexpected other.weight"),
        (lambda w: w["head.bias"].fill_(torch.nan), "NaN or infinity in head.bias"),
        (None, "could not be read"),
    ],
)
def test_a_foreign_or_damaged_checkpoint_on_the_hub_is_refused(hub, tiny_checkpoint, change, words):
    path = tiny_checkpoint / "model.safetensors"
    weights = load_file(path)
    if change:
        change(weights)
    data = save(weights) if change else path.read_bytes()[:-9]
    config = (tiny_checkpoint / "config.json").read_bytes()
    commit = hub.add(REPO, {"config.json": config, "model.safetensors": data})
    with pytest.raises(CheckpointError, match=words):
        load_pretrained(REPO, commit)
