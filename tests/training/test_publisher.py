"""Uploads of a run: while it trains, and a measured network at its end."""

import subprocess

import pytest
from huggingface_hub import ModelCard

from inpainting.evaluation import report
from inpainting.training import publisher
from tests.training.fake_hub import CANARY
from tests.training.runs import exits_with, run

# The library's own PUT of large files still calls its client in the old way.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
    pytest.mark.usefixtures("no_curve"),
]

PUSH = ["--max-steps=2", "--validation-steps=1", "--push-to-hub", "--hub-model-id=net"]
REPO = "user/net"


def card_of(hub) -> ModelCard:
    return ModelCard(hub.newest(REPO)["README.md"].decode())


def test_a_run_is_pushed_and_measured_in_this_process(hub, pictures, tmp_path, monkeypatch, caplog):
    calls = []
    evaluate = publisher.evaluate

    def noted(config, command):
        calls.append((config, command))
        return evaluate(config, command)

    monkeypatch.setattr(publisher, "evaluate", noted)
    monkeypatch.setattr(subprocess, "Popen", None)  # no process can be started
    monkeypatch.setattr(report, "write_charts", lambda *_: None)  # which take their time
    run(pictures, tmp_path / "run", *PUSH, f"--hub-token={CANARY}")

    ((config, command),) = calls
    assert (config.checkpoint, config.split) == (str(tmp_path / "run"), "test")
    assert (config.methods, config.size, config.strategy) == (("model",), 64, "crop")
    assert f"Pushed to {REPO} at revision {hub.head(REPO)}" in caplog.messages
    files = hub.newest(REPO)
    assert set(files) >= {"config.json", "README.md", "eval/results.json", "eval/table.md"}
    assert not any(name.startswith(("state", "samples/")) for name in files)
    card = card_of(hub)
    assert {r.metric_type for r in card.data.eval_results} == {"psnr", "ssim", "hole_psnr"}
    assert command in card.text and f'from_pretrained("{REPO}")' in card.text
    assert CANARY.encode() not in b"".join(files.values())
    assert list(hub.files[REPO].values())[0].keys() < files.keys()  # pushed before the end, too


def test_an_evaluation_that_fails_does_not_stop_the_upload(
    hub, pictures, tmp_path, monkeypatch, caplog
):
    def fails(config, command):
        raise RuntimeError("no space for charts")

    monkeypatch.setattr(publisher, "evaluate", fails)
    run(pictures, tmp_path / "run", *PUSH)
    assert "The card has no measured results: the evaluation failed." in caplog.messages
    assert "no space for charts" in caplog.text  # the reason
    assert f"Pushed to {REPO} at revision {hub.head(REPO)}" in caplog.messages
    assert "## Results" not in card_of(hub).text and card_of(hub).data.eval_results is None
    assert (
        hub.newest(REPO)["model.safetensors"]
        == (tmp_path / "run" / "model.safetensors").read_bytes()
    )


def test_a_stream_is_pushed_without_being_measured(hub, tables, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(publisher, "evaluate", None)  # not to be called
    run(tables, tmp_path / "run", *PUSH, "--streaming", "--validation-images=0")
    assert "A streamed set is not evaluated" in caplog.text
    assert "## Results" not in card_of(hub).text and "model.safetensors" in hub.newest(REPO)


def test_a_token_that_is_refused_ends_the_run_before_its_first_step(hub, pictures, tmp_path):
    exits_with("hf auth login", pictures, tmp_path / "run", *PUSH, "--hub-token=hf_other")
    assert not (tmp_path / "run").exists()


def test_without_push_to_hub_nobody_is_asked(hub, pictures, tmp_path):
    run(pictures, tmp_path / "run", "--max-steps=1")
    assert hub.log == []
