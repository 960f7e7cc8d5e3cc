"""``inpaint fill``: folders, masks by name, going on, bad files, wrong usage."""

import numpy as np
import pytest
from PIL import Image

from inpainting.cli.fill import main
from inpainting.distributed import launched_alone
from inpainting.evaluation.metrics import score
from inpainting.io.images import decode
from tests.cli.conftest import box_mask, report


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
    ],
)
def test_wrong_usage_is_one_sentence(photos, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert main([*arguments, "--out", "out"]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and not (tmp_path / "out").exists()


def test_two_results_of_one_name_are_refused(photos, run, tmp_path):
    decode(photos / "a.png").save(photos / "a.bmp")
    code, output = run(photos, "--mask", tmp_path / "mask.png")
    assert code == 2 and "would both be written" in output


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
