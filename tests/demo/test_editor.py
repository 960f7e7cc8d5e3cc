"""The editor's value: what was opened and painted, read and written."""

import io

import gradio as gr
import numpy as np
import pytest
from fastapi import HTTPException
from gradio.components.image_editor import EditorData
from gradio.data_classes import DataWithFiles, FileData
from PIL import Image

from inpainting.demo import limits
from inpainting.demo.editor import (
    PhotoEditor,
    brush_for,
    put,
    read_editor,
    read_hole,
    read_parts,
)
from inpainting.errors import InvalidImage, InvalidMask, NothingKnown, SizeMismatch
from inpainting.io.images import decode
from tests.demo.visitor import box_mask, painted, shown_in, value

pytestmark = pytest.mark.usefixtures("kept")


@pytest.fixture
def editor() -> PhotoEditor:
    return PhotoEditor()


# Reading


@pytest.mark.parametrize("layers", [None, [], [painted((64, 64), (0, 0, 9, 9))]],
                         ids=["cleared", "blank canvas", "strokes on a blank canvas"])  # fmt: skip
def test_no_picture(layers):
    state = None if layers is None else value(Image.new("RGBA", (64, 64)), *layers)
    with pytest.raises(InvalidImage, match="no picture yet: upload or paste"):
        read_editor(state)


def faint(size: tuple[int, int]) -> Image.Image:
    """A layer whose paint is less than half opaque."""
    layer = Image.new("RGBA", size, (255, 59, 48, 0))
    layer.paste((255, 59, 48, 100), (0, 0, 9, 9))
    return layer


@pytest.mark.parametrize(
    "layers", [(), (painted((30, 20), (0, 0, 0, 0)),), (faint((30, 20)),)],
    ids=["no layer", "empty layer", "faint layer"],
)  # fmt: skip
def test_nothing_painted(noise, layers):
    for read in (read_editor, read_hole):
        with pytest.raises(InvalidMask, match="Nothing is painted yet"):
            read(value(noise(30, 20), *layers))


def test_layers_are_united(noise):
    state = value(noise(30, 20), painted((30, 20), (1, 2, 5, 6)), painted((30, 20), (4, 2, 9, 6)))
    image, mask_image = read_editor(state)
    assert image == state["background"].read()
    assert mask_image.mode == "L"
    assert np.array_equal(mask_image, box_mask((30, 20), (1, 2, 9, 6)))
    image, hole = read_hole(state)
    assert image == state["background"].read()
    assert np.array_equal(hole, np.asarray(mask_image) > 0) and hole.dtype == bool


def test_a_hole_is_not_the_whole_picture(noise):
    with pytest.raises(NothingKnown):
        read_hole(value(noise(30, 20), painted((30, 20), (0, 0, 30, 20))))


def test_the_photo_counts_and_not_what_a_canvas_made_of_it(noise, tmp_path):
    photo, canvas = noise(30, 20), noise(30, 20)
    photo.save(tmp_path / "photo.png")
    state = value(canvas, painted((30, 20), (1, 2, 5, 6)))
    assert read_editor(state, str(tmp_path / "photo.png"))[0] == photo
    other = value(noise(31, 20), painted((31, 20), (1, 2, 5, 6)))  # something else was opened
    image, _ = read_editor(other, str(tmp_path / "photo.png"))
    assert image == other["background"].read()


def test_a_photo_whose_file_is_gone_is_read_from_the_canvas(noise, tmp_path):
    photo = noise(30, 20)
    state = value(photo, painted((30, 20), (1, 2, 5, 6)))
    assert read_editor(state, str(tmp_path / "deleted.png"))[0] == photo


def test_layer_of_another_size(noise):
    with pytest.raises(SizeMismatch, match="31×20 pixels but the picture is 30×20"):
        read_editor(value(noise(30, 20), painted((31, 20), (1, 2, 5, 6))))


# Writing


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_put_mirrors_read_editor(noise, mode):
    image, mask_image = noise(31, 17).convert(mode), box_mask((31, 17), (3, 4, 20, 10))
    update = put(image, mask_image)
    assert update.value["composite"] is None  # Gradio would load it as the background
    layer = decode(update.value["layers"][0]["path"])
    assert layer.getchannel("A").getextrema() == (0, 153)  # as the brush paints
    assert shown_in(update) == (image, mask_image)


def test_the_brush_fits_the_picture():
    assert brush_for((4000, 3000)).default_size > 5 * brush_for((600, 400)).default_size
    assert brush_for((9, 9)).default_size >= 4


# What the browser sends


def read(editor, path, *layers):
    data = EditorData(
        background=FileData(path=str(path)), layers=[FileData(path=str(p)) for p in layers]
    )
    return read_parts(editor.preprocess(data))


def test_files_are_read_faithfully(tmp_path, editor):
    ramp = np.linspace(0, 65535, 60 * 40).reshape(40, 60).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "grey16.png")
    image, mask_image = read(editor, tmp_path / "grey16.png")
    grey = np.array(image)
    assert grey.min() == 0 and grey.max() == 255 and abs(grey.mean() - 127.5) < 1
    assert mask_image.size == (60, 40) and not mask_image.getbbox()

    photo = Image.new("RGB", (30, 20))
    photo.getexif()[0x0112] = 6  # to be turned a quarter
    photo.save(tmp_path / "turned.jpg", exif=photo.getexif())
    assert read(editor, tmp_path / "turned.jpg")[0].size == (20, 30)


def test_broken_files_are_refused_in_words(tmp_path, editor, noise):
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n...")
    noise(9, 9).save(tmp_path / "good.png")
    with pytest.raises(InvalidImage, match="broken.png is not a picture"):
        read(editor, path)
    with pytest.raises(gr.Error, match="broken.png is not a picture"):
        read(editor, tmp_path / "good.png", path)


def send(editor, content: bytes, **fields) -> None:
    fields = {"id": "1", "index": "null", **fields}
    editor.accept_blobs(DataWithFiles(data=fields, files=[("blob", content)]))


def test_parts_sent_ahead_are_read_once_and_forgotten(editor, noise, kept):
    stream, layer = io.BytesIO(), io.BytesIO()
    noise(20, 10).save(stream, "PNG")
    Image.new("RGBA", (20, 10), (255, 0, 0, 153)).save(layer, "PNG")
    send(editor, stream.getvalue(), type="background")
    send(editor, layer.getvalue(), type="layer", index="1")
    send(editor, b"never read", type="composite")
    image, mask_image = read_parts(editor.preprocess(EditorData(id="1")))
    assert image.size == (20, 10) and mask_image.getextrema() == (255, 255)
    assert len(list(kept.rglob("part"))) == 2
    assert editor.preprocess(EditorData(id="1")) is None


@pytest.mark.parametrize("index", ["-1", "4", "20000000", "null", "one", "1.5"])
def test_layers_that_no_editor_of_ours_has_are_refused(editor, index, kept):
    with pytest.raises(HTTPException, match="400.*4 layers"):
        send(editor, b"x", type="layer", index=index)
    assert not kept.exists()


def test_names_that_no_browser_makes_up_are_refused(editor, kept):
    send(editor, b"x", type="background", id="n" * 64)
    with pytest.raises(HTTPException, match="400"):
        send(editor, b"x", type="background", id="n" * 65)
    assert len(list(kept.rglob("part"))) == 1


def test_a_flood_of_parts_is_kept_on_the_disk_and_forgotten(editor, monkeypatch):
    monkeypatch.setattr(limits, "VISITORS", 50)
    for number in range(200):
        send(editor, b"x" * 1000, type="background", id=str(number))
    assert editor.uploads.take("149") is None and editor.uploads.take("199") is not None
