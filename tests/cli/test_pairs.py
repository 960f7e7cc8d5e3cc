"""Which picture is filled with which mask, and into which file."""

import os
from pathlib import Path

import pytest
from PIL import Image

from inpainting.cli.fill import main
from inpainting.cli.pairs import find_jobs, find_pictures
from inpainting.errors import InvalidConfig, InvalidImage
from inpainting.io.images import decode
from tests.cli.conftest import box_mask, report


def pairs(sources, mask: Path, out: Path) -> dict[str, str]:
    """Names of pictures and of their masks, or the reason why there is none."""
    jobs = find_jobs(find_pictures(sources, mask, out), mask, out)
    base = mask.parent
    return {
        job.image.relative_to(base).as_posix():
            job.error or job.mask.relative_to(base).as_posix() for job in jobs
    }  # fmt: skip


def masks(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        box_mask().save(path, "PNG")
    return folder


def test_a_folder_keeps_its_structure_and_every_result_is_a_png(photos, tmp_path):
    out, mask = tmp_path / "out", tmp_path / "mask.png"
    jobs = find_jobs(find_pictures([photos, photos / "a.png"], mask, out), mask, out)
    assert [job.image.relative_to(photos).as_posix() for job in jobs] == [
        "a.png", "deep/b.tif", "deep/er/c.bmp",
    ]  # fmt: skip
    assert [job.output.relative_to(out).as_posix() for job in jobs] == [
        "a.png", "deep/b.png", "deep/er/c.png",
    ]  # fmt: skip
    assert {job.mask for job in jobs} == {mask}
    with pytest.raises(InvalidImage, match="no file or folder .*nowhere"):
        find_pictures([photos / "nowhere"], mask, out)


def test_masks_mirror_the_pictures_folders_or_lie_flat(photos, tmp_path):
    folder = masks(
        tmp_path / "masks", "a.PNG", "deep/b_mask.png", "c.png", "deep/er/c.gif", "b.png"
    )
    assert pairs([photos], folder, tmp_path / "out") == {
        "photos/a.png": "masks/a.PNG",
        "photos/deep/b.tif": "masks/deep/b_mask.png",
        "photos/deep/er/c.bmp": "masks/deep/er/c.gif",
    }


def test_one_flat_mask_for_two_pictures_is_refused(photos, tmp_path):
    decode(photos / "a.png").save(photos / "deep" / "a.png")
    folder = masks(tmp_path / "masks", "a.png", "b.png", "c.png")
    found = pairs([photos], folder, tmp_path / "out")
    for name in ("photos/a.png", "photos/deep/a.png"):
        assert "would be the mask of" in found[name] and "photos/deep/a.png" in found[name]
    assert found["photos/deep/b.tif"] == "masks/b.png"
    masks(folder, "deep/a.png")
    assert pairs([photos], folder, tmp_path / "out")["photos/a.png"] == "masks/a.png"


def test_none_or_two_masks_are_told(photos, tmp_path):
    folder = masks(tmp_path / "masks", "a.png", "a.bmp", "deep/b.png", "deep/b_mask.png")
    found = pairs([photos], folder, tmp_path / "out")
    assert "and a.bmp, a.png was found: one file is needed" in found["photos/a.png"]
    assert "and b.png, b_mask.png was found" in found["photos/deep/b.tif"]
    assert "nothing was found" in found["photos/deep/er/c.bmp"]


def test_photos_and_masks_in_one_folder(photos, tmp_path):
    masks(photos, "a_mask.png", "deep/b_mask.png", "deep/er/c_mask.PNG", "deep/lone_mask.png")
    found = pairs([photos], photos, tmp_path / "out")
    assert "nothing was found" in found.pop("photos/deep/lone_mask.png")  # a picture by that name
    assert found == {
        "photos/a.png": "photos/a_mask.png",
        "photos/deep/b.tif": "photos/deep/b_mask.png",
        "photos/deep/er/c.bmp": "photos/deep/er/c_mask.PNG",
    }


def test_masks_within_the_photos_folder_are_no_photos(photos, tmp_path):
    folder = masks(photos / "masks", "a.png", "b.png", "c.png")
    assert len(pairs([photos], folder, tmp_path / "out")) == 3
    mask = photos / "one.png"
    box_mask().save(mask)
    assert set(find_pictures([photos], mask, tmp_path / "out").pictures.values()) == {
        Path(name) for name in ("a.png", "deep/b.tif", "deep/er/c.bmp",
                                "masks/a.png", "masks/b.png", "masks/c.png")
    }  # fmt: skip


def test_hidden_files_are_passed_over_and_foreign_ones_told(photos, tmp_path):
    (photos / "._a.png").write_bytes(b"\0\5\x16\7")
    (photos / ".thumbnails").mkdir()
    decode(photos / "a.png").save(photos / ".thumbnails" / "a.png")
    (photos / "d.HEIC").touch()
    (photos / "e.nef").touch()
    found = pairs([photos], tmp_path / "mask.png", tmp_path / "out")
    assert len(found) == 5
    assert found["photos/d.HEIC"] == (
        "d.HEIC is a HEIC file, which is not read here: save it as JPEG or PNG."
    )
    assert "e.nef is a camera raw file" in found["photos/e.nef"]


def test_earlier_results_are_no_sources(photos, run, tmp_path, capsys):
    run(photos, "--mask", tmp_path / "mask.png")
    (tmp_path / "out").rename(photos / "old")
    for out in ("out", "photos/out", "photos/out"):
        arguments = [photos, "--mask", tmp_path / "mask.png", "--out", tmp_path / out,
                     "--checkpoint", tmp_path / "tiny"]  # fmt: skip
        assert main([str(part) for part in arguments]) == 0
        captured = capsys.readouterr()
        assert "3 of 3 filled" in captured.out
        assert f"{photos / 'old/a.png'} and 2 more left out: results of earlier" in captured.err
    code, output = run(photos / "old", "--mask", tmp_path / "mask.png")
    assert code == 2 and "no picture in what was given" in output and "name it" in output
    assert run(photos / "old" / "a.png", "--mask", tmp_path / "mask.png")[0] == 0


@pytest.mark.parametrize("way", ["plain", "relative", "link", "linked file"])
def test_a_result_never_replaces_what_was_given(photos, run, tmp_path, monkeypatch, way):
    folder = masks(tmp_path / "masks", "a.png", "b.png", "c.png")
    out = folder
    if way == "relative":
        monkeypatch.chdir(photos)
        out = Path("../photos/../masks")
    elif way == "link":
        out = tmp_path / "link"
        out.symlink_to(folder)
    elif way == "linked file":
        out = tmp_path / "elsewhere"
        out.mkdir()
        os.link(folder / "a.png", out / "a.png")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    code, output = run(photos, "--mask", folder, "--out", out)
    assert code == 2 and {p: p.read_bytes() for p in folder.iterdir()} == before
    assert f"would be written to {out / 'a.png'}, which is {folder / 'a.png'}" in output


def test_a_photo_and_a_single_mask_are_safe_too(photos, run, tmp_path):
    photo = (photos / "a.png").read_bytes()
    code, output = run(photos, "--mask", tmp_path / "mask.png", "--out", photos)
    assert code == 2 and f"written to {photos / 'a.png'}, which is {photos / 'a.png'}" in output
    assert (photos / "a.png").read_bytes() == photo
    box_mask().save(tmp_path / "b.png")
    code, output = run(photos / "deep" / "b.tif", "--mask", tmp_path / "b.png", "--out", tmp_path)
    assert code == 2 and decode(tmp_path / "b.png", grey=True) == box_mask()


def test_a_dry_run_prints_the_pairs_and_writes_nothing(photos, run, tmp_path):
    folder = masks(tmp_path / "masks", "a.png", "deep/b.png")
    code, output = run(photos, "--mask", folder, "--dry-run")
    assert code == 1 and not (tmp_path / "out").exists()
    first, second, third = output.splitlines()
    assert first == f"{photos / 'a.png'} + {folder / 'a.png'} -> {tmp_path / 'out/a.png'}"
    assert second.endswith(f"{folder / 'deep/b.png'} -> {tmp_path / 'out/deep/b.png'}")
    assert third.startswith(f"skipped {photos / 'deep/er/c.bmp'}: The mask of c.bmp was looked")
    assert run(photos, "--mask", tmp_path / "mask.png", "--dry-run")[0] == 0


def test_linked_folders_are_searched_once(photos, run, tmp_path):
    (photos / "again").symlink_to(photos / "deep")
    (photos / "deep" / "loop").symlink_to(photos)
    (tmp_path / "more").mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "more" / "d.avif")
    (photos / "more").symlink_to(tmp_path / "more")
    found = find_pictures([photos], tmp_path / "mask.png", tmp_path / "out").pictures
    names = [path.as_posix() for path in found.values()]
    assert names == ["a.png", "deep/b.tif", "deep/er/c.bmp", "more/d.avif"]
    assert run(photos, "--mask", tmp_path / "mask.png")[0] == 0
    assert len(report(tmp_path / "out")) == 4


def guided(photos: Path, tmp_path: Path, guide: Path) -> dict[str, str]:
    """Names of pictures and of their guides, or why they are skipped, or nothing."""
    mask = tmp_path / "mask.png"
    drawn = {"guide": guide}
    found = find_pictures([photos], mask, tmp_path / "out", drawn)
    jobs = find_jobs(found, mask, tmp_path / "out", drawn)
    return {
        job.image.stem: job.error or (job.drawn["guide"].name if job.drawn else "") for job in jobs
    }


def test_guides_are_found_by_name_where_there_are_some(photos, tmp_path):
    folder = masks(tmp_path / "guides", "a.png", "deep/b.png")
    assert guided(photos, tmp_path, folder) == {"a": "a.png", "b": "b.png", "c": ""}
    assert guided(photos, tmp_path, folder / "a.png") == dict.fromkeys("abc", "a.png")
    (folder / "a.webp").write_bytes((folder / "a.png").read_bytes())
    assert guided(photos, tmp_path, folder)["a"].startswith("a.png, a.webp could each be the guide")


def test_guides_among_the_photos_are_no_photos(photos, tmp_path):
    folder = masks(photos / "guides", "a.png")
    assert guided(photos, tmp_path, folder) == {"a": "a.png", "b": "", "c": ""}
    (photos / "guide.png").write_bytes((folder / "a.png").read_bytes())
    assert "guide" not in guided(photos, tmp_path, photos / "guide.png")


def test_a_result_is_never_written_over_a_guide(photos, tmp_path):
    folder = masks(tmp_path / "guides", "a.png")
    mask = tmp_path / "mask.png"
    drawn = {"guide": folder}
    found = find_pictures([photos / "a.png"], mask, folder, drawn)
    with pytest.raises(InvalidConfig, match="a file that was given"):
        find_jobs(found, mask, folder, drawn)
