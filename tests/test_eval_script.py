"""eval.py from the command line to its files, on a folder of tiny pictures."""

import json
import math
import runpy

import datasets
import numpy as np
import pytest
import torch
from PIL import Image

import eval as script
from inpainting.checkpoint import save_pretrained
from inpainting.config import PConvUNetConfig
from inpainting.errors import DataError
from inpainting.score_file import read_rows
from inpainting.unet import PConvUNet

TINY = PConvUNetConfig(channels=(8, 8), kernels=(3, 3), strides=(1, 2), units=(0, 0))


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(0)
    save_pretrained(PConvUNet(TINY), tmp_path / "tiny-net", "card")
    return tmp_path / "tiny-net"


def write_pictures(folder, count: int, seed: int = 0) -> None:
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:48, :60]
    for i in range(count):
        colour = generator.uniform(0, 2, 3)
        pixels = x[..., None] * colour + y[..., None] * colour[::-1] + generator.uniform(0, 20)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{i}.png")


@pytest.fixture
def labelled(tmp_path):
    for i, name in enumerate(("train/cat", "train/dog", "test/cat", "test/dog")):
        write_pictures(tmp_path / "data" / name, 6, seed=i)
    return tmp_path / "data"


@pytest.fixture
def run(tmp_path, checkpoint):
    """Run the script on 48-px pictures in this process; the name of the output folder first."""

    def run(name: str, data, *options: str):
        folder = tmp_path / name
        common = ["--size=48", "--workers=0", "--device=cpu", f"--output_dir={folder}"]
        script.main([*common, f"--data={data}", f"--checkpoint={checkpoint}", *options])
        return folder

    return run


@pytest.fixture
def no_pictures(monkeypatch):
    """Leave out the report's pictures, which take most of a small run's time."""
    for name in ("write_charts", "write_grids", "write_contact_sheets"):
        monkeypatch.setattr(script, name, lambda *_: None)


def test_with_classes_everything_is_written(run, labelled, capsys):
    folder = run("out", labelled)
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "scores.csv", "results.json", "table.md", "mse.png", "psnr.png", "ssim.png",
        "distribution.png", "classes.png", "splits.png", "grid_lines.png", "grid_irregular.png",
        "difference_lines.png", "difference_irregular.png",
        "contact_lines.png", "contact_irregular.png", "uncertainty.png",
    }  # fmt: skip
    printed = capsys.readouterr().out
    assert printed.strip() == (folder / "table.md").read_text(encoding="utf-8").strip()
    assert "model (tiny-net)" in printed and "| irregular | cat" in printed

    rows = read_rows(folder / "scores.csv")
    assert len(rows) == 12 * 2 * 5  # pictures, protocols, methods
    assert {row["model"] for row in rows if row["method"] == "model"} == {"tiny-net"}
    assert not any(math.isnan(row["hole_psnr"]) for row in rows)
    results = json.loads((folder / "results.json").read_text())
    assert results["pictures"] == 12 and results["command"].startswith("python eval.py --size")
    assert results["checkpoint"]["config"]["channels"] == [8, 8]
    assert len(results["checkpoint"]["sha256"]) == 64
    buckets = [r for r in results["results"] if r["bucket"] and r["method"] == "model"]
    assert [r["n"] for r in buckets] == [2] * 6


def test_without_classes_there_are_no_class_figures(run, tmp_path):
    write_pictures(tmp_path / "flat" / "train", 3)
    write_pictures(tmp_path / "flat" / "test", 4, seed=1)
    folder = run("out", tmp_path / "flat", "--methods", "model", "mean", "--protocols", "lines")
    assert not (folder / "classes.png").exists() and not (folder / "splits.png").exists()
    assert (folder / "grid_lines.png").exists() and not (folder / "grid_irregular.png").exists()
    assert "per class" not in (folder / "table.md").read_text(encoding="utf-8")
    assert len(read_rows(folder / "scores.csv")) == 8


def test_a_test_split_alone_is_enough(run, tmp_path):
    for name in ("cat", "dog"):
        write_pictures(tmp_path / "only" / "test" / name, 2)
    folder = run("out", tmp_path / "only", "--methods", "mean", "--protocols", "lines")
    assert len(read_rows(folder / "scores.csv")) == 4
    assert (folder / "splits.png").exists()


def test_limit_takes_the_full_runs_pairs(no_pictures, run, labelled):
    options = ["--methods", "mean", "--protocols", "irregular"]
    whole = read_rows(run("whole", labelled, *options) / "scores.csv")
    part = read_rows(run("part", labelled, *options, "--limit", "5") / "scores.csv")
    keys = {row["index"]: row["key"] for row in whole}
    assert len(part) == 5
    assert all(keys[row["index"]] == row["key"] for row in part)


def test_worker_processes_give_the_same_rows(no_pictures, run, labelled):
    options = ["--methods", "telea", "biharmonic", "--protocols", "irregular", "--limit=4"]
    here = read_rows(run("here", labelled, *options) / "scores.csv")
    there = read_rows(run("there", labelled, *options, "--workers=1") / "scores.csv")
    for row in here + there:
        del row["milliseconds"]
    assert here == there


def test_reuse_takes_baselines_and_measures_the_model_anew(no_pictures, run, labelled, monkeypatch):
    options = ["--protocols", "irregular", "--methods", "model", "mean", "telea"]
    first = run("first", labelled, *options)
    monkeypatch.setattr(script.evaluation, "score_baselines", None)  # not to be called
    second = run("second", labelled, *options, "--limit=6", f"--reuse={first / 'scores.csv'}")
    rows = read_rows(second / "scores.csv")
    earlier = {(r["index"], r["method"]): r for r in read_rows(first / "scores.csv")}
    assert len(rows) == 18
    for row in rows:
        if row["method"] == "model":
            row["milliseconds"] = earlier[row["index"], "model"]["milliseconds"]
        assert row == earlier[row["index"], row["method"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--seed=1"], "another picture or hole"),
        (["--size=40"], "another picture or hole"),
        (["--split=train"], "another picture or hole"),
        (["--methods", "mean", "telea"], "has no row for telea"),
        (["--protocols", "lines"], r"has no row for mean on picture \d+ \(lines\)"),
    ],
)
def test_reuse_refuses_another_task(change, message, no_pictures, run, labelled):
    options = ["--protocols", "irregular", "--methods", "mean", "--limit=2"]
    first = run("first", labelled, *options)
    with pytest.raises(DataError, match=message):
        run("second", labelled, *options, f"--reuse={first / 'scores.csv'}", *change)


def test_an_unknown_split_is_named(no_pictures, run, labelled):
    with pytest.raises(DataError, match=r"'validation': use one of \['train', 'test'\]"):
        run("out", labelled, "--split", "validation")


def test_options_may_be_written_with_underscores():
    args = script.parse(["--output_dir=a_b", "--limit", "3"])
    assert (str(args.output_dir), args.limit) == ("a_b", 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--limit", "0"], "0 is not a positive number"),
        (["--device", "toaster"], "toaster cannot be used"),
        (["--methods", "magic"], "invalid choice: 'magic'"),
    ],
)
def test_wrong_options_are_named(options, message, capsys):
    with pytest.raises(SystemExit):
        script.parse(options)
    assert message in capsys.readouterr().err


def test_methods_given_twice_are_measured_once():
    args = script.parse(["--methods", "ns", "mean", "ns", "--protocols", "lines", "lines"])
    assert (args.methods, args.protocols) == (["ns", "mean"], ["lines"])


def test_errors_are_one_line_for_the_user(monkeypatch, tmp_path):
    arguments = ["eval.py", "--data", str(tmp_path / "nowhere")]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit, match=r"^eval\.py: .*nowhere"):
        runpy.run_path(script.__file__, run_name="__main__")


def test_a_hub_checkpoint_is_named_by_its_id():
    assert script.checkpoint_name(script.parse(["--checkpoint=user/net"])) == "user/net"
