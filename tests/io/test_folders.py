"""Picture files in folders."""

import pytest

from inpainting.io.folders import picture_files


@pytest.mark.parametrize("name", ["set[1]", "My photos [2024]", "a*b?", "{x}", "ü ñ"])
def test_names_of_folders_are_literal(tmp_path, name):
    for folder in (name, "set1", "ab"):
        (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / name / "x.jpg").touch()
    (tmp_path / "set1" / "other.jpg").touch()
    assert [path.name for path in picture_files(tmp_path / name).pictures] == ["x.jpg"]


def test_kinds_are_told_apart_and_hidden_files_passed_over(tmp_path):
    for name in ("b.PNG", "a.avif", "c.HEIC", "d.cr2", "notes.txt", "._b.PNG", ".x/e.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = picture_files(tmp_path)
    assert [path.name for path in found.pictures] == ["a.avif", "b.PNG"]
    assert not found.masks
    assert [path.name for path in found.foreign] == ["c.HEIC", "d.cr2"]


def test_a_mask_beside_its_picture_is_a_mask(tmp_path):
    for name in ("a.jpg", "a_mask.PNG", "deep/a_mask.png", "b.heic", "b_mask.png", "c_mask.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = picture_files(tmp_path)
    assert [path.name for path in found.masks] == ["a_mask.PNG", "b_mask.png"]
    names = [path.relative_to(tmp_path).as_posix() for path in found.pictures]
    assert names == ["a.jpg", "c_mask.png", "deep/a_mask.png"]


def test_links_are_followed_once_and_end_in_no_circle(tmp_path):
    for name in ("real/1.png", "elsewhere/2.png", "set/own.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "set" / "a_link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "b_link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "up").symlink_to(tmp_path / "set")
    (tmp_path / "set" / "file.png").symlink_to(tmp_path / "real" / "1.png")
    (tmp_path / "set" / "dead.png").symlink_to(tmp_path / "nowhere")
    names = [p.relative_to(tmp_path / "set").as_posix()
             for p in picture_files(tmp_path / "set").pictures]  # fmt: skip
    assert names == ["a_link/2.png", "file.png", "own.png"]


def test_a_folder_comes_before_links_to_it(tmp_path):
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "1.png").touch()
    (tmp_path / "a").symlink_to(tmp_path / "z")
    assert picture_files(tmp_path).pictures == [tmp_path / "z" / "1.png"]
