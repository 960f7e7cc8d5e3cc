"""``train.py`` as a process: killed, asked to stop, on two processes, on bad files, with a Hub."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from inpainting import load_pretrained
from tests.fake_hub import fake_hub
from tests.kill_training import FLAGS, LIMIT, Killer, compare, curve, digest, wait_for_first_step
from tests.running_app import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def killer(tmp_path) -> Killer:
    return Killer(tmp_path)


@pytest.mark.parametrize("workers", [0, 2])
def test_killed_at_random_it_ends_bit_for_bit_as_if_it_had_not_been(killer, workers):
    assert compare(killer, seed=workers, workers=workers, kills=2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_saves_and_goes_on_exactly(killer, number):
    whole, broken = killer.folder / "whole", killer.folder / "broken"
    seconds = killer.finish(whole, 0, 1)
    process = killer.start(broken, 0, 1)
    wait_for_first_step(process, broken)
    time.sleep(seconds / 3)
    process.send_signal(number)
    assert process.wait(30) == 128 + number
    killer.finish(broken, 0, 1)
    assert digest(whole) == digest(broken) and curve(whole) == curve(broken)
    log = (killer.folder / "log.txt").read_text()
    assert f"{signal.Signals(number).name}: saving after this step" in log
    assert "Resuming at step" in log


def test_a_killed_reader_is_a_clear_error_and_nothing_is_lost(killer):
    process = killer.start(killer.folder / "run", 0, 2)
    wait_for_first_step(process, killer.folder / "run")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + LIMIT
    while not (readers := children.read_text().split()) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(int(readers[0]), signal.SIGKILL)
    assert process.wait(60) == 1
    log = (killer.folder / "log.txt").read_text()
    assert "error: A process that reads pictures ended" in log
    assert "Traceback" not in log
    killer.finish(killer.folder / "run", 0, 2)


def test_a_save_survives_a_kill_at_its_file_boundaries(killer):
    """An independent judge: ckpt-chaos kills at file events, resumes and compares."""
    out = "{out}"
    command = [
        sys.executable, "-m", "ckpt_chaos", "run", "--work", str(killer.folder / "chaos"),
        "--checkpoint-glob", f"{out}/state/step-*.pt", "--result-file", f"{out}/model.safetensors",
        "--step-regex", r"Resuming at step (\d+)", "--max-points", "4",
        "--fail-on", "HARD_FAIL,SILENT_DIVERGENCE,CONTROL_FAIL,LOST_WORK", "--",
        sys.executable, str(ROOT / "train.py"), "--data", str(killer.folder / "pictures"),
        "--init-from", str(killer.folder / "tiny"), "--size=48", "--crop=32", "--batch-size=2",
        "--cpu", "--mixed-precision=no", "--num-workers=0", "--max-steps=4", "--output-dir", out,
        "--checkpointing-steps=1", "--checkpoints-total-limit=99", "--validation-images=2",
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=900, env=killer.environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS" in done.stdout


def launch(killer: Killer, output: Path, processes: int, *flags: str) -> str:
    """Through ``accelerate launch``; what it said."""
    command = [sys.executable, "-m", "accelerate.commands.launch", "--num_machines", "1"]
    command += ["--mixed_precision", "no", "--dynamo_backend", "no"]
    command += ["--num_processes", str(processes)] + ["--multi_gpu"] * (processes > 1)
    command += [str(ROOT / "train.py"), "--data", str(killer.folder / "pictures")]
    command += ["--output-dir", str(output), *FLAGS, "--num-workers=0", *flags]
    command.remove("--cpu")  # without a GPU it is not needed
    environment = {**killer.environment, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_two_processes_train_what_one_trains(killer):
    """The default network, which has no batch norm, on the same global batch."""
    flags = "--max-steps=6", "--logging-steps=2", "--validation-steps=6", "--lr-warmup-steps=1"
    launch(killer, killer.folder / "one", 1, *flags, "--batch-size=4")
    said = launch(killer, killer.folder / "two", 2, *flags, "--batch-size=2")
    assert said.count("Saved in") == 1
    one, two = (load_pretrained(killer.folder / name).state_dict() for name in ("one", "two"))
    assert (
        max((one[name] - two[name]).abs().max() for name in one) < 2e-3
    )  # stored in half precision
    curves = curve(killer.folder / "one"), curve(killer.folder / "two")
    assert [r["samples"] for r in curves[0]] == [r["samples"] for r in curves[1]]
    losses = [[r["loss"] for r in records if "loss" in r] for records in curves]
    assert losses[0] == pytest.approx(losses[1], abs=1e-3) and len(losses[0]) == 3
    assert losses[0][0] != losses[0][2]


def test_two_processes_resume_where_they_stopped(killer):
    flags = "--lr-warmup-steps=1", "--init-from", str(killer.folder / "tiny"), "--batch-size=2"
    flags += "--validation-steps=4", "--checkpointing-steps=3"
    launch(killer, killer.folder / "whole", 2, *flags, "--max-steps=8")
    launch(killer, killer.folder / "broken", 2, *flags, "--max-steps=8", "--logging-steps=1")
    for newest in sorted((killer.folder / "broken" / "state").iterdir())[1:]:
        newest.unlink()  # as if it had been killed after that step
    said = launch(killer, killer.folder / "broken", 2, *flags, "--max-steps=8")
    assert said.count("Resuming at step") == 1
    assert digest(killer.folder / "whole") == digest(killer.folder / "broken")


@pytest.mark.parametrize("workers", [0, 2])
def test_every_tenth_file_damaged_is_counted_exactly(killer, workers):
    pictures = sorted((killer.folder / "pictures").iterdir())
    for path in pictures[::10]:
        path.write_bytes(path.read_bytes()[:200])
    flags = ["--split=train", "--validation-images=0", "--max-corrupt=0.2", "--max-steps=26"]
    killer.flags = [*FLAGS, *flags, "--logging-steps=26", "--validation-steps=26"]
    killer.finish(killer.folder / "run", 0, workers)
    (logged,) = (r for r in curve(killer.folder / "run") if "loss" in r)
    assert logged["samples"] == 3 * 26 and logged["skipped_files"] == 3 * 3  # three epochs of 26
    killer.flags = [*killer.flags, "--max-corrupt=0.05"]
    process = killer.start(killer.folder / "strict", 0, workers)
    assert process.wait(LIMIT) == 1
    assert "samples could not be read, more than" in (killer.folder / "log.txt").read_text()


def test_another_process_killed_in_mid_run_leaves_a_curve_without_a_seam(killer):
    output = killer.folder / "run"
    for delay in (0.2, 0.6, 1.0):
        killer.kill(output, 0, 0, delay)
    killer.finish(output, 0, 0)
    steps = [record["step"] for record in curve(output) if "loss" in record]
    assert steps == sorted(set(steps)) == list(range(5, 61, 5))


def test_the_command_of_a_practitioner_pushes_while_training_and_measures_at_the_end(
    image_folder, tmp_path
):
    """With the shipped network, workers and the bundled ``eval.py``."""
    pictures = image_folder({"cat": 8, "dog": 8}, (80, 72))
    output = tmp_path / "run"
    with fake_hub() as hub:
        environment = os.environ | {
            "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "0",
            "HF_TOKEN": "hf_canary", "HF_HUB_DISABLE_XET": "1",
        }  # fmt: skip
        command = [
            sys.executable, str(ROOT / "train.py"), "--data", str(pictures), "--size=64",
            "--output-dir", str(output), "--crop=32", "--batch-size=2", "--cpu",
            "--num-workers=1", "--max-steps=3", "--validation-steps=1", "--push-to-hub",
            "--hub-model-id", "user/net", "--hub-token=hf_canary",
        ]  # fmt: skip
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        commits = hub.files["user/net"]
        files = commits[list(commits)[-1]]
        asked = list(hub.log)
    assert "Pushed to user/net at revision" in said
    assert asked.index("GET /api/whoami-v2") < len(asked) / 2 and len(commits) >= 2
    expected = {"config.json", "model.safetensors", "README.md", "loss.png", "args.yaml"}
    assert expected <= set(files)
    assert not any(name.startswith(("state", "samples/")) for name in files)
    card = ModelCard(files["README.md"].decode())
    measured = {(r.dataset_args or {}).get("holes", r.dataset_name) for r in card.data.eval_results}
    assert {r.metric_type for r in card.data.eval_results} >= {"psnr", "ssim"} and measured
    assert card.data.license == "cc-by-nc-sa-4.0" and "--hub-token=TOKEN" in card.text
    texts = [said, *asked, *(data.decode("latin-1") for data in files.values())]
    texts += [path.read_bytes().decode("latin-1") for path in output.rglob("*") if path.is_file()]
    assert not any("hf_canary" in text for text in texts)
