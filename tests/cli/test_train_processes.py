"""The trainer as a process: killed, asked to stop, on two processes, on bad files, with a Hub."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from inpainting import load_pretrained
from tests.cli.forked import exit_code, kill, start, start_pair
from tests.robustness.kill_training import FLAGS, LIMIT, STEPS, Killer, compare, curve, digest
from tests.running_app import ROOT
from tests.training.fake_hub import CANARY, fake_hub

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Killer:
    """Pictures, network, and the run that nobody kills, for all tests of this file."""
    return Killer(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def killer(shared, tmp_path) -> Iterator[Killer]:
    """The shared one with a log of this test's own; what it started is ended."""
    shared.log = shared.folder / f"{tmp_path.name}.txt"
    shared.log.touch()
    yield shared
    shared.flags = FLAGS
    while shared.started:
        kill(shared.started.pop())


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.mark.parametrize("workers", [0, 2])
def test_killed_at_random_it_ends_bit_for_bit_as_if_it_had_not_been(killer, workers):
    assert compare(killer, seed=0, workers=workers, kills=2)
    steps = [r["step"] for r in curve(killer.folder / f"broken-0-{workers}") if "loss" in r]
    assert steps == list(range(5, STEPS + 1, 5))  # a curve without a seam


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_saves_and_goes_on_exactly(killer, tmp_path, number):
    output = tmp_path / "run"
    metrics = output / "metrics.jsonl"
    process = killer.start(output, 0, workers=1)
    wait_for(lambda: metrics.exists() and metrics.stat().st_size)
    os.kill(process.pid, number)
    assert exit_code(process) == 128 + number
    killer.finish(output, 0, workers=1)
    assert killer.ends_as_the_whole(output, 0)
    log = killer.log.read_text()
    assert f"{signal.Signals(number).name}: saving after this step" in log
    assert "Resuming at step" in log


def test_a_killed_reader_is_a_clear_error_and_nothing_is_lost(killer, tmp_path):
    process = killer.start(tmp_path / "run", 0, workers=2)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_for(lambda: children.read_text())
    os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
    assert exit_code(process) == 1
    log = killer.log.read_text()
    assert "error: A process that reads pictures ended" in log
    assert "Traceback" not in log
    killer.finish(tmp_path / "run", 0, workers=2)
    assert killer.ends_as_the_whole(tmp_path / "run", 0)


@pytest.fixture(scope="module")
def events(shared, tmp_path_factory) -> list[tuple[str, str]]:
    """What a run does to files, in order: kind and name, as ckpt-chaos counts them."""
    folder = tmp_path_factory.mktemp("events")
    variables = chaos(folder / "run") | {"CKPT_CHAOS_LOG": str(folder / "events")}
    assert exit_code(shared.start(folder / "run", 0, 0, **variables)) == 0
    lines = (folder / "events.rank0").read_text().splitlines()
    return [tuple(line.split("\t")[1:3]) for line in lines]


def chaos(output: Path) -> dict[str, str]:
    return {"CKPT_CHAOS_WATCH": str(output), "CKPT_CHAOS_TORN_PYTHON": "1"}


@pytest.mark.parametrize(
    "kind, name, mode, resumed",
    [
        ("open", "step-00000020.pt.partial", "torn", 18),
        ("os.rename", "step-00000020.pt.partial", "before", 18),
        ("os.remove", "step-00000015.pt", "before", 20),  # the oldest goes when the new is whole
        ("open", "model.safetensors.partial", "torn", 14),  # of the validation at step 15
    ],
)
def test_a_save_survives_a_kill_at_its_file_boundaries(
    killer, events, tmp_path, kind, name, mode, resumed
):
    """The killing is ckpt-chaos's; the whole judge of it runs nightly."""
    output = tmp_path / "run"
    number = 1 + events.index((kind, name))
    variables = {"CKPT_CHAOS_CRASH_AT": str(number), "CKPT_CHAOS_MODE": mode}
    assert exit_code(killer.start(output, 0, 0, **chaos(output), **variables)) == 137
    killer.finish(output, 0, workers=0)
    assert f"Resuming at step {resumed}\n" in killer.log.read_text()
    assert killer.ends_as_the_whole(output, 0)


@pytest.mark.nightly
def test_an_independent_judge_finds_no_kill_that_loses_work(killer):
    """ckpt-chaos kills at file events, resumes and compares, all by itself."""
    out = "{out}"
    command = [
        sys.executable, "-m", "ckpt_chaos", "run", "--work", str(killer.folder / "chaos"),
        "--checkpoint-glob", f"{out}/state/step-*.pt", "--result-file", f"{out}/model.safetensors",
        "--step-regex", r"Resuming at step (\d+)", "--max-points", "12",
        "--fail-on", "HARD_FAIL,SILENT_DIVERGENCE,CONTROL_FAIL,LOST_WORK", "--",
        sys.executable, str(ROOT / "train.py"), "--data", str(killer.folder / "pictures"),
        "--init-from", str(killer.folder / "tiny"), "--size=48", "--crop=32", "--batch-size=2",
        "--cpu", "--mixed-precision=no", "--num-workers=0", "--max-steps=4", "--output-dir", out,
        "--checkpointing-steps=1", "--checkpoints-total-limit=99", "--validation-images=2",
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=1800, env=environment(killer)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS" in done.stdout


def environment(killer: Killer) -> dict[str, str]:
    """Of a process that imports everything anew: one thread, no GPU, no Hub."""
    return os.environ | {
        "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "",
        "HF_DATASETS_CACHE": str(killer.folder / "cache"),
    }  # fmt: skip


@pytest.mark.parametrize("loss", [(), ("--loss", "log_mse=1", "adversarial=0.1", "matching=1")])
def test_two_processes_train_what_one_trains(killer, tmp_path, loss):
    """The default network, which has no batch norm, on the same global batch; critics beside it."""
    flags = ["--data", str(killer.folder / "pictures"), *FLAGS, *loss]
    flags += ["--num-workers=0", "--max-steps=6"]
    flags += ["--logging-steps=2", "--validation-steps=6", "--lr-warmup-steps=1"]
    one, two = tmp_path / "one", tmp_path / "two"
    alone = start("train", [*flags, "--batch-size=4", "--output-dir", one], killer.log)
    killer.started.append(alone)
    assert exit_code(alone, LIMIT) == 0, killer.log.read_text()

    flags.remove("--cpu")  # with it, accelerate starts one process only
    command = [sys.executable, "-m", "accelerate.commands.launch", "--num_machines", "1"]
    command += ["--mixed_precision", "no", "--dynamo_backend", "no"]
    command += ["--num_processes", "2", "--multi_gpu", "--main_process_port", "0"]
    command += [str(ROOT / "train.py"), *flags, "--batch-size=2", "--output-dir", str(two)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=2 * LIMIT, env=environment(killer)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("Saved in") == 1
    weights, other = (load_pretrained(folder).state_dict() for folder in (one, two))
    assert (
        max((weights[name] - other[name]).abs().max() for name in weights) < 2e-3
    )  # stored in half precision
    curves = curve(one), curve(two)
    assert [r["samples"] for r in curves[0]] == [r["samples"] for r in curves[1]]
    losses = [[r["loss"] for r in records if "loss" in r] for records in curves]
    assert losses[0] == pytest.approx(losses[1], abs=1e-3) and len(losses[0]) == 3
    assert losses[0][0] != losses[0][2]


def test_two_processes_resume_where_they_stopped(killer, tmp_path):
    killer.flags = [*FLAGS, "--lr-warmup-steps=1", "--batch-size=2", "--max-steps=8"]
    killer.flags += ["--validation-steps=4", "--checkpointing-steps=3"]

    def both(output: Path) -> None:
        pair = start_pair("train", killer.arguments(output, 0, workers=0), killer.log)
        killer.started += pair
        assert [exit_code(one, LIMIT) for one in pair] == [0, 0], killer.log.read_text()

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    both(whole)
    shutil.copytree(whole, broken)
    for newest in sorted((broken / "state").iterdir())[1:]:
        newest.unlink()  # as if it had been killed after that step
    (broken / "model.safetensors").unlink()
    both(broken)
    assert killer.log.read_text().count("Resuming at step 4\n") == 1
    assert digest(whole) == digest(broken) and curve(whole) == curve(broken)


@pytest.mark.parametrize("workers", [0, 2])
def test_every_tenth_file_damaged_is_counted_exactly(tmp_path, workers):
    killer = Killer(tmp_path)
    for path in sorted((tmp_path / "pictures").iterdir())[::10]:
        path.write_bytes(path.read_bytes()[:200])
    flags = ["--split=train", "--validation-images=0", "--max-corrupt=0.2", "--max-steps=26"]
    killer.flags = [*FLAGS, *flags, "--logging-steps=26", "--validation-steps=26"]
    killer.finish(tmp_path / "run", 0, workers)
    (logged,) = (r for r in curve(tmp_path / "run") if "loss" in r)
    assert logged["samples"] == 3 * 26 and logged["skipped_files"] == 3 * 3  # three epochs of 26
    killer.flags = [*killer.flags, "--max-corrupt=0.05"]
    assert exit_code(killer.start(tmp_path / "strict", 0, workers), LIMIT) == 1
    assert "samples could not be read, more than" in killer.log.read_text()


def test_the_command_of_a_practitioner_pushes_while_training_and_measures_at_the_end(
    image_folder, tmp_path
):
    """``train.py`` with the shipped network, workers and the evaluation."""
    pictures = image_folder({"cat": 6, "dog": 6}, (80, 72))
    output = tmp_path / "run"
    with fake_hub() as hub:
        environment = os.environ | {
            "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "0",
            "HF_TOKEN": CANARY, "HF_HUB_DISABLE_XET": "1", "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        command = [
            sys.executable, str(ROOT / "train.py"), "--data", str(pictures), "--size=64",
            "--output-dir", str(output), "--crop=32", "--batch-size=2", "--cpu",
            "--num-workers=1", "--max-steps=2", "--validation-steps=1", "--push-to-hub",
            "--hub-model-id", "user/net", f"--hub-token={CANARY}",
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
    assert not any(CANARY in text for text in texts)
