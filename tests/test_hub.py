"""The Hub beside training: refusals before the first step, faults while it runs, cards that stay.

The Hub is ``tests/fake_hub.py``; its faults are real: statuses, silence, broken connections.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from huggingface_hub import HfApi, ModelCard, set_client_factory
from huggingface_hub.utils import disable_progress_bars, enable_progress_bars, logging
from huggingface_hub.utils._http import default_client_factory
from safetensors.torch import load_file, save

from inpainting import load_pretrained, push_to_hub, save_pretrained
from inpainting.card import TrainingFacts, is_generated, model_card
from inpainting.checkpoint import BUNDLED
from inpainting.errors import CheckpointError, HubError
from inpainting.summary import MEASURES, summarise
from tests.fake_hub import FakeHub, fake_hub
from training.hub import Patience, Pusher, check

# The library's own PUT of large files still calls its client in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

REPO, CANARY = "user/net", "hf_canary"
QUICK = Patience(answer=0.5, delays=(0.01,) * 4, limit=30)
FACTS = TrainingFacts(
    name=REPO, parameters=3.3, data="pictures", command="python train.py --data pictures",
    recipe="default", samples=1000, minutes=12.34, device="cuda", loss=0.04,
    licence="cc-by-nc-sa-4.0", processes=2, grid="samples.png",
)  # fmt: skip
GENERATED = model_card(FACTS)
THEIRS = "---\nlicense: mit\nmodel-index: []\n---\n\n# My network\n"


@pytest.fixture
def hub(monkeypatch, tmp_path) -> Iterator[FakeHub]:
    """A Hub that this process takes for the real one."""
    with fake_hub() as hub:
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setenv("HF_TOKEN", CANARY)
        for name, value in {
            "ENDPOINT": hub.url, "HUGGINGFACE_CO_URL_TEMPLATE": template, "HF_HUB_OFFLINE": False,
            "HF_HUB_DISABLE_XET": True, "HF_HUB_CACHE": str(tmp_path / "cache"),
            "HF_TOKEN_PATH": str(tmp_path / "no_token"),
        }.items():  # fmt: skip
            monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
        yield hub
        assert not hub.leaks and CANARY not in json.dumps(hub.log)
        hub.released.set()
        wait_for(lambda: all(thread.name != "hub" for thread in threading.enumerate()))
    set_client_factory(default_client_factory)
    enable_progress_bars()
    logging.set_verbosity_warning()


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


class Ears:
    """What was said."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def __call__(self, words: str) -> None:
        assert "\n" not in words and CANARY not in words
        self.heard.append(words)


def pusher(folder: Path, say: Callable[[str], None], patience: Patience = QUICK) -> Pusher:
    return Pusher(folder, check(REPO, patience=QUICK), say=say, patience=patience)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


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


def test_only_what_is_to_be_seen_is_uploaded(hub, folder, capfd):
    ears = Ears()
    commit = pusher(folder, ears).finish("All")
    assert commit == hub.head(REPO)
    assert set(HfApi().list_repo_files(REPO)) == {
        "config.json", "model.safetensors", "README.md", "samples.png", "metrics.jsonl",
        "args.yaml", "eval/psnr.png", "eval/results.json",
    }  # fmt: skip
    assert list(hub.stored.values()) == [b"weights 1"]  # the long way
    assert ears.heard == [] and "".join(capfd.readouterr()) == ""
    assert CANARY.encode() not in b"".join(hub.newest(REPO).values())


def test_push_returns_at_once_and_the_newest_wins(hub, folder):
    stuck = hub.fail("PUT", "block")
    pushing = pusher(folder, Ears())
    pushing.push("1")
    assert stuck.blocked.wait(10) and commits(hub) == []
    for number in "234":  # while the first is under way
        (folder / "metrics.jsonl").write_text(number)
        pushing.push(number)
    (folder / "metrics.jsonl").write_text("not pushed")
    hub.released.set()
    wait_for(lambda: len(commits(hub)) == 2 and not any_upload())
    assert [files["metrics.jsonl"] for files in commits(hub)] == [b"1", b"4"]


def any_upload() -> bool:
    return any(thread.name == "hub" for thread in threading.enumerate())


@pytest.mark.parametrize(
    "route, do, times",
    [
        ("commit", 503, 4), ("commit", 429, 2), ("commit", "close", 3), ("commit", "hang", 1),
        ("GET /api/models", 500, 2), ("PUT", 500, 1), ("PUT", "close", 1), ("batch", "slow", 1),
    ],
)  # fmt: skip
def test_what_passes_is_outlasted(hub, folder, route, do, times):
    ears = Ears()
    pushing = pusher(folder, ears)
    hub.fail(route, do, times)
    assert pushing.finish("All") == hub.head(REPO)
    assert len(commits(hub)) == 1 and ears.heard == []


def test_a_commit_whose_answer_was_lost_is_not_made_twice(hub, folder):
    pushing = pusher(folder, Ears())
    hub.fail("commit", "lose")
    assert pushing.finish("All") == hub.head(REPO)
    assert len(commits(hub)) == 1


def test_a_commit_of_somebody_else_in_between_is_kept(hub, folder):
    pushing = pusher(folder, Ears())
    stuck = hub.fail("PUT", "block")
    pushing.push("1")
    assert stuck.blocked.wait(10)
    hub.add(REPO, {"README.md": THEIRS.encode()})
    hub.released.set()
    pushing.finish("2")
    assert hub.newest(REPO)["README.md"] == THEIRS.encode()
    assert hub.newest(REPO)["model.safetensors"] == b"weights 1"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_told_once_and_not_tried_again(hub, folder, status):
    ears = Ears()
    pushing = pusher(folder, ears)
    hub.fail("POST .*commit", status, 2)
    for number in "12":
        (folder / "metrics.jsonl").write_text(number)
        pushing.push(number)
        wait_for(lambda: not any_upload())
    assert sum("/commit/" in line for line in hub.log) == 2 and commits(hub) == []
    (words,) = ears.heard
    assert str(status) in words and "training goes on" in words
    pushing.push("3")
    wait_for(lambda: not any_upload())
    assert len(commits(hub)) == 1 and len(ears.heard) == 1
    hub.fail("POST .*commit", status)
    (folder / "metrics.jsonl").write_text("4")
    pushing.push("4")
    wait_for(lambda: not any_upload())
    assert len(ears.heard) == 2  # another failure, after it had worked


@pytest.mark.parametrize(
    "patience, words",
    [
        (Patience(answer=0.2, delays=(0.01,), limit=30), "timed out"),
        (Patience(answer=5, delays=(), limit=0.3), "no end after 0.3 seconds"),
    ],
)
def test_a_hub_that_never_answers_is_given_up(hub, folder, patience, words):
    pushing = pusher(folder, Ears(), patience)
    hub.fail("", "hang", 99)
    pushing.push("1")
    with pytest.raises(HubError, match=f"{words}.*files are kept.*hf upload {REPO}"):
        pushing.finish("2")
    assert (folder / "model.safetensors").read_text() == "weights 1"


def test_a_hub_that_is_gone_does_not_stop_training(hub, folder):
    ears = Ears()
    pushing = pusher(folder, ears)
    hub.server_close()
    pushing.push("1")
    wait_for(lambda: not any_upload())
    assert len(ears.heard) == 1
    with pytest.raises(HubError, match="files are kept"):
        pushing.finish("2")


def test_a_full_disk_does_not_stop_training(hub, folder, monkeypatch):
    def full(*args):
        raise OSError("No space left on device")

    ears = Ears()
    pushing = pusher(folder, ears)
    monkeypatch.setattr("shutil.copyfile", full)
    pushing.push("1")
    assert "No space left" in ears.heard[0]
    with pytest.raises(HubError, match="No space left"):
        pushing.finish("2")


TRAINER = """
import sys
from pathlib import Path
from training.hub import Pusher, check
pusher = Pusher(Path(sys.argv[1]), check("net"))
pusher.push("Step 1")
print(pusher.finish("Step 2"))
"""


def environment(hub: FakeHub, tmp_path: Path, **more: str) -> dict[str, str]:
    return os.environ | {
        "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0",
        "HF_TOKEN": CANARY, "HF_HUB_DISABLE_XET": "1", "TMPDIR": str(tmp_path), **more,
    }  # fmt: skip


def python(code: str, *args: str, env: dict[str, str]) -> subprocess.Popen:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", code, *args], env=env, stdout=pipe, stderr=pipe, text=True
    )


@pytest.mark.slow
def test_killed_in_mid_upload_the_hub_stays_as_it_was(hub, folder, tmp_path):
    old = hub.add(REPO, {"model.safetensors": b"old"})
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    stuck = hub.fail("PUT", "block")
    with python(TRAINER, str(folder), env=environment(hub, tmp_path)) as trainer:
        assert stuck.blocked.wait(60)
        trainer.send_signal(signal.SIGKILL)
    hub.released.set()
    assert hub.head(REPO) == old and hub.stored == {}
    assert {path: path.read_bytes() for path in before} == before
    with python(TRAINER, str(folder), env=environment(hub, tmp_path)) as trainer:
        output, errors = trainer.communicate(timeout=120)
    assert output.strip() == hub.head(REPO) != old, errors
    assert hub.newest(REPO)["model.safetensors"] == b"weights 1"
    assert CANARY not in output + errors


# Cards


def test_a_generated_card_is_known_until_it_is_edited():
    assert is_generated(GENERATED)
    assert not is_generated(GENERATED.replace("3.3", "3.4"))
    assert not is_generated(GENERATED + "\nMine.\n") and not is_generated(THEIRS)
    assert not is_generated("") and not is_generated((BUNDLED / "README.md").read_text())


@pytest.mark.parametrize("edited", [THEIRS, GENERATED + "\nBy me.\n"])
def test_an_edited_card_on_the_hub_is_kept(hub, folder, edited):
    ears = Ears()
    pushing = pusher(folder, ears)
    hub.add(REPO, {"README.md": edited.encode()})
    pushing.finish("1")
    (folder / "README.md").write_text(model_card(replace(FACTS, samples=2000)))
    pushing.finish("2")
    assert hub.newest(REPO)["README.md"] == edited.encode()
    assert b"2,000" in hub.newest(REPO)["CARD.md"]
    (words,) = ears.heard
    assert "README.md of user/net was edited and is kept" in words


def test_a_generated_card_on_the_hub_is_replaced_also_by_an_edited_one(hub, folder):
    ears = Ears()
    pushing = pusher(folder, ears)
    hub.add(REPO, {"README.md": GENERATED.encode()})
    newer = model_card(replace(FACTS, samples=2000))
    for text in (newer, THEIRS, THEIRS):
        (folder / "README.md").write_text(text)
        pushing.finish("Card")
        assert hub.newest(REPO)["README.md"].decode() == text
    assert "CARD.md" not in hub.newest(REPO) and ears.heard == []


def test_an_edited_card_in_the_folder_is_kept(tiny_model, tmp_path):
    ears, card = Ears(), tmp_path / "README.md"
    for samples in (1, 2):
        save_pretrained(tiny_model, tmp_path, model_card(replace(FACTS, samples=samples)), ears)
        assert f"| pictures seen | {samples} |" in card.read_text()
    card.write_text(card.read_text() + "\nBy me.\n")
    for samples in (3, 4):
        save_pretrained(tiny_model, tmp_path, model_card(replace(FACTS, samples=samples)), ears)
    assert card.read_text().endswith("By me.\n") and "| 2 |" in card.read_text()
    assert "| pictures seen | 4 |" in (tmp_path / "CARD.md").read_text()
    assert len(ears.heard) == 1


def results() -> dict:
    """As ``eval.py`` writes them: two methods, two buckets and a class."""
    rows = [
        {
            "protocol": "irregular", "bucket": bucket, "class": "cat", "index": i, "key": str(i),
            "method": method, "hole_ratio": 0.1, "milliseconds": 5.0,
            **dict.fromkeys(MEASURES, value),
        }
        for i, bucket in enumerate(("0.1-0.2", "0.2-0.3"))
        for method, value in (("model", 30.0 + i), ("telea", 20.0))
    ]  # fmt: skip
    means, differences = summarise(rows)
    return {
        "command": "python eval.py --data pictures", "date": "2026-11-25T12:00:00+00:00",
        "data": "/home/somebody/pictures", "split": "test", "pictures": 2, "size": 256, "seed": 0,
        "results": means, "differences": differences,
    }  # fmt: skip


def test_a_card_carries_what_was_measured():
    text = model_card(FACTS, results())
    assert is_generated(text) and "somebody" not in text
    card = ModelCard(text)
    assert card.data.license == "cc-by-nc-sa-4.0" and card.data.model_name == "net"
    found = {
        (r.dataset_config, r.metric_type): (r.metric_value, r.dataset_split, r.dataset_name)
        for r in card.data.eval_results
    }
    holes = ("irregular holes", "irregular holes 0.1-0.2", "irregular holes 0.2-0.3")
    assert set(found) == {(h, m) for h in holes for m in ("psnr", "ssim", "hole_psnr")}
    assert found["irregular holes", "psnr"] == (30.5, "test", "pictures")
    assert found["irregular holes 0.2-0.3", "ssim"] == (31.0, "test", "pictures")
    assert card.data.eval_results[0].dataset_args["pictures"] == 2
    for words in (
        "(samples.png)", "12.3 minutes on 2 × cuda", "| pictures seen | 1,000 |", "0.1–0.2",
        "python train.py --data pictures", "python eval.py", "30.50 [30.00, 31.00]",
    ):  # fmt: skip
        assert words in text


def test_a_card_of_no_results_has_none():
    text = model_card(replace(FACTS, grid="", processes=1))
    assert "model-index" not in text and "## Results" not in text and "![" not in text
    assert "minutes on cuda" in text


# Back from the Hub


@pytest.mark.slow
def test_the_pipeline_reads_a_commit_and_later_needs_no_hub(hub, tiny_model, folder, tmp_path):
    save_pretrained(tiny_model, folder, GENERATED)
    commit = pusher(folder, Ears()).finish("All")
    hub.add(REPO, {"model.safetensors": b"newer and broken"})
    code = """
import sys, numpy
from inpainting import InpaintingPipeline
pipe = InpaintingPipeline.from_pretrained("user/net", revision=sys.argv[1])
print(pipe(numpy.zeros((20, 24, 3), numpy.uint8), numpy.eye(24, dtype=bool)[:20]).size)
"""
    for offline in "01":
        env = environment(hub, tmp_path, HF_HUB_OFFLINE=offline)
        with python(code, commit, env=env) as reader:
            output, errors = reader.communicate(timeout=120)
        assert output.strip() == "(24, 20)", errors
        hub.shutdown()
        hub.server_close()


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


def test_the_library_function_pushes_the_same_way(hub, tiny_checkpoint):
    (tiny_checkpoint / "state").mkdir()
    (tiny_checkpoint / "state" / "latest.pt").write_bytes(b"private")
    commit = push_to_hub(tiny_checkpoint, REPO)
    assert set(hub.files[REPO][commit]) == {"config.json", "model.safetensors", "README.md"}
    hub.stored.clear()
    (tiny_checkpoint / "model.safetensors").write_bytes(b"other")
    hub.fail("PUT", 403)
    with disable_progress_bars(), pytest.raises(CheckpointError, match="files are kept"):
        push_to_hub(tiny_checkpoint, REPO)
