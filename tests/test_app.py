"""The demo's behaviour without a browser; the page is tested in
test_app_page.py and, as visitors see it, in browser/."""

import math
from dataclasses import replace

import gradio as gr
import numpy as np
import pytest
from PIL import Image

import app
from inpainting import InpaintingPipeline
from inpainting.errors import InvalidImage, InvalidMask, NothingKnown, SizeMismatch
from inpainting.metrics import score


@pytest.fixture(autouse=True)
def tiny_pipeline(tiny_model, monkeypatch):
    pipeline = InpaintingPipeline(tiny_model, device="cpu")
    monkeypatch.setattr(app, "load_pipeline", lambda: pipeline)


def painted(size: tuple[int, int], box: tuple[int, int, int, int], alpha: int = 153) -> Image.Image:
    layer = Image.new("RGBA", size, (255, 59, 48, 0))
    layer.paste((255, 59, 48, alpha), box)
    return layer


def box_mask(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    mask_image = Image.new("L", size)
    mask_image.paste(255, box)
    return mask_image


def editor(background, *layers) -> dict:
    return {"background": background, "layers": list(layers), "composite": None}


# The states of the editor


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="cleared"),
        pytest.param(editor(None), id="nothing loaded"),
        pytest.param(editor(Image.new("RGBA", (800, 800), (0, 0, 0, 0))), id="blank canvas"),
        pytest.param(
            editor(Image.new("RGBA", (64, 64)), painted((64, 64), (0, 0, 9, 9))),
            id="strokes on a blank canvas",
        ),
    ],
)
def test_no_picture(value):
    with pytest.raises(InvalidImage, match="no picture yet: upload or paste"):
        app.read_editor(value)


@pytest.mark.parametrize(
    "layers", [(), (painted((30, 20), (0, 0, 0, 0)),), (painted((30, 20), (0, 0, 9, 9), 100),)]
)
def test_nothing_painted(noise, layers):
    with pytest.raises(InvalidMask, match="Nothing is painted yet"):
        app.read_editor(editor(noise(30, 20), *layers))


def test_layers_are_united(noise):
    value = editor(noise(30, 20), painted((30, 20), (1, 2, 5, 6)), painted((30, 20), (4, 2, 9, 6)))
    image, mask_image = app.read_editor(value)
    assert image is value["background"]
    assert mask_image.mode == "L"
    assert np.array_equal(mask_image, box_mask((30, 20), (1, 2, 9, 6)))


def test_composite_is_never_used(noise):
    value = editor(noise(30, 20), painted((30, 20), (1, 2, 5, 6)))
    other = {**value, "composite": noise(30, 20)}
    assert app.read_editor(value)[0] is app.read_editor(other)[0]
    assert app.read_editor(value)[1] == app.read_editor(other)[1]


def test_layer_of_another_size(noise):
    with pytest.raises(SizeMismatch, match="31×20 pixels but the picture is 30×20"):
        app.read_editor(editor(noise(30, 20), painted((31, 20), (1, 2, 5, 6))))


def test_editor_value_mirrors_read_editor(noise):
    image, mask_image = noise(31, 17), box_mask((31, 17), (3, 4, 20, 10))
    value = app.editor_value(image, mask_image)
    assert value["composite"] is None  # Gradio would load it as the background
    assert value["layers"][0].getchannel("A").getextrema() == (0, 153)  # as the brush paints
    assert app.read_editor(value) == (image, mask_image)


# Filling


def test_fill_keeps_what_is_not_painted(noise):
    image, mask_image = noise(45, 31), box_mask((45, 31), (5, 6, 17, 12))
    (_, result), _, heat_map = app.fill(image, mask_image)
    hole = np.array(mask_image) > 0
    changed = (np.array(result) != np.array(image)).any(axis=2)
    assert result.size == heat_map.size == image.size
    assert changed[hole].mean() > 0.9 and not changed[~hole].any()
    assert len(np.unique(np.array(heat_map)[~hole], axis=0)) == 1  # the colour of no difference


def test_numbers_are_those_of_the_pictures(noise):
    image, mask_image = noise(45, 31), box_mask((45, 31), (5, 6, 17, 12))
    (_, result), report, _ = app.fill(image, mask_image)
    expected = score(np.array(image), np.array(result), np.array(mask_image) > 0)
    for text in (
        f"{expected.hole_psnr:.1f} dB",
        f"whole: {expected.psnr:.1f} dB",
        f"{expected.hole_ssim:.3f}",
        f"whole: {expected.ssim:.3f}",
        f"{expected.hole_mse:,.1f}",
        "45 × 31 px · hole 5.2 %",
        "on CPU",
    ):
        assert text in report


def test_alpha_is_kept_and_large_heat_maps_shrink(noise):
    image = noise(1500, 40).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    (before, result), _, heat_map = app.fill(image, box_mask(image.size, (700, 5, 720, 25)))
    assert before.mode == result.mode == "RGBA"
    assert result.getchannel("A") == image.getchannel("A")
    assert heat_map.width == 1024


def test_before_shows_where_the_hole_is_and_what_it_covers():
    image, mask_image = Image.new("RGB", (4, 3), (100, 50, 200)), box_mask((4, 3), (0, 0, 2, 2))
    marked = np.array(app.mark(image, mask_image))
    assert marked[2, 3].tolist() == [100, 50, 200]
    expected = [
        0.4 * under + 0.6 * red for under, red in zip((100, 50, 200), (255, 59, 48), strict=True)
    ]
    assert marked[0, 0] == pytest.approx(expected, abs=1)


# What the visitor reads


def test_errors_become_sentences(noise):
    with pytest.raises(gr.Error) as caught:
        app.fill_editor(editor(noise(30, 20), painted((30, 20), (0, 0, 30, 20))))
    assert caught.value.message == str(NothingKnown())
    assert not caught.value.print_exception


def test_messages_are_escaped_and_bugs_are_not_swallowed():
    def fail(error):
        raise error

    with pytest.raises(gr.Error) as caught:
        app.readable_errors(fail)(InvalidImage("<img src=x onerror=alert(1)> & co."))
    assert caught.value.message == "&lt;img src=x onerror=alert(1)&gt; &amp; co."
    with pytest.raises(ZeroDivisionError):
        app.readable_errors(fail)(ZeroDivisionError())


def test_equal_pictures_are_explained():
    scores = score(*[np.zeros((20, 20, 3), np.uint8)] * 2, np.eye(20, dtype=bool))
    report = app.report_html(scores, (20, 20), 0.05, 0.1)
    assert report.count("∞") == 3 and app.INFINITE in report
    assert "inf dB" not in report
    unequal = replace(scores, hole_psnr=20.0, psnr=math.nan)
    assert app.INFINITE not in app.report_html(unequal, (20, 20), 0.05, 0.1)


def test_the_report_says_when_its_numbers_mean_nothing(noise):
    _, report, _ = app.fill(noise(20, 20), box_mask((20, 20), (5, 5, 9, 9)))
    assert "If you removed an object" in report and "these numbers mean nothing" in report


def test_an_opened_photo_has_nothing_painted(tmp_path, noise):
    noise(30, 20).save(tmp_path / "photo.png")
    value = app.open_photo(str(tmp_path / "photo.png"))
    with pytest.raises(InvalidMask, match="Nothing is painted"):
        app.read_editor(value)
