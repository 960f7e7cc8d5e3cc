"""What the canvas asks the server for besides fills."""

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from inpainting.demo import limits, service, tools
from inpainting.demo.asked import NO_HOLE, PHOTO_GONE, UNFIT
from inpainting.demo.patches import GONE
from inpainting.demo.tools import (
    NOT_UPLOADED,
    SELECT,
    answering,
    damage,
    open_mask_file,
    open_photo,
    save,
    select,
)
from inpainting.errors import EmptyHole, InvalidImage
from inpainting.io.images import EIGHT_BITS, FIRST_FRAME, FROM_CMYK, decode
from inpainting.masks.edit import invert
from inpainting.masks.ratios import DAMAGE
from inpainting.masks.select import select_object
from tests.demo.test_asked import deep, values
from tests.demo.visitor import box_mask, fill, filled, request, uploaded

TOOLS = (open_photo, select, open_mask_file, damage, save)


def mask_image_in(answer, size) -> Image.Image:
    """The mask image that the canvas gets out of an answer."""
    left, top, right, bottom = answer["box"]
    mask_image = Image.new("L", size)
    with Image.open(io.BytesIO(base64.b64decode(answer["png"]))) as part:
        assert part.mode == "1" and part.size == (right - left, bottom - top)
        mask_image.paste(part.convert("L"), (left, top))
    return mask_image


@pytest.fixture
def file(kept):
    """A function that saves a picture as a visitor's upload: its path."""

    def write(image: Image.Image, name: str, **options) -> str:
        path = kept / "sent" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, **options)
        return str(path)

    return write


# Opening photos


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.gif", "a.bmp"])
def test_a_photo_that_browsers_show_is_looked_at_and_not_copied(file, noise, name, kept):
    path = file(noise(30, 20), name)
    assert open_photo({"path": path}) == {
        "photo": path, "width": 30, "height": 20, "name": "a", "notes": [], "look": None,
    }  # fmt: skip
    assert len([each for each in kept.rglob("*") if each.is_file()]) == 1


@pytest.mark.parametrize(
    ("name", "mode", "options", "notes"),
    [
        ("a.tif", "RGB", {}, []),
        ("a.jpg", "CMYK", {}, [FROM_CMYK]),
        ("a.png", "I;16", {}, [EIGHT_BITS]),
        ("a.gif", "P", {"save_all": True}, [FIRST_FRAME]),
    ],
)
def test_a_photo_that_browsers_show_otherwise_or_not_is_sent_as_it_is_read(
    file, noise, name, mode, options, notes
):
    if mode == "I;16":
        image = Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 100)
    else:
        image = noise(30, 20).convert(mode)
    if options:
        options = options | {"append_images": [noise(30, 20).convert(mode)]}
    path = file(image, name, **options)
    answer = open_photo({"path": path})
    assert answer["notes"] == notes and answer["photo"] == path
    assert decode(answer["look"]) == decode(path)


def test_a_photo_is_opened_upright_with_a_name_fit_for_files(file, noise):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = file(noise(30, 20), "my photo (1).jpg", exif=exif)
    answer = open_photo({"path": path})
    assert (answer["width"], answer["height"], answer["name"]) == (20, 30, "my_photo_1")


@pytest.mark.parametrize("path", ["/etc/passwd", "", "\0", "a.png", "example:1_scratches"])
def test_only_an_uploaded_photo_is_opened(kept, path):
    assert open_photo({"path": path}) == {"error": NOT_UPLOADED, "gone": True}


def test_a_broken_photo_is_refused_in_words(kept):
    (kept / "sent").mkdir(parents=True)
    (kept / "sent" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n...")
    answer = open_photo({"path": str(kept / "sent" / "broken.png")})
    assert answer["error"].startswith("broken.png is not a picture")


# Holes


def disc(size=(120, 90), box=(40, 30, 70, 60)):
    """A light disc on dark noise, and its mask image."""
    rng = np.random.default_rng(1)
    picture = Image.fromarray(rng.integers(20, 50, (size[1], size[0], 3), dtype=np.uint8))
    mask_image = Image.new("L", size)
    for image, colour in ((picture, (230, 200, 60)), (mask_image, 255)):
        ImageDraw.Draw(image).ellipse(box, fill=colour)
    return picture, mask_image


@pytest.mark.usefixtures("kept")
def test_rough_paint_snaps_to_the_object():
    picture, mask_image = disc()
    rough = box_mask(picture.size, (34, 25, 76, 66))
    answer = select(request(uploaded(picture), rough, what="object"))
    found = np.array(mask_image_in(answer, picture.size)) > 0
    expected = np.array(mask_image) > 0
    assert (found & expected).sum() / (found | expected).sum() > 0.9
    assert np.array_equal(found, select_object(picture, np.array(rough) > 0))


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("what", SELECT)
def test_every_kind_of_selection_finds_part_of_a_light_line(what):
    dark = what == "dark text"
    picture = Image.new("RGB", (120, 90), "white" if dark else "black")
    ImageDraw.Draw(picture).line((20, 45, 100, 45), "black" if dark else "white", 3)
    rough = box_mask(picture.size, (15, 35, 105, 56))
    answer = select(request(uploaded(picture), rough, what=what))
    found = np.array(mask_image_in(answer, picture.size)) > 0
    assert found[44:47, 25:95].mean() > 0.9 and not found[:30].any()


@pytest.mark.usefixtures("kept")
def test_selections_of_nothing_or_of_something_else_are_refused(noise):
    path, rough = uploaded(noise(30, 20)), box_mask((30, 20), (5, 5, 9, 9))
    assert select(request(path, what="object")) == {"error": str(EmptyHole())}
    for what in ("", "everything", None, 1, ["object"], {"object": 1}, deep(100_000)):
        assert select(request(path, rough, what=what)) == {"error": UNFIT}


@pytest.mark.usefixtures("kept")
def test_a_mask_file_is_read_fitted_and_told_about(noise, file):
    path = file(invert(box_mask((60, 40), (2, 2, 12, 12))), "m.png")
    answer = open_mask_file(request(uploaded(noise(30, 20)), path=path))
    # Which colour is repaint is the file's to say; what it means is told.
    assert mask_image_in(answer, (30, 20)) == invert(box_mask((30, 20), (1, 1, 6, 6)))
    assert "resized from 60×40 to 30×20" in answer["notes"][0] and "invert it" in answer["notes"][1]


@pytest.mark.usefixtures("kept")
def test_a_mask_file_that_says_nothing_is_refused(noise, file):
    photo = uploaded(noise(30, 20))
    black = file(Image.new("L", (30, 20)), "black.png")
    assert open_mask_file(request(photo, path=black))["error"]
    for path in ("/etc/passwd", "", "\0"):
        assert open_mask_file(request(photo, path=path)) == {"error": NOT_UPLOADED, "gone": True}
    for path in (None, 1, [], {}):
        assert open_mask_file(request(photo, path=path)) == {"error": UNFIT}
    assert open_mask_file(request(photo, path=photo))["error"]  # no picture is its own mask


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_seeded_and_of_that_share(noise, kind):
    path = uploaded(noise(120, 90))
    first, again, other = (
        damage(request(path, kind=kind, percent=20, seed=seed)) for seed in (3, 3, 4)
    )
    assert first == again != other
    share = (np.array(mask_image_in(first, (120, 90))) > 0).mean()
    assert 0.1 < share < 0.25


@pytest.mark.usefixtures("kept")
def test_damage_of_nothing_is_said(noise):
    answer = damage(request(uploaded(noise(4, 4)), kind="strokes", percent=1, seed=0))
    assert answer["error"].startswith("1 % of so small a picture is nothing")


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    "change",
    [{"percent": 0}, {"percent": 61}, {"percent": "10"}, {"percent": None}, {"percent": deep(9999)},
     {"percent": float("nan")}, {"seed": -1}, {"seed": 2**32}, {"seed": None},
     {"seed": float("inf")}, {"kind": "fire"}, {"kind": None}, {"kind": ["lines"]}],
)  # fmt: skip
def test_damage_out_of_bounds_is_refused_in_a_sentence(noise, change):
    data = request(uploaded(noise(30, 20)), kind="lines", percent=10, seed=0) | change
    name = next(iter(change))
    words = UNFIT if name == "kind" else f"{name.capitalize()}: a number from "
    assert damage(data)["error"].startswith(words)


# Saving


def test_what_is_saved_is_the_photo_with_its_fills(noise, tiny_pipeline):
    image, mask_image = noise(60, 40), box_mask((60, 40), (5, 5, 20, 20))
    data = request(uploaded(image), mask_image)
    path = save(filled(data, fill(data)) | {"name": "../my cat"})["path"]
    assert path.endswith("/my_cat_filled.png")
    assert decode(path) == tiny_pipeline.fill(image, mask_image, mode="auto").image
    assert decode(save(data | {"name": "cat"})["path"]) == image  # before any fill


@pytest.mark.usefixtures("kept")
def test_what_is_gone_is_not_saved(noise, tmp_path):
    assert save(request(str(tmp_path / "a.png"), name="a")) == {"error": PHOTO_GONE, "gone": True}
    patch = {"box": [0, 0, 5, 5], "path": str(tmp_path / "a.png")}
    assert save(request(uploaded(noise(9, 9)), patches=[patch], name="a")) == {
        "error": GONE,
        "gone": True,
    }


# What all of them have in common


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
@pytest.mark.parametrize("data", [None, 1, "a", [], [1], deep(100_000), {}, {"path": deep(99_999)}])
def test_what_is_no_request_is_refused(kept, tool, data):
    assert tool(data) == {"error": UNFIT}


names = st.sampled_from(["number", "photo", "patches", "box", "png", "path", "what", "kind",
                         "percent", "seed", "name", "grow"])  # fmt: skip


@given(data=st.dictionaries(names, values, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
def test_whatever_is_sent_is_answered_with_json(kept, noise, tool, data):
    photo = uploaded(noise(9, 8))
    for sent in (data, request(photo) | data, data | {"photo": photo}):
        json.dumps(tool(sent), allow_nan=False).encode()


def test_a_part_that_does_not_fit_is_refused(noise, kept):
    rough = box_mask((30, 20), (5, 5, 9, 9))
    data = request(uploaded(noise(20, 8)), rough, what="object")
    assert select(data) == {"error": NO_HOLE}


def test_only_sentences_are_answers():
    def refuse(_):
        raise InvalidImage("No.")

    def fail(_):
        raise KeyError("a bug")

    assert answering(refuse)({}) == {"error": "No."}
    with pytest.raises(KeyError):
        answering(fail)({})


def test_as_many_at_once_as_fills():
    taken = []

    def look(_):
        taken.append([service.places.acquire(blocking=False) for _ in range(limits.FILLS)])
        for got in taken[-1]:
            if got:
                service.places.release()
        return {}

    answering(look)({})
    assert taken == [[True] * (limits.FILLS - 1) + [False]]
    assert all(hasattr(getattr(tools, tool.__name__), "__wrapped__") for tool in TOOLS)
