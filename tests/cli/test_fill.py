"""``inpaint fill``: folders, masks by name, going on, bad files, wrong usage."""

import io
import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import inpainting
from inpainting import InpaintingPipeline, ResidualUNet, save_pretrained
from inpainting.cli import folders
from inpainting.cli.fill import main
from inpainting.distributed import launched_alone
from inpainting.evaluation.metrics import score
from inpainting.io.images import decode
from tests.cli.conftest import box_mask, report
from tests.conftest import TINY
from tests.models.networks import follow_guides


def test_a_folder_is_filled_with_one_mask(photos, run, tmp_path):
    code, output = run(photos, "--mask", tmp_path / "mask.png")
    assert code == 0 and "3 of 3 filled" in output
    results = sorted(
        p.relative_to(tmp_path / "out").as_posix() for p in tmp_path.rglob("out/**/*.png")
    )
    assert results == ["a.png", "deep/b.png", "deep/er/c.png"]
    first, second, third = report(tmp_path / "out")
    original, filled = (np.array(decode(first[key])) for key in ("image", "output"))
    hole = np.array(box_mask()) > 0
    assert np.array_equal(original[~hole], filled[~hole]) and first["untouched_pixels_equal"]
    expected = score(original, filled, hole)
    assert first["scores"]["hole_psnr"] == pytest.approx(expected.hole_psnr, abs=1e-4)
    assert first["hole_ratio"] == pytest.approx(42 / 600, abs=1e-6) and first["passes"]
    assert decode(second["output"]).mode == "RGBA"
    assert "resized from 30×20 to 60×40" in third["notes"][0]
    assert not list(tmp_path.rglob("*.partial"))


def test_masks_by_name_and_bad_files(photos, run, tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()
    box_mask().save(masks / "a.png")
    box_mask().save(masks / "b.bmp")
    (photos / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    box_mask().save(masks / "broken.png")
    code, output = run(photos, "--mask", masks)
    assert code == 1 and "2 of 4 filled" in output
    assert "skipped" in output and "broken.png is not a picture" in output
    assert "c.png or another picture file of that name, and nothing was found" in output
    assert [("error" in record) for record in report(tmp_path / "out")] == [
        False,
        True,
        False,
        True,
    ]


def test_a_second_run_goes_on(photos, run, tmp_path):
    run(photos, "--mask", tmp_path / "mask.png")
    first = report(tmp_path / "out")
    (tmp_path / "out" / "a.png").unlink()
    stamp = (tmp_path / "out" / "deep" / "b.png").stat().st_mtime_ns
    assert run(photos, "--mask", tmp_path / "mask.png")[0] == 0
    assert (tmp_path / "out" / "a.png").exists()
    assert (tmp_path / "out" / "deep" / "b.png").stat().st_mtime_ns == stamp
    assert [r["scores"] for r in report(tmp_path / "out")] == [r["scores"] for r in first]
    run(photos, "--mask", tmp_path / "mask.png", "--grow", "2")  # other settings: all again
    assert (tmp_path / "out" / "deep" / "b.png").stat().st_mtime_ns != stamp
    assert report(tmp_path / "out")[0]["hole_ratio"] > first[0]["hole_ratio"]


def again(output: str) -> list[str]:
    """The notes about what was filled again."""
    return re.findall(r"note: (.*): Filled again, (.*) being another", output)


def test_what_was_made_from_something_else_is_filled_again_and_said(
    photos, run, tmp_path, tiny_model, noise
):
    masks = tmp_path / "masks"
    masks.mkdir()
    for name in ("a", "b", "c"):
        box_mask().save(masks / f"{name}.png")
    first = run(photos, "--mask", masks)[1]
    assert "3 of 3 filled," in first and not again(first)
    stamps = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.png")}
    assert "3 of 3 filled, 3 of them before" in run(photos, "--mask", masks)[1]
    (tmp_path / "moved").mkdir()
    for name in ("a", "b", "c"):  # the same masks elsewhere
        (masks / f"{name}.png").rename(tmp_path / "moved" / f"{name}.png")
    assert "3 of them before" in run(photos, "--mask", tmp_path / "moved")[1]
    assert stamps == {p: p.stat().st_mtime_ns for p in stamps}
    masks = tmp_path / "moved"

    noise(31, 20).save(photos / "a.png")
    box_mask(box=(1, 1, 9, 9)).save(masks / "b.png")
    output = run(photos, "--mask", masks)[1]
    assert again(output) == [
        (str(photos / "a.png"), "its picture"), (str(photos / "deep/b.tif"), "its mask"),
    ]  # fmt: skip
    assert "3 of 3 filled, 1 of them before" in output
    assert decode(tmp_path / "out" / "a.png").size == (31, 20)
    for options in (("--feather", "3"), ("--feather", "3", "--invert-mask")):
        assert again(run(photos, "--mask", masks, *options)[1])[0][1] == "an option"
    torch.nn.init.normal_(tiny_model.head.weight)
    save_pretrained(tiny_model, tmp_path / "tiny")
    output = run(photos, "--mask", masks, "--feather", "3", "--invert-mask")[1]
    assert again(output) == [(f"{photos / 'a.png'} and 2 more", "the checkpoint")]
    assert all(len(r["made_from"]) == 5 for r in report(tmp_path / "out"))


def test_another_mode_or_seed_fills_again_and_is_reported(photos, run, tmp_path):
    given = photos / "a.png", "--mask", tmp_path / "mask.png"
    for options in ((), ("--mode", "natural"), ("--mode", "natural", "--seed", "4294967295")):
        output = run(*given, *options)[1]
        assert (again(output) == [(str(photos / "a.png"), "an option")]) == bool(options)
        assert "1 of them before" in run(*given, *options)[1]
    (record,) = report(tmp_path / "out")
    assert (record["mode"], record["seed"]) == ("natural", 2**32 - 1)
    (part,) = record["parts"]
    assert (part["box"], part["pixels"]) == ([5, 5, 12, 11], 42)
    assert record["made_from"]["options"]["seed"] == 2**32 - 1


def test_a_guide_is_followed_and_another_one_fills_again(photos, run, tmp_path):
    guides, mask = tmp_path / "guides", tmp_path / "mask.png"
    guides.mkdir()
    given = ("--mask", mask, "--guide", guides)

    def draw(colour) -> None:
        guide = Image.new("RGBA", (30, 20))
        guide.paste(colour, (3, 7, 10, 9))
        guide.save(guides / "a.png")

    run(photos / "a.png", "--mask", mask)
    plain = (tmp_path / "out" / "a.png").read_bytes()
    draw("red")
    assert (
        f"{photos / 'a.png'} + {mask} + {guides / 'a.png'} -> "
        in run(photos, *given, "--dry-run")[1]
    )
    output = run(photos, *given)[1]
    assert again(output) == [(str(photos / "a.png"), "its guide")] and "outside the hole" in output
    guided = (tmp_path / "out" / "a.png").read_bytes()
    assert guided != plain and "3 of them before" in run(photos, *given)[1]
    draw("blue")
    assert again(run(photos, *given)[1]) == [(str(photos / "a.png"), "its guide")]
    assert (tmp_path / "out" / "a.png").read_bytes() not in (plain, guided)
    Image.new("RGBA", (31, 20)).save(guides / "a.png")
    code, output = run(photos, *given)
    assert code == 1 and "The guide is 31×20 pixels but the picture is 30×20" in output


def test_lines_are_refused_by_a_network_without_and_followed_by_one_with(photos, run, tmp_path):
    mask, drawn = tmp_path / "mask.png", tmp_path / "lines.png"
    drawing = Image.new("RGBA", (30, 20))
    drawing.paste("black", (3, 7, 10, 9))
    drawing.save(drawn)
    given = (photos / "a.png", "--mask", mask, "--lines", drawn)
    code, output = run(*given)
    assert code == 1 and "trained without lines" in output
    torch.manual_seed(0)
    network = ResidualUNet(replace(TINY, guides=True))
    follow_guides(network)
    torch.nn.init.normal_(network.head.weight)
    save_pretrained(network, tmp_path / "guided")
    with_lines = ("--checkpoint", tmp_path / "guided")
    assert run(*given, *with_lines)[0] == 0
    followed = (tmp_path / "out" / "a.png").read_bytes()
    assert again(run(*given[:-2], *with_lines)[1]) == [(str(photos / "a.png"), "its lines")]
    assert (tmp_path / "out" / "a.png").read_bytes() != followed


def test_more_passes_than_the_network_was_trained_for_are_wrong_usage(photos, run, tmp_path):
    code, output = run(photos, "--mask", tmp_path / "mask.png", "--passes", "2")
    assert code == 2 and "passes is 2: this network was trained for 1 pass." in output
    assert "3 of 3 filled" in run(photos, "--mask", tmp_path / "mask.png", "--passes", "1")[1]


def test_a_record_without_a_mode_counts_as_faithful(photos, run, tmp_path):
    given = photos / "a.png", "--mask", tmp_path / "mask.png"
    run(*given, "--mode", "faithful")
    (record,) = report(tmp_path / "out")
    for name in ("mode", "seed"):  # as a version wrote it that knew neither
        del record[name], record["made_from"]["options"][name]
    (tmp_path / "out" / "report.json").write_text(json.dumps([record]))
    assert "1 of them before" in run(*given, "--mode", "faithful")[1]
    assert again(run(*given)[1]) == [(str(photos / "a.png"), "an option")]


def test_what_a_fill_notes_reaches_the_report_and_the_terminal(photos, run, tmp_path, monkeypatch):
    fill_hole = InpaintingPipeline.fill_hole

    def noted(*arguments, **options):
        return fill_hole(*arguments, **options)._replace(notes=("Nothing to copy from.",))

    monkeypatch.setattr(InpaintingPipeline, "fill_hole", noted)
    output = run(photos / "a.png", "--mask", tmp_path / "mask.png")[1]
    assert f"note: {photos / 'a.png'}: Nothing to copy from." in output
    assert report(tmp_path / "out")[0]["notes"] == ["Nothing to copy from."]


@pytest.mark.parametrize(
    "arguments", [("--mode", "fast"), ("--seed", "-1"), ("--seed", "4294967296"), ("--seed", "x")]
)
def test_a_wrong_mode_or_seed_is_wrong_usage(photos, run, tmp_path, arguments):
    with pytest.raises(SystemExit, match="2"):
        run(photos, "--mask", tmp_path / "mask.png", *arguments)
    assert not (tmp_path / "out").exists()


def test_a_newer_version_fills_again(photos, run, tmp_path, monkeypatch):
    run(photos, "--mask", tmp_path / "mask.png")
    monkeypatch.setattr(inpainting, "__version__", "999")
    output = run(photos, "--mask", tmp_path / "mask.png")[1]
    assert again(output)[0][1] == "the version of this package"


def test_a_result_that_its_owner_changed_is_kept_or_refused_and_never_replaced(
    photos, run, tmp_path
):
    run(photos, "--mask", tmp_path / "mask.png")
    Image.new("RGB", (5, 5), "red").save(tmp_path / "out" / "a.png")
    assert run(photos, "--mask", tmp_path / "mask.png")[0] == 0
    code, output = run(photos, "--mask", tmp_path / "mask.png", "--grow", "1")
    assert code == 1 and "out/a.png was changed after it was made" in output
    assert decode(tmp_path / "out" / "a.png").size == (5, 5)
    assert "2 of 3 filled" in output


def test_a_strange_file_under_a_result_s_name_stays(photos, run, tmp_path):
    (tmp_path / "out" / "deep").mkdir(parents=True)
    Image.new("RGB", (5, 5)).save(tmp_path / "out" / "a.png")
    (tmp_path / "out" / "deep" / "b.png").mkdir()
    code, output = run(photos, "--mask", tmp_path / "mask.png")
    assert code == 1 and "1 of 3 filled" in output
    assert "out/a.png exists and is no result of this command: move it away" in output
    assert "out/deep/b.png is no file" in output
    assert decode(tmp_path / "out" / "a.png").size == (5, 5)
    (tmp_path / "out" / "report.json").write_text('{"mine": 1}')
    code, output = run(photos, "--mask", tmp_path / "mask.png")
    assert code == 2 and "report.json is no report of this command" in output
    assert (tmp_path / "out" / "report.json").read_text() == '{"mine": 1}'


def test_a_kill_between_record_and_file_is_mended(photos, run, tmp_path, monkeypatch):
    run(photos / "a.png", "--mask", tmp_path / "mask.png")
    old = (tmp_path / "out" / "a.png").read_bytes()

    def killed(path):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(folders, "atomic_write", killed)
        with pytest.raises(KeyboardInterrupt):
            run(photos / "a.png", "--mask", tmp_path / "mask.png", "--grow", "2")
    assert (tmp_path / "out" / "a.png").read_bytes() == old
    code, output = run(photos / "a.png", "--mask", tmp_path / "mask.png", "--grow", "2")
    assert code == 0 and (tmp_path / "out" / "a.png").read_bytes() != old
    assert "1 of them before" in run(
        photos / "a.png", "--mask", tmp_path / "mask.png", "--grow", "2"
    )[1]  # fmt: skip


def test_names_of_any_length_and_any_bytes(photos, run, tmp_path, monkeypatch):
    long = "n" * 249 + ".png"
    assert len(long) == 253
    (photos / "a.png").rename(photos / long)
    odd = os.fsdecode(b"caf\xe9.png")
    decode(photos / "deep" / "b.tif").save(photos / odd)
    (photos / "bad").mkdir()
    (photos / "bad" / os.fsdecode(b"\xff.png")).write_bytes(b"broken")
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict")
    monkeypatch.setattr(sys, "stdout", stream)
    code, _ = run(photos, "--mask", tmp_path / "mask.png")
    stream.flush()
    printed = stream.buffer.getvalue().decode()
    assert code == 1 and "4 of 5 filled" in printed and "\\udcff.png is not a picture" in printed
    assert (tmp_path / "out" / long).exists() and (tmp_path / "out" / odd).exists()


def test_notes_reach_the_terminal(photos, run, tmp_path):
    Image.new("L", (60, 20), 255).save(tmp_path / "white.png")
    mostly = Image.new("L", (60, 20), 255)
    mostly.paste(0, (0, 0, 9, 9))
    mostly.save(tmp_path / "mask.png")
    code, output = run(photos, "--mask", tmp_path / "mask.png")
    assert code == 0
    assert (
        f"note: {photos / 'a.png'} and 1 more: The mask was resized from 60×20 to 30×20" in output
    )
    assert "pixels, and stretched." in output and "of the mask is white" in output


def test_a_mask_on_its_side_is_refused(photos, run, tmp_path):
    box_mask((20, 30), (5, 5, 11, 12)).save(tmp_path / "mask.png")
    code, output = run(photos, "--mask", tmp_path / "mask.png")
    assert code == 1 and "0 of 3 filled" in output
    assert "The mask is 20×30 pixels and its picture 30×20: the sides are swapped" in output


@pytest.mark.parametrize("exists", [True, False])
def test_an_out_that_is_a_file_is_told(photos, tmp_path, monkeypatch, capsys, exists):
    monkeypatch.chdir(tmp_path)
    if exists:
        (tmp_path / "m.png").write_text("mine")
    assert main(["photos", "--mask", "mask.png", "--out", "m.png"]) == 2
    assert "--out m.png names a file: give a folder" in capsys.readouterr().err
    assert (tmp_path / "m.png").exists() == exists


def test_a_run_over_some_files_keeps_the_report_of_the_others(photos, run, tmp_path):
    run(photos, "--mask", tmp_path / "mask.png")
    run(photos / "a.png", "--mask", tmp_path / "mask.png")
    assert len(report(tmp_path / "out")) == 3


def test_inverted_masks(photos, run, tmp_path):
    Image.eval(box_mask(), lambda level: 255 - level).save(tmp_path / "inverse.png")
    run(photos / "a.png", "--mask", tmp_path / "inverse.png", "--invert-mask")
    assert report(tmp_path / "out")[0]["hole_ratio"] == pytest.approx(42 / 600, abs=1e-6)
    assert report(tmp_path / "out")[0]["notes"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere", "--mask", "mask.png"), "no file or folder nowhere"),
        (("photos", "--mask", "nowhere.png"), "no mask file or folder nowhere.png"),
        (("photos", "--mask", "mask.png", "--checkpoint", "photos"), "config.json"),
        (("empty", "--mask", "mask.png"), "no picture in what was given"),
        (
            ("photos", "--mask", "mask.png", "--guide", "none.png"),
            "no guide file or folder none.png",
        ),
        (
            ("photos", "--mask", "mask.png", "--guide", "empty"),
            "has no file for any of the pictures",
        ),
    ],
)
def test_wrong_usage_is_one_sentence(photos, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert main([*arguments, "--out", "out"]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and not (tmp_path / "out").exists()


def test_of_two_results_of_one_name_the_first_is_filled_and_the_other_told(photos, run, tmp_path):
    decode(photos / "a.png").save(photos / "a.bmp")
    code, output = run(photos, "--mask", tmp_path / "mask.png")
    assert code == 1 and "3 of 4 filled" in output
    assert f"skipped {photos / 'a.png'}: {photos / 'a.bmp'} and {photos / 'a.png'} would" in output
    assert [Path(r["image"]).name for r in report(tmp_path / "out") if "error" in r] == ["a.png"]


def test_a_folder_that_cannot_be_written_is_said(photos, tmp_path, capsys):
    (tmp_path / "out").write_text("a file")
    arguments = [photos, "--mask", tmp_path / "mask.png", "--out", tmp_path / "out"]
    assert main([str(part) for part in arguments]) == 2
    assert "out" in capsys.readouterr().err


def test_one_process_where_several_were_asked_for_is_told(monkeypatch, photos, run, tmp_path):
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    assert not launched_alone()
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    monkeypatch.setenv("MASTER_PORT", "29500")
    assert launched_alone()
    code, output = run(photos, "--mask", tmp_path / "mask.png")
    assert code == 0 and "add --multi_gpu" in output
    monkeypatch.setenv("LOCAL_RANK", "0")
    assert not launched_alone()
