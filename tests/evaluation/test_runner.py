"""An evaluation from its settings to its files, on a folder of tiny pictures."""

import json
import math
from pathlib import Path

import datasets
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from inpainting import PConvUNet, ResidualUNet, save_pretrained
from inpainting.data.sources import DataSet
from inpainting.errors import CheckpointError, DataError, InvalidConfig
from inpainting.evaluation import report, runner, vgg19n
from inpainting.evaluation.config import BARE, DEFAULT_METHODS, EvalConfig
from inpainting.evaluation.grids import GAP, HEADER
from inpainting.evaluation.protocol import PROTOCOLS
from inpainting.evaluation.runner import evaluate
from inpainting.evaluation.scores_csv import read_rows, write_rows
from inpainting.models.pconv_unet import PConvUNetConfig
from tests.conftest import TINY

PLAIN = PConvUNetConfig(channels=(8, 8), kernels=(3, 3), strides=(1, 2), units=(0, 0))
COMMAND = "python eval.py --limit 12"


def write_pictures(folder: Path, count: int, seed: int = 0) -> None:
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:48, :60]
    for i in range(count):
        colour = generator.uniform(0, 2, 3)
        pixels = x[..., None] * colour + y[..., None] * colour[::-1] + generator.uniform(0, 20)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{i}.png")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of everything, with pictures in two classes and a network ``tiny-net``."""
    folder = tmp_path_factory.mktemp("evaluation")
    for i, name in enumerate(("train/cat", "train/dog", "test/cat", "test/dog")):
        write_pictures(folder / "data" / name, 6, seed=i)
    torch.manual_seed(0)
    save_pretrained(ResidualUNet(TINY), folder / "tiny-net")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "cache")
        yield folder


@pytest.fixture(scope="module")
def run(place):
    """A function that evaluates on 48-px pictures; the name of the output folder first."""

    def run(name: str, data: str = "data", **settings):
        settings = {"size": 48, "device": torch.device("cpu"), "dtype": torch.float32, **settings}
        source = DataSet(str(place / data))
        config = EvalConfig(source, str(place / "tiny-net"), output_dir=place / name, **settings)
        return config.output_dir, evaluate(config, COMMAND)

    return run


@pytest.fixture(scope="module")
def whole(run):
    """Folder and record of every method on all pictures."""
    return run("whole")


@pytest.fixture
def no_pictures(monkeypatch):
    """Leave out the report's pictures, which take most of a small run's time."""
    monkeypatch.setattr(report, "write_charts", lambda *_: None)
    monkeypatch.setattr(runner.charts, "uncertainty_figure", lambda *_: None)
    for name in ("grid", "contact_sheet"):
        monkeypatch.setattr(report.Pictures, name, lambda *_: None)


@pytest.fixture
def no_measures(monkeypatch):
    """Leave out the charts of measures, but none of what the data is."""
    for name in ("measure_figure", "distribution_figure"):
        monkeypatch.setattr(report.charts, name, lambda *_: None)


def rows(run) -> list[dict]:
    return read_rows(run[0] / "scores.csv")


def without_clock(rows: list[dict]) -> list[dict]:
    return [row | {"milliseconds": 0} for row in rows]


def test_with_classes_everything_is_written(whole):
    names = {path.name for path in whole[0].iterdir()}
    assert names == {
        "scores.csv", "results.json", "table.md", "mse.png", "psnr.png", "ssim.png",
        "distribution.png", "classes.png", "splits.png", "grid_lines.png", "grid_irregular.png",
        "difference_lines.png", "difference_irregular.png",
        "contact_lines.png", "contact_irregular.png", "uncertainty.png",
    }  # fmt: skip
    table = (whole[0] / "table.md").read_text(encoding="utf-8")
    assert "model (tiny-net)" in table and "| irregular | cat" in table


def test_the_rows_are_of_every_picture_protocol_and_method(whole):
    assert len(rows(whole)) == 12 * 2 * len(DEFAULT_METHODS)
    assert {r["model"] for r in rows(whole) if r["method"] == "model"} == {"tiny-net"}
    assert not any(math.isnan(row["hole_psnr"]) for row in rows(whole))


def test_what_is_returned_is_what_the_file_holds(whole):
    folder, record = whole
    assert json.loads(json.dumps(record)) == json.loads((folder / "results.json").read_text())


def test_the_record_says_how_to_repeat_it(whole):
    _, record = whole
    assert record["pictures"] == 12 and record["command"] == COMMAND
    assert (record["strategy"], record["precision"], record["device"]) == ("crop", "float32", "cpu")
    assert record["checkpoint"]["config"]["architecture"] == "residual_unet"
    assert list(record["checkpoint"]["config"]["channels"]) == [8, 12]
    assert len(record["checkpoint"]["sha256"]) == 64
    buckets = [r for r in record["results"] if r["bucket"] and r["method"] == "model"]
    assert [r["n"] for r in buckets] == [2] * 6
    assert set(record["uncertainty"]) == {"lines", "irregular"}


@pytest.mark.parametrize("fast", ["bfloat16", "float32"])
def test_without_a_precision_it_is_the_machines_and_recorded(fast, no_pictures, run, monkeypatch):
    has_it = fast == "bfloat16"
    monkeypatch.setattr("inpainting.inference.device.cpu_has_bfloat16", lambda: has_it)
    few = {"methods": ("model",), "protocols": ("lines",), "limit": 1}
    measured = run(f"own-{fast}", dtype=None, **few)
    given = run(f"given-{fast}", dtype=getattr(torch, fast), **few)
    assert measured[1]["precision"] == given[1]["precision"] == fast
    assert without_clock(rows(measured)) == without_clock(rows(given))


def test_the_strategy_decides_and_is_recorded(no_pictures, run):
    few = {"methods": ("model",), "protocols": ("irregular",), "limit": 6}
    crop, bare = (run(name, strategy=name, **few) for name in ("crop", BARE))
    assert (crop[1]["strategy"], bare[1]["strategy"]) == ("crop", "network")
    assert [r["key"] for r in rows(crop)] == [r["key"] for r in rows(bare)]
    # The pipeline rounds the expected error to grey levels, the bare network does not.
    assert crop[1]["uncertainty"] != bare[1]["uncertainty"]


def test_a_network_without_expected_error_has_no_chart_of_it(no_pictures, run, place):
    save_pretrained(PConvUNet(PLAIN), place / "plain-net")
    config = EvalConfig(
        DataSet(str(place / "data")), str(place / "plain-net"), methods=("model",), limit=2,
        protocols=("lines",), size=48, device=torch.device("cpu"), output_dir=place / "plain",
    )  # fmt: skip
    assert evaluate(config, COMMAND)["uncertainty"] == {}


def test_without_classes_there_are_no_class_figures(no_measures, run, place):
    write_pictures(place / "flat" / "train", 3)
    write_pictures(place / "flat" / "test", 4, seed=1)
    measured = run("out-flat", "flat", methods=("mean",), protocols=("lines",))
    folder = measured[0]
    assert not (folder / "classes.png").exists() and not (folder / "splits.png").exists()
    assert (folder / "grid_lines.png").exists() and not (folder / "grid_irregular.png").exists()
    assert "per class" not in (folder / "table.md").read_text(encoding="utf-8")
    assert len(rows(measured)) == 4 and measured[1]["checkpoint"] is None


def test_a_test_split_alone_is_enough(no_measures, run, place):
    for name in ("cat", "dog"):
        write_pictures(place / "only" / "test" / name, 2)
    measured = run("out-only", "only", methods=("mean",), protocols=("lines",))
    assert len(rows(measured)) == 4
    assert (measured[0] / "splits.png").exists()


def test_limit_takes_the_full_runs_pairs(no_pictures, run, whole):
    part = rows(run("part", methods=("mean",), protocols=("irregular",), limit=5))
    keys = {row["index"]: row["key"] for row in rows(whole) if row["protocol"] == "irregular"}
    assert len(part) == 5
    assert all(keys[row["index"]] == row["key"] for row in part)


def test_worker_processes_give_the_same_rows(no_pictures, run, whole):
    methods = ("telea", "biharmonic")
    there = rows(run("there", methods=methods, protocols=("irregular",), limit=4, workers=1))
    of_these = {row["index"] for row in there}
    here = [r for r in rows(whole) if r["index"] in of_these and r["protocol"] == "irregular"]
    here = [row for row in here if row["method"] in methods]
    assert len(there) == 8 and without_clock(here) == without_clock(there)


def test_reuse_takes_baselines_and_measures_the_model_anew(no_pictures, run, whole, monkeypatch):
    monkeypatch.setattr(runner, "score_classical", None)  # not to be called
    few = {"methods": ("model", "mean", "telea"), "protocols": ("irregular",), "limit": 6}
    second = run("second", reuse=whole[0] / "scores.csv", **few)
    earlier = {(r["protocol"], r["index"], r["method"]): r for r in rows(whole)}
    assert len(rows(second)) == 18
    for row in rows(second):
        before = earlier["irregular", row["index"], row["method"]]
        if row["method"] == "model":
            row["milliseconds"] = before["milliseconds"]
        assert row == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "another picture or hole"),
        ({"size": 40}, "another picture or hole"),
        ({"split": "train"}, "another picture or hole"),
        ({"methods": ("mean", "telea")}, "has no row for telea"),
        ({"protocols": ("lines",)}, r"has no row for mean on picture \d+ \(lines\)"),
    ],
)
def test_reuse_refuses_another_task(change, message, no_pictures, run, whole, tmp_path):
    kept = [r for r in rows(whole) if (r["protocol"], r["method"]) == ("irregular", "mean")]
    write_rows(tmp_path / "scores.csv", kept)
    task = {"protocols": ("irregular",), "methods": ("mean",), "limit": 2}
    with pytest.raises(DataError, match=message):
        run("refused", reuse=tmp_path / "scores.csv", **(task | change))


def test_an_unknown_split_is_named(run):
    with pytest.raises(DataError, match=r"'validation': use one of \['train', 'test'\]"):
        run("unknown", split="validation")


def test_pictures_that_cannot_be_read_are_counted_and_the_rest_is_measured(place, run, tmp_path):
    for i, name in enumerate(("test/cat", "test/dog")):
        write_pictures(place / "broken" / name, 4, seed=i)
    (place / "broken" / "test" / "cat" / "2.png").write_bytes(b"no picture")
    folder, record = run("of_broken", "broken", methods=("model", "telea"))
    assert record["pictures"] == 7
    assert [(each["index"], each["error"][:23]) for each in record["skipped"]] == [
        (2, "2.png is not a picture ")
    ]
    assert json.loads((folder / "results.json").read_text())["skipped"] == record["skipped"]
    assert "could not be read and are not in these numbers: 1." in (folder / "table.md").read_text()
    assert {row["index"] for row in read_rows(folder / "scores.csv")} == {0, 1, *range(3, 8)}
    assert (folder / "grid_lines.png").exists() and (folder / "contact_lines.png").exists()
    for path in (place / "broken").rglob("*.png"):
        path.write_bytes(b"no picture")
    with pytest.raises(DataError, match="None of 8 pictures could be read: 0.png is not"):
        run("of_nothing", "broken", methods=("model",))


def test_a_report_is_not_written_over_what_was_given(place, run, whole):
    folder, _ = whole
    with pytest.raises(DataError, match="--reuse .* would be written over"):
        run("whole", reuse=folder / "scores.csv")
    (place / "file").touch()
    with pytest.raises(DataError, match="--output-dir .*file cannot be written to .*: give a fol"):
        run("file")
    for inside in ("data", "data/test", "data/new/report"):
        with pytest.raises(DataError, match="lies in --data .*: pictures written there"):
            run(inside)


# Holes in the shape of objects


@pytest.fixture(scope="module")
def things(place):
    """Pictures of two sizes, and masks of four of the five; two of these are to be removed."""
    write_pictures(place / "things" / "test", 4)
    tall = Image.open(place / "things" / "test" / "3.png").rotate(90, expand=True)
    tall.save(place / "things" / "test" / "4.png")
    (place / "masks").mkdir()
    for i in (0, 1, 2, 4):
        mask_image = Image.new("L", (60, 48) if i < 4 else (48, 60))
        mask_image.paste(255, (10 + i, 10, 26 + i, 22))
        mask_image.save(place / "masks" / f"{i}.png")
    (place / "masks" / "removal.txt").write_text("1\n4\n")
    return place / "masks"


@pytest.fixture(scope="module")
def vgg_weights(place):
    path = place / "vgg.safetensors"
    generator = torch.Generator().manual_seed(0)
    weights = {k: torch.randn(s, generator=generator) for k, s in vgg19n.SHAPES.items()}
    save_file(weights, path)
    return path


@pytest.fixture(scope="module")
def of_things(run, things, vgg_weights):
    """All four protocols, with VGG-19."""
    methods = ("model", "natural", "ns")
    return run("of_things", "things", protocols=PROTOCOLS, methods=methods, object_masks=things,
               vgg_weights=vgg_weights)  # fmt: skip


def test_objects_and_removals_are_measured_beside_drawn_holes(of_things):
    folder, record = of_things
    found = {(r["protocol"], r["method"]): r for r in record["results"] if not r["bucket"]}
    counts = {protocol: found[protocol, "model"]["n"] for protocol in PROTOCOLS}
    assert counts == {"lines": 5, "irregular": 5, "objects": 4, "removal": 2}
    assert record["pictures"] == 5 and {r["method"] for r in rows(of_things)} == {
        "model", "natural", "ns",
    }  # fmt: skip
    natural = found["objects", "natural"]
    assert set(natural["sharpness"]) == {"mean", "median", "low", "high"}
    assert natural["vgg"]["mean"] > 0 and natural["hole_psnr"]["median"] > 0
    removal = found["removal", "model"]
    unknown = dict.fromkeys(("mean", "median", "low", "high"))
    assert removal["psnr"] == removal["gram"] == removal["sharpness"] == unknown
    assert removal["ring_sharpness"]["mean"] > 0
    assert all(r["model"] == "tiny-net" for r in rows(of_things) if r["method"] == "natural")


def test_what_cannot_be_compared_is_null_a_dash_and_nothing(of_things):
    folder, record = of_things
    assert json.loads((folder / "results.json").read_text()) == json.loads(json.dumps(record))
    table = (folder / "table.md").read_text(encoding="utf-8")
    line = next(words for words in table.splitlines() if words.startswith("| removal"))
    assert line.count("| – ") == 5  # PSNRs, SSIM, L1 and MSE
    assert table.count("| removal ") == 3 + 3  # no differences
    assert "Texture in the hole:" in table and "--vgg-weights" not in table
    of_removal = [r for r in rows(of_things) if r["protocol"] == "removal"]
    assert len(of_removal) == 6 and all(math.isnan(r["hole_psnr"]) for r in of_removal)
    differences = {d["protocol"]: d for d in record["differences"] if not d["bucket"]}
    assert differences["removal"]["ssim"] == dict.fromkeys(("mean", "low", "high"))


def test_the_expected_error_is_the_models_where_there_is_a_truth(of_things):
    assert set(of_things[1]["uncertainty"]) == {"lines", "irregular", "objects"}


def test_objects_have_a_grid_and_removals_a_sheet_of_all_judged_methods(of_things):
    folder, _ = of_things
    assert (folder / "grid_objects.png").exists() and not (folder / "grid_removal.png").exists()
    with Image.open(folder / "contact_removal.png") as sheet:  # input, model and natural
        width = 3 * (60 + GAP // 2) + 2 * GAP
        assert sheet.size == (width, GAP + HEADER + 48 + GAP + 60 + GAP)


def test_the_limit_chooses_from_the_pictures_that_take_part(no_pictures, run, things):
    few = {"protocols": ("objects", "removal"), "methods": ("mean",), "limit": 1}
    measured = run("few", "things", object_masks=things, **few)
    assert len(rows(measured)) == 2
    assert {r["index"] for r in rows(measured) if r["protocol"] == "removal"} < {1, 4}
    assert measured[1]["object_masks"] == str(things)


def test_removals_alone_have_no_charts_of_scores(run, things):
    folder, _ = run("removals", "things", protocols=("removal",), methods=("mean",),
                    object_masks=things)  # fmt: skip
    assert {path.name for path in folder.iterdir()} == {
        "scores.csv", "results.json", "table.md", "contact_removal.png",
    }  # fmt: skip


def test_objects_may_be_reused(no_pictures, run, things, vgg_weights, of_things, monkeypatch):
    monkeypatch.setattr(runner, "score_classical", None)  # not to be called
    options = {"protocols": PROTOCOLS, "methods": ("ns",), "object_masks": things}
    earlier = of_things[0] / "scores.csv"
    again = run("again", "things", reuse=earlier, vgg_weights=vgg_weights, **options)
    assert rows(again) == [row for row in rows(of_things) if row["method"] == "ns"]
    plain = [row | {"vgg": math.nan, "gram": math.nan} for row in rows(of_things)]
    write_rows(things.parent / "plain.csv", plain)
    with pytest.raises(DataError, match="was made without --vgg-weights: leave out one"):
        run("bad", "things", reuse=things.parent / "plain.csv", vgg_weights=vgg_weights, **options)


def test_workers_measure_with_vgg_too(no_pictures, run, things, vgg_weights, of_things):
    there = run("there_too", "things", protocols=("objects",), methods=("ns",), workers=1,
                object_masks=things, vgg_weights=vgg_weights)  # fmt: skip
    here = [r for r in rows(of_things) if (r["protocol"], r["method"]) == ("objects", "ns")]
    for mine, theirs in zip(rows(there), here, strict=True):
        assert mine["key"] == theirs["key"] and mine["gram"] == pytest.approx(theirs["gram"])


@pytest.mark.parametrize("protocol", ["objects", "removal"])
def test_objects_need_masks(protocol, run):
    with pytest.raises(InvalidConfig, match=f"--protocols {protocol} needs --object-masks FOLDER"):
        run("without", protocols=("lines", protocol))


def test_modes_need_the_pipeline(run):
    with pytest.raises(InvalidConfig, match="--methods auto natural: these are modes of the pip"):
        run("bare", strategy=BARE, methods=("auto", "natural", "model"))


def test_a_report_is_not_written_among_the_masks(run, things):
    with pytest.raises(DataError, match="lies in --object-masks .*: pictures written there"):
        run("masks/report", "things", object_masks=things)


def test_wrong_weights_are_refused_before_anything_is_measured(run, place):
    (place / "no.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError, match="--vgg-weights .*no.safetensors could not be read"):
        run("no_vgg", "nowhere", vgg_weights=place / "no.safetensors")
