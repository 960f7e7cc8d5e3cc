"""What the canvas asks for: a browser's JSON, read or refused."""

import base64
import io
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inpainting.demo import limits
from inpainting.demo.asked import (
    MOST_GROWTH,
    MOST_REQUESTS,
    NO_HOLE,
    UNFIT,
    Asked,
    guide_of,
    hole_of,
    lines_of,
    mask_image_of,
    original_of,
    picture_of,
    read_asked,
)
from inpainting.demo.examples import EXAMPLES
from inpainting.demo.patches import Patch
from inpainting.errors import EmptyHole, InpaintingError, InvalidConfig, InvalidImage, InvalidMask
from inpainting.inference.guide_image import given_in
from inpainting.inference.line_image import levels_of
from inpainting.inference.parts import SEEDS
from inpainting.io.images import decode
from inpainting.masks.edit import grow
from tests.demo.visitor import box_mask, drawn, painted, request
from tests.robustness.odd_files import png_file

LEAST = {"number": 1, "photo": "example:none", "patches": []}
NUMBERS = ("number", "grow", "feather", "seed")


def test_a_request_of_the_canvas_is_read():
    patches = [{"box": [1, 2, 3, 4], "path": "a.png"}, {"box": [5, 6, 7, 8], "path": "b.png"}]
    data = request(
        "photo.jpg", box_mask((9, 8), (2, 3, 7, 5)), patches=patches, grow=3, feather=4,
        mode="faithful", seed=5, known=True, measured=True,
    )  # fmt: skip
    asked = read_asked(json.loads(json.dumps(data)))
    assert asked == Asked(
        number=data["number"], photo="photo.jpg",
        patches=(Patch((1, 2, 3, 4), "a.png"), Patch((5, 6, 7, 8), "b.png")),
        box=(2, 3, 7, 5), png=base64.b64decode(data["png"]), grow=3, feather=4, mode="faithful",
        seed=5, known=True, measured=True,
    )  # fmt: skip
    assert read_asked(LEAST) == Asked(1, "example:none")


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("grow", 0, MOST_GROWTH), ("feather", 0, MOST_GROWTH), ("seed", 0, SEEDS - 1),
     ("number", 0, MOST_REQUESTS - 1)],
)  # fmt: skip
def test_numbers_have_bounds(name, least, most):
    for value in (least, most):
        assert getattr(read_asked(LEAST | {name: value}), name) == value
    for value in (least - 1, most + 1, 10**30, math.inf, -math.inf, math.nan, 1e30):
        with pytest.raises(InvalidConfig, match=UNFIT):
            read_asked(LEAST | {name: value})


def test_so_many_fills_lie_on_one_photo():
    patch = {"box": [0, 0, 1, 1], "path": "a.png"}
    most = LEAST | {"patches": [patch] * limits.PATCHES}
    assert len(read_asked(most).patches) == limits.PATCHES
    with pytest.raises(InvalidConfig, match=f"More than {limits.PATCHES} fills"):
        read_asked(most | {"patches": [patch] * (limits.PATCHES + 1)})


def deep(levels: int):
    """A list in a list in a list …: its form cannot be told."""
    value = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("value", [None, 5, 1.5, True, [], {}, ["auto"], deep(100_000)])
@pytest.mark.parametrize("name", ["photo", "mode"])
def test_what_is_no_string_is_none(name, value):
    with pytest.raises(InvalidConfig, match=UNFIT):
        read_asked(LEAST | {name: value})


@pytest.mark.parametrize(
    "patches",
    [None, 1, "ab", {}, [1], ["a"], [None], [[]], [{}], [{"box": [0, 0, 1, 1]}], [{"path": "a"}],
     [{"box": 1, "path": "a"}], [{"box": [0, 0, 1], "path": "a"}],
     [{"box": [0, 0, 1, 1, 1], "path": "a"}], [{"box": [0, 0, 1, "x"], "path": "a"}],
     [{"box": [0, 0, 1, math.inf], "path": "a"}], [{"box": [0, 0, 1, 1], "path": ["a"]}],
     [{"box": [0, 0, 1, 1], "path": deep(100_000)}]],
)  # fmt: skip
def test_what_are_no_patches_is_none(patches):
    if patches == {}:  # none at all
        return
    with pytest.raises(InvalidConfig, match=UNFIT):
        read_asked(LEAST | {"patches": patches})


@pytest.mark.parametrize("png", [1, [], ["a"], {"a": 1}, "ä", "a", "a===", "ab c", "\ud800", True])
def test_what_is_no_base64_is_refused(png):
    if not png:  # nothing is painted
        return
    with pytest.raises(InvalidConfig, match=UNFIT):
        read_asked(LEAST | {"png": png})


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.integers(-3, 40),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["box", "path", "png"]) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
boxes = st.lists(st.integers(-5, 40), min_size=4, max_size=4) | values
nearly = st.fixed_dictionaries(
    {
        "number": st.integers(0, 99) | values,
        "photo": st.sampled_from([f"example:{EXAMPLES[0].name}", "example:", "/etc/passwd"])
        | values,
        "patches": st.lists(
            st.fixed_dictionaries({"box": boxes, "path": st.text() | values}) | values, max_size=3
        )
        | values,
    },
    optional={
        "box": boxes,
        "png": st.binary().map(lambda content: base64.b64encode(content).decode()) | values,
        "mode": st.sampled_from(["auto", "natural", "faithful"]) | values,
        "known": values,
        "measured": values,
        "guide": st.just(drawn((3, 4, 9, 7), "red"))
        | st.fixed_dictionaries({"box": boxes, "png": st.just(drawn((0, 0, 6, 3), "red")["png"])})
        | values,
        "grow": values,
        "feather": values,
        "seed": values,
    },
)


@given(nearly | values)
def test_whatever_is_sent_is_read_or_refused_in_a_sentence(data):
    try:
        asked = read_asked(data)
        size = picture_of(asked).size
        hole = hole_of(asked, size)
        assert hole.shape == size[::-1]
        guide = guide_of(asked, hole)
        assert guide is None or guide.size == size
    except InpaintingError as error:
        assert str(error).encode()  # can be sent


# What is painted


def test_what_is_painted_is_put_at_its_place_and_grown():
    mask_image = Image.new("L", (60, 40))
    mask_image.paste(255, (20, 10, 30, 12))
    mask_image.putpixel((41, 33), 255)
    asked = read_asked(LEAST | painted(mask_image))
    assert mask_image_of(asked, (60, 40)) == mask_image
    assert np.array_equal(hole_of(asked, (60, 40)), np.array(mask_image) > 0)
    wider = mask_image_of(asked._replace(grow=3), (60, 40))
    rows, columns = np.mgrid[:40, :60]
    distances = [np.hypot(rows - y, columns - x) for y, x in np.argwhere(np.array(mask_image))]
    assert np.array_equal(np.array(wider) > 0, np.min(distances, axis=0) <= 3)
    assert wider == grow(mask_image, 3)


def test_drawn_colours_are_a_guide_inside_the_hole():
    hole = np.zeros((40, 60), bool)
    hole[10:20, 20:30] = True
    asked = read_asked(LEAST | {"guide": drawn((25, 15, 35, 18), "lime")})
    guide = guide_of(asked, hole)
    expected = np.zeros_like(hole)
    expected[15:18, 25:30] = True
    assert np.array_equal(given_in(guide), expected)
    assert guide.getpixel((25, 15)) == (0, 255, 0, 255)
    assert guide_of(read_asked(LEAST), hole) is None
    assert guide_of(read_asked(LEAST | {"guide": drawn((0, 0, 5, 5), "lime")}), hole) is None


def test_drawn_lines_are_dark_and_say_something_inside_the_hole_alone():
    hole = np.zeros((20, 30), bool)
    hole[5:15, 10:20] = True
    asked = read_asked(LEAST | {"lines": drawn((0, 7, 30, 9), "black")})
    line, told = levels_of(lines_of(asked, hole))
    assert np.array_equal(line, told) and told[7:9, 10:20].all() and told.sum() == 20
    erased = read_asked(LEAST | {"lines": drawn((0, 7, 30, 9), "white")})
    line, told = levels_of(lines_of(erased, hole))
    assert not line.any() and told.sum() == 20
    assert lines_of(read_asked(LEAST), hole) is None
    assert lines_of(read_asked(LEAST | {"lines": drawn((0, 0, 5, 2), "black")}), hole) is None
    assert not asked.is_plain and read_asked(LEAST).is_plain


@pytest.mark.parametrize(("passes", "expected"), [(None, None), (0, None), (2, 2)])
def test_passes_are_as_many_as_it_was_trained_for_unless_said(passes, expected):
    assert read_asked(LEAST | {"passes": passes}).passes == expected


@pytest.mark.parametrize("guide", [1, "ab", [], [1], {"box": [0, 0, 1, 1]}, {"png": ""}])
def test_what_is_no_guide_is_refused(guide):
    with pytest.raises(InvalidConfig, match=UNFIT):
        read_asked(LEAST | {"guide": guide})


def test_nothing_painted_is_a_black_mask_and_no_hole():
    asked = read_asked(LEAST)
    assert not mask_image_of(asked, (9, 8)).getbbox()
    with pytest.raises(EmptyHole):
        hole_of(asked, (9, 8))


@pytest.mark.parametrize(
    "box",
    [(-1, 0, 4, 4), (0, -1, 5, 3), (0, 0, 4, 4), (0, 0, 5, 5), (5, 0, 0, 4), (0, 4, 5, 0),
     (0, 0, 0, 0), (16, 0, 21, 4), (0, 7, 5, 11), (2**70, 0, 2**70 + 5, 4)],
)  # fmt: skip
def test_what_does_not_fit_the_photo_is_refused(box):
    png = base64.b64decode(painted(Image.new("L", (5, 4), 255))["png"])
    with pytest.raises(InvalidMask, match=NO_HOLE):
        mask_image_of(Asked(1, "", box=box, png=png), (20, 10))


def test_a_part_that_is_larger_than_it_says_is_refused_by_its_header(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limits.PIXELS)
    side = int(limits.PIXELS**0.5) + 10
    bomb = png_file(side, side, 1, 0, bytes((side // 8 + 2) * side))
    assert len(bomb) < limits.JSON // 4
    with pytest.raises(InvalidImage, match="more than 50 megapixels"):
        mask_image_of(Asked(1, "", box=(0, 0, 5, 4), png=bomb), (20, 10))


@pytest.mark.parametrize("png", [b"", b"\x89PNG\r\n\x1a\n...", b"GIF89a", bytes(99)])
def test_a_part_that_is_no_picture_is_refused(png):
    with pytest.raises(InpaintingError, match="not a picture|could not be decoded"):
        mask_image_of(Asked(1, "", box=(0, 0, 5, 4), png=png), (20, 10))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "P"])
def test_a_part_of_any_mode_is_black_and_white(mode):
    stream = io.BytesIO()
    Image.linear_gradient("L").resize((5, 4)).convert(mode).save(stream, "PNG")
    asked = Asked(1, "", box=(3, 2, 8, 6), png=stream.getvalue())
    assert set(np.unique(mask_image_of(asked, (20, 10)))) == {0, 255}


# The photo


def test_an_example_is_worked_on_by_its_name():
    for example in EXAMPLES:
        asked = Asked(1, f"example:{example.name}")
        assert asked.example == example
        assert picture_of(asked) == decode(example.photo)
        original = original_of(asked)
        assert (original is None) == (example.original is None)
        assert original is None or original == decode(example.original)


@pytest.mark.parametrize("name", ["", "none", "../1_scratches", "\0", "\ud800", "a" * 10**6])
def test_an_example_that_is_not_there_is_refused_without_its_name(name):
    with pytest.raises(InvalidImage, match=r"^There is no such example: [ a-z,]+\.$"):
        picture_of(Asked(1, f"example:{name}"))


def test_a_photo_of_the_visitor_has_no_known_original(kept, noise):
    assert original_of(Asked(1, str(kept / "a.png"))) is None


def test_the_other_mode_is_the_switch_s_other_position():
    modes = {mode: Asked(1, "", mode=mode).other_mode() for mode in ("auto", "natural", "faithful")}
    assert modes == {"auto": "faithful", "natural": "faithful", "faithful": "auto"}
