"""Which picture meets which object's mask."""

import re

import numpy as np
import pytest
from PIL import Image

from inpainting.errors import DataError, EmptyHole, InvalidMask
from inpainting.evaluation.object_masks import ObjectMasks

STEMS = ["d", "b", "x", "a"]  # of the data set; x has no mask


def mask(left: int, size: tuple[int, int] = (12, 8)) -> Image.Image:
    """White in columns ``left`` and the next."""
    image = Image.new("L", size)
    image.paste(255, (left, 0, left + 2, size[1]))
    return image


@pytest.fixture
def folder(tmp_path):
    """Masks of a, b and d, and of e, which is no picture of the data set."""
    for left, name in enumerate("abde"):
        mask(left).save(tmp_path / f"{name}.png")
    return tmp_path


def columns(hole: np.ndarray) -> list[int]:
    assert (hole == hole[:1]).all()
    return np.flatnonzero(hole[0]).tolist()


def test_objects_are_those_of_the_next_picture_by_name(folder):
    masks = ObjectMasks(folder, STEMS)
    assert masks.indices("objects") == [3, 1, 0]  # a, b, d
    found = [columns(masks.hole("objects", index, (12, 8))) for index in (3, 1, 0)]
    assert found == [[1, 2], [2, 3], [0, 1]]  # those of b, d and, at the end, a


def test_removals_are_of_the_pictures_own_object(folder):
    masks = ObjectMasks(folder, STEMS)
    assert masks.indices("removal") == [3, 1, 0]
    found = [columns(masks.hole("removal", index, (12, 8))) for index in (3, 1, 0)]
    assert found == [[0, 1], [1, 2], [2, 3]]


def test_a_list_chooses_the_removals(folder):
    (folder / "removal.txt").write_text("d\n  a  \n\nelsewhere\n")
    masks = ObjectMasks(folder, STEMS)
    assert masks.indices("removal") == [3, 0] and masks.indices("objects") == [3, 1, 0]


def test_another_size_is_met_by_nearest(folder):
    hole = ObjectMasks(folder, STEMS).hole("removal", 1, (24, 5))
    assert hole.shape == (5, 24) and hole.dtype == bool and columns(hole) == [2, 3, 4, 5]


def test_suffixes_and_folders_do_not_matter(tmp_path):
    (tmp_path / "deep").mkdir()
    mask(3).convert("1").save(tmp_path / "deep" / "a.PNG")
    masks = ObjectMasks(tmp_path, ["a"])
    assert columns(masks.hole("objects", 0, (12, 8))) == [3, 4]  # alone, it meets its own


@pytest.mark.parametrize(
    ("stems", "message"),
    [
        (["x", "y"], "has no mask of any of the 2 pictures: .* such as x.png"),
        (["a", "b", "a"], "several pictures of the data set are named a"),
    ],
)
def test_pictures_must_be_found_by_name(stems, message, folder):
    with pytest.raises(DataError, match=message):
        ObjectMasks(folder, stems)


def test_a_folder_must_hold_one_mask_per_name(folder, tmp_path):
    with pytest.raises(DataError, match="nowhere holds no PNG file: give a folder of masks"):
        ObjectMasks(tmp_path / "nowhere", STEMS)
    (folder / "other").mkdir()
    mask(0).save(folder / "other" / "a.png")
    with pytest.raises(DataError, match="holds several PNG files of one name"):
        ObjectMasks(folder, STEMS)


@pytest.mark.parametrize("content", [b"", b"nobody\n", b"\xff\xfe"])
def test_a_list_of_nothing_is_refused(content, folder):
    (folder / "removal.txt").write_bytes(content)
    with pytest.raises(DataError, match=re.escape(str(folder / "removal.txt"))):
        ObjectMasks(folder, STEMS)


def test_masks_that_cannot_be_used_are_named_at_once(folder):
    Image.new("L", (12, 8)).save(folder / "b.png")
    with pytest.raises(EmptyHole, match=r"^b\.png: The mask marks nothing"):
        ObjectMasks(folder, STEMS)
    Image.new("L", (12, 8), 255).save(folder / "b.png")
    with pytest.raises(InvalidMask, match=r"^b\.png: The mask covers the whole"):
        ObjectMasks(folder, STEMS)
    Image.new("L", (12, 8)).save(folder / "e.png")  # of no picture: never read
