"""The trainer: it learns, goes on exactly, and writes what the pipeline reads."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from accelerate import Accelerator
from PIL import Image

import train
from inpainting import InpaintingPipeline, PConvUNet, load_pretrained
from inpainting.errors import DataError, InvalidConfig
from tests.conftest import TINY
from training.ema import moving_average
from training.feed import Feed
from training.order import ShuffledOrder
from training.recipes import RECIPES, lr_at
from training.run import IN_A_ROW, Run
from training.samples import Batch
from training.states import load_state, save_state, state_files
from training.validation import Validation

ROOT = Path(train.__file__).parent
QUICK = ["--size=64", "--crop=32", "--batch-size=2", "--num-workers=0", "--cpu"]
QUICK += ["--mixed-precision=no"]  # one process has one precision, and not every CPU has bf16


@pytest.fixture(autouse=True)
def tiny_presets(monkeypatch):
    """Both recipes on a tiny network: the loop is what is tested here."""
    monkeypatch.setattr("train.PConvUNetConfig.preset", lambda name: TINY)


@pytest.fixture
def pictures(image_folder, monkeypatch, tmp_path) -> Path:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    return image_folder({"cat": 8, "dog": 8})


def run(pictures: Path, output: Path, *flags: str) -> None:
    train.main(["--data", str(pictures), "--output-dir", str(output), *QUICK, *flags])


def records(output: Path) -> list[dict]:
    return [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_pretrained(folder).state_dict()


def same(a: Path, b: Path) -> bool:
    one, other = weights(a), weights(b)
    return all(torch.equal(one[name], other[name]) for name in one)


def make_run(model: PConvUNet, flags: tuple[str, ...] = (), recipe: str = "default") -> Run:
    """A run without data: batches are given."""
    args = train.parse(["--max-steps=1000", *QUICK, *flags])
    accelerator = Accelerator(
        cpu=True, gradient_accumulation_steps=args.gradient_accumulation_steps
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model, optimizer = accelerator.prepare(model.train(), optimizer)
    feed = Feed(None, ShuffledOrder(8), 8)
    quick = replace(RECIPES[recipe], lr=3e-3, warmup=1)
    ema = moving_average(model, 0.9)
    return Run(args, quick, accelerator, model, ema, optimizer, feed, Validation([]))


def batch(holes: float = 0.3, errors: tuple[str, ...] = ()) -> Batch:
    y, x = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    image = torch.stack([x * 8, y * 8, (x // 4 + y // 4) % 2 * 255]).byte()[None]
    hole = torch.rand(2, 1, 32, 32) < holes
    return Batch(image.repeat(2, 1, 1, 1), hole, torch.tensor(1.0), errors)


def test_overfits_one_batch():
    torch.manual_seed(0)
    one = make_run(PConvUNet(TINY))
    same_batch = batch()
    losses = [one.step(iter([same_batch]), False)[0]["log_mse"] for _ in range(60)]
    assert losses[-1] < 0.5 * losses[0]


def test_accumulated_passes_are_one_large_batch():
    """Without batch norm, two passes of two pictures step as one of four does."""
    torch.manual_seed(0)
    halves, model = [batch(), batch(0.5)], PConvUNet(replace(TINY, norm="none"))
    whole = Batch(*(torch.cat([h[i] for h in halves]) for i in (0, 1)), torch.tensor(1.0), ())
    ends = []
    for flags, given in [((), [whole]), (("--gradient-accumulation-steps=2",), halves)]:
        copy = PConvUNet(model.config)
        copy.load_state_dict(model.state_dict())
        one = make_run(copy, flags)
        terms, _ = one.step(iter(given), False)
        ends.append((terms["loss"], copy.state_dict()))
    assert ends[0][0] == pytest.approx(ends[1][0], abs=1e-5)
    for name, weight in ends[0][1].items():
        torch.testing.assert_close(weight, ends[1][1][name], atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("spoil", ["loss", "gradient"])
def test_a_step_that_is_not_finite_is_not_taken(spoil, capsys):
    model = PConvUNet(TINY)
    one = make_run(model)
    one.step(iter([batch()]), False)  # so that the optimiser and the average have a memory
    if spoil == "loss":
        with torch.no_grad():
            model.head.bias.fill_(torch.inf)
    else:
        model.head.bias.register_hook(lambda gradient: gradient * torch.nan)
    before = {name: w.clone() for name, w in model.state_dict().items()}
    averaged = {name: w.clone() for name, w in one.ema.state_dict().items()}
    for k in range(1, IN_A_ROW):
        one.step(iter([batch()]), False)
        assert one.progress.skipped_steps == one.progress.in_a_row == k
    assert "was not taken" in capsys.readouterr().err
    assert all(torch.equal(w, before[name]) for name, w in model.state_dict().items())
    assert all(torch.equal(w, averaged[name]) for name, w in one.ema.state_dict().items())
    with pytest.raises(InvalidConfig, match="10 times in a row"):
        one.step(iter([batch()]), False)


def test_one_bad_step_does_not_end_a_run():
    model = PConvUNet(TINY)
    one = make_run(model)
    bad = batch()._replace(weight=torch.tensor(torch.nan))
    for given in (batch(), bad, batch(), bad, batch()):
        one.step(iter([given]), False)
    assert one.progress.skipped_steps == 2 and one.progress.in_a_row == 0
    assert all(torch.isfinite(w).all() for w in model.state_dict().values())


def test_a_step_draws_from_no_global_random_numbers():
    """Why a state holds none: a sample's ticket decides all of it."""
    one = make_run(PConvUNet(TINY))
    given = batch()
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    one.step(iter([given]), False)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])


def test_unreadable_files_are_counted_up_to_a_share(capsys):
    one = make_run(PConvUNet(TINY), ("--max-corrupt=0.25",))  # of the 8 in an epoch
    for k in (1, 2):
        one.step(iter([batch(errors=("a.jpg is damaged",))]), False)
        assert one.progress.skipped_files == k
    with pytest.raises(DataError, match="3 of 6 samples could not be read, more than"):
        one.step(iter([batch(errors=("b.jpg is damaged",))]), False)
    assert capsys.readouterr().err.count("skipped a.jpg is damaged") == 2


@pytest.mark.parametrize("recipe", ["default", "classic"])
def test_writes_what_the_pipeline_reads(pictures, tmp_path, recipe):
    output = tmp_path / "run"
    run(pictures, output, "--recipe", recipe, "--max-steps=9", "--epochs=3", "--logging-steps=4")
    names = {path.name for path in output.iterdir()}
    assert names >= {"config.json", "model.safetensors", "README.md", "metrics.jsonl", "loss.png"}
    assert load_pretrained(output).config == TINY
    card = (output / "README.md").read_text()
    assert "cc-by-nc-sa-4.0" in card and recipe in card
    history = records(output)
    assert [r["step"] for r in history if "loss" in r] == [4, 8]
    assert [r["step"] for r in history if "mean_loss" in r] == [6, 9]
    assert all(math.isfinite(r.get("loss", r.get("mean_loss"))) for r in history)
    filled = InpaintingPipeline.from_pretrained(output)(
        np.zeros((20, 20, 3), np.uint8), np.eye(20, dtype=bool)
    )
    assert filled.size == (20, 20)
    options = yaml.safe_load((output / "args.yaml").read_text())
    assert options["recipe"] == recipe and options["batch-size"] == 2


def test_samples_grid_is_drawn_where_there_is_validation(image_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    pictures = image_folder({".": 30})
    run(
        pictures, tmp_path / "run", "--max-steps=2", "--validation-images=2", "--validation-steps=1"
    )
    assert (tmp_path / "run" / "samples.png").exists()
    grids = sorted(path.name for path in (tmp_path / "run" / "samples").iterdir())
    assert grids == ["step-00000001.png", "step-00000002.png"]
    first = records(tmp_path / "run")[0]
    assert 5 < first["psnr"] < 60
    # One step of warm-up leaves the network at its start.
    assert abs(first["gain_lines"]) < 0.5 and abs(first["gain_irregular"]) < 0.5


class Killed(BaseException):
    """Ends a run as a kill would: nothing may catch it."""


@pytest.fixture
def killed_at(monkeypatch):
    """A function that makes the n-th step from now never happen."""
    step = Run.step

    def at(number: int | None) -> None:
        calls = []

        def interrupted(self, *args):
            calls.append(1)
            if len(calls) == number:
                raise Killed
            return step(self, *args)

        monkeypatch.setattr(Run, "step", interrupted)

    return at


@pytest.mark.parametrize("recipe", ["default", "classic"])
@pytest.mark.parametrize("flags", [(), ("--gradient-accumulation-steps=2",)])
def test_resumed_run_equals_the_uninterrupted_one(pictures, tmp_path, killed_at, recipe, flags):
    flags = ["--recipe", recipe, "--max-steps=7", "--checkpointing-steps=2", *flags]
    flags += ["--logging-steps=3"]
    run(pictures, tmp_path / "whole", *flags)
    for number in (6, 2):
        killed_at(number)
        with pytest.raises(Killed):
            run(pictures, tmp_path / "broken", *flags)
    killed_at(None)
    assert load_state(tmp_path / "broken", print)["progress"]["step"] == 4
    run(pictures, tmp_path / "broken", *flags)
    assert same(tmp_path / "whole", tmp_path / "broken")
    clock = {"minutes": 0, "images_per_second": 0}
    curves = [[r | clock for r in records(tmp_path / n)] for n in ("whole", "broken")]
    assert curves[0] == curves[1]


def tables_of(pictures: Path, folder: Path) -> Path:
    """The pictures as four Parquet files."""
    import datasets

    folder.mkdir()
    files = sorted(pictures.rglob("*.jpg"))
    kind = datasets.Features({"image": datasets.Image(decode=False)})
    for k in range(4):
        cells = [{"bytes": f.read_bytes(), "path": f.name} for f in files[k::4]]
        table = datasets.Dataset.from_dict({"image": cells}, features=kind)
        table.to_parquet(folder / f"train-{k}.parquet")
    return folder


def test_a_stream_is_trained_on_and_resumed_exactly(pictures, tmp_path, killed_at):
    tables = tables_of(pictures, tmp_path / "tables")
    flags = ["--streaming", "--max-steps=15", "--checkpointing-steps=2", "--validation-images=2"]
    flags += ["--validation-steps=5"]
    run(tables, tmp_path / "whole", *flags)
    killed_at(12)
    with pytest.raises(Killed):
        run(tables, tmp_path / "broken", *flags)
    killed_at(None)
    run(tables, tmp_path / "broken", *flags)
    assert same(tmp_path / "whole", tmp_path / "broken")
    assert records(tmp_path / "whole")[-1]["samples"] == 30


def test_a_stream_without_a_length_needs_an_end(pictures, tmp_path):
    tables = tables_of(pictures, tmp_path / "tables")
    exits_with("give --max-steps or --max-minutes", tables, tmp_path / "run", "--streaming")


def test_finished_run_says_so_and_changes_nothing(pictures, tmp_path, capsys):
    run(pictures, tmp_path / "run", "--max-steps=2")
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    run(pictures, tmp_path / "run", "--max-steps=2")
    assert "finished already" in capsys.readouterr().err
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before


def test_never_begins_anew_and_options_that_changed_are_told(pictures, tmp_path, capsys):
    output = tmp_path / "run"
    run(pictures, output, "--max-steps=4")
    run(pictures, output, "--max-steps=5", "--seed=3")
    assert "Not as before: --seed 3 (was 0)" in capsys.readouterr().err
    run(pictures, output, "--max-steps=2", "--resume=never")
    assert [path.name[:13] for path in state_files(output)] == ["step-00000002"]
    assert records(output)[-1]["step"] == 2


def test_another_run_can_be_gone_on_from(pictures, tmp_path):
    run(pictures, tmp_path / "whole", "--max-steps=6")
    run(pictures, tmp_path / "first", "--max-steps=6", "--checkpointing-steps=4")
    for newest in state_files(tmp_path / "first")[:1]:
        newest.unlink()
    run(pictures, tmp_path / "second", "--max-steps=6", f"--resume={tmp_path / 'first'}")
    assert same(tmp_path / "whole", tmp_path / "second")


def test_fine_tuning_starts_from_the_given_weights(tiny_checkpoint, tiny_model):
    network = train.initial_network(RECIPES["default"], str(tiny_checkpoint))
    assert network.config == tiny_model.config
    for name, weight in network.state_dict().items():
        torch.testing.assert_close(weight, tiny_model.state_dict()[name], atol=1e-3, rtol=1e-3)
    fresh = train.initial_network(RECIPES["default"], None)
    assert not torch.equal(fresh.head.weight, network.head.weight)


def exits_with(words: str, *arguments) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert words in str(caught.value)


def test_mistakes_end_in_one_sentence(pictures, tmp_path, tiny_checkpoint):
    output = tmp_path / "run"
    exits_with("needs a multiple of 4", pictures, output, "--crop=30")
    exits_with("no folder", tmp_path / "missing", output)
    exits_with("resume from", pictures, output, f"--resume={tmp_path}")
    exits_with("is no folder", pictures, output, f"--mask-dir={tmp_path / 'absent'}")
    exits_with("holds no PNG", pictures, output, f"--mask-dir={pictures}")
    exits_with("needs the package", pictures, output, "--report-to=trackio")
    (tmp_path / "file").touch()
    exits_with("cannot be written to", pictures, tmp_path / "file" / "run")


def test_two_processes_that_would_be_one_are_told(pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")  # as accelerate launch --cpu leaves it
    monkeypatch.setenv("MASTER_PORT", "29500")
    run(pictures, tmp_path / "run", "--max-steps=1")
    assert "add --multi_gpu" in capsys.readouterr().err


def test_states_that_do_not_fit_are_refused(pictures, tmp_path, monkeypatch):
    output = tmp_path / "run"
    run(pictures, output, "--max-steps=1")
    exits_with("of recipe 'default', not 'classic'", pictures, output, "--recipe=classic")
    wider = replace(TINY, channels=(8, 16))
    monkeypatch.setattr("train.PConvUNetConfig.preset", lambda name: wider)
    exits_with("network of another shape", pictures, output)


def test_damaged_newest_state_is_passed_over(pictures, tmp_path, capsys):
    output = tmp_path / "run"
    flags = ["--checkpointing-steps=2"]
    run(pictures, tmp_path / "whole", "--max-steps=7", *flags)
    run(pictures, output, "--max-steps=5", *flags)
    newest = state_files(output)[0]
    newest.write_bytes(newest.read_bytes()[:1000])
    run(pictures, output, "--max-steps=7", *flags)
    told = capsys.readouterr().err
    assert "is damaged" in told and "Resuming at step 4" in told
    # The cosine of the first five steps ended sooner, so only the counters are compared here.
    assert records(output)[-1]["samples"] == records(tmp_path / "whole")[-1]["samples"]


def test_full_disk_is_told_and_training_goes_on(pictures, tmp_path, monkeypatch, capsys):
    writes = []

    def full_sometimes(folder, state, step, keep):
        writes.append(step)
        if step in (2, 4):
            raise OSError(28, "No space left on device")
        return save_state(folder, state, step, keep)

    monkeypatch.setattr("training.run.save_state", full_sometimes)
    run(pictures, tmp_path / "run", "--max-steps=5", "--checkpointing-steps=1")
    told = capsys.readouterr().err
    assert told.count("The state could not be written") == 2
    assert writes == [1, 2, 3, 4, 5]
    monkeypatch.setattr("training.run.save_state", lambda *args: full_sometimes(*args[:2], 2, 3))
    exits_with("No space left", pictures, tmp_path / "other", "--max-steps=2")


def test_losses_and_masks_of_the_users_choice(pictures, tmp_path, rng):
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.fromarray(np.kron(rng.random((4, 4)) < 0.3, np.ones((8, 8))) > 0).save(masks / "a.png")
    run(
        pictures, tmp_path / "run", "--max-steps=2", "--logging-steps=1", "--loss", "hole=6",
        "valid=1", "tv=0.1", f"--mask-dir={masks}", "--mask-share=1",
    )  # fmt: skip
    first = records(tmp_path / "run")[0]
    assert {"hole", "valid", "tv", "doubt"} <= first.keys() and "log_mse" not in first


def test_tensorboard_gets_the_curve(pictures, tmp_path):
    pytest.importorskip("tensorboard")
    flags = ["--max-steps=4", "--logging-steps=2", "--report-to=tensorboard"]
    run(pictures, tmp_path / "run", *flags)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (event,) = (tmp_path / "run").rglob("events.out.tfevents.*.0")
    board = EventAccumulator(str(event.parent)).Reload()
    logged = {record["step"]: record["loss"] for record in records(tmp_path / "run")[:-1]}
    assert {e.step: e.value for e in board.Scalars("loss")} == pytest.approx(logged)


def test_dry_run_prints_the_plan_and_writes_nothing(pictures, tmp_path, capsys):
    run(pictures, tmp_path / "run", "--epochs=3", "--dry-run")
    shown = capsys.readouterr().out
    assert "steps  17, 0 of them done" in shown and "34 = 3.1 epochs of 11" in shown
    assert "MB per process" in shown and "minutes left" in shown
    assert not (tmp_path / "run").exists()


def test_every_kind_of_budget_ends_with_a_full_cosine(pictures, tmp_path):
    for name, flags in {
        "epochs": ["--epochs=2"], "steps": ["--max-steps=12"], "minutes": ["--max-minutes=0.1"],
    }.items():  # fmt: skip
        output = tmp_path / name
        flags += ["--logging-steps=1", "--validation-steps=99", "--lr=1", "--lr-warmup-steps=1"]
        run(pictures, output, *flags)
        rates = [record["lr"] for record in records(output) if "lr" in record]
        assert rates[0] > 0.5 or name == "minutes"  # of which one step may take many
        assert rates == sorted(rates, reverse=True) and rates[-1] == pytest.approx(0.01, abs=0.02)


def test_learning_rate_warms_up_and_ends_at_one_percent():
    recipe = replace(RECIPES["default"], lr=1.0)
    assert lr_at(recipe, 0, 0.0) == pytest.approx(1 / recipe.warmup)
    assert lr_at(recipe, recipe.warmup, 0.0) == pytest.approx(1.0)
    assert lr_at(recipe, 9999, 0.5) == pytest.approx(0.505)
    assert lr_at(recipe, 9999, 1.0) == pytest.approx(0.01)
    assert lr_at(replace(recipe, schedule=False), 0, 0.7) == 1.0


def test_moving_average_follows_weights_and_copies_counters():
    model = PConvUNet(TINY)
    ema = moving_average(model, decay=0.9)
    ema.update_parameters(model)
    with torch.no_grad():
        model.head.bias += 1
        model.encoder[0].first.norm.num_batches_tracked += 5
    ema.update_parameters(model)
    assert torch.allclose(ema.module.head.bias, model.head.bias - 2 / 11)  # decay (1+1)/(10+1)
    assert ema.module.encoder[0].first.norm.num_batches_tracked == 5
