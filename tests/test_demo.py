"""The demo's behaviour without a browser; the page is tested in
test_app_page.py, programs in test_api.py and, as visitors see it, in browser/."""

import math
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from demo import api, editor, events, filling, limits, pictures, report, views
from demo.refusal import readable_errors
from inpainting import InpaintingPipeline
from inpainting.errors import InvalidImage, InvalidMask, NothingKnown, SizeMismatch
from inpainting.images import decode
from inpainting.mask_edits import white_share
from inpainting.metrics import score

VISITOR = SimpleNamespace(session_hash="visitor")
OUTPUTS = ("slider", "report", "file", "difference", "doubt", "levels", "window", "compared",
           "history")  # fmt: skip


@pytest.fixture(autouse=True)
def tiny_pipeline(tiny_model, monkeypatch, tmp_path):
    pipeline = InpaintingPipeline(tiny_model, device="cpu")
    monkeypatch.setattr(filling, "load_pipeline", lambda device=None: pipeline)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    return pipeline


def painted(size: tuple[int, int], box: tuple[int, int, int, int], alpha: int = 153) -> Image.Image:
    layer = Image.new("RGBA", size, (255, 59, 48, 0))
    layer.paste((255, 59, 48, alpha), box)
    return layer


def box_mask(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    mask_image = Image.new("L", size)
    mask_image.paste(255, box)
    return mask_image


def value(background, *layers) -> dict:
    return {"background": editor.Part(pictures.keep(background, "sent")), "layers": list(layers)}


def shown_in(update) -> tuple[Image.Image, Image.Image]:
    """What the editor would give back after an update."""
    parts = update.value
    layers = [decode(layer["path"]) for layer in parts["layers"]]
    return editor.read_parts(value(decode(parts["background"]["path"]), *layers))


def flipped(mask_image: Image.Image) -> Image.Image:
    return Image.eval(mask_image, lambda level: 255 - level)


def no_progress(*_, **__) -> None:
    pass


def press_fill(image, mask_image, feather=0, damage="", history=None) -> dict:
    layer = Image.new("RGBA", image.size, editor.PAINT)
    layer.putalpha(mask_image.point(lambda level: round(0.6 * level)))
    state, number = value(image, layer), events.begin(VISITOR)
    outputs = events.fill_editor(
        state, None, feather, "cat", damage, history, number, VISITOR, no_progress
    )
    return dict(zip(OUTPUTS, outputs, strict=True))


# The states of the editor


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(None, id="cleared"),
        pytest.param(value(Image.new("RGBA", (800, 800), (0, 0, 0, 0))), id="blank canvas"),
        pytest.param(
            value(Image.new("RGBA", (64, 64)), painted((64, 64), (0, 0, 9, 9))),
            id="strokes on a blank canvas",
        ),
    ],
)
def test_no_picture(state):
    with pytest.raises(InvalidImage, match="no picture yet: upload or paste"):
        editor.read_editor(state)


@pytest.mark.parametrize(
    "layers", [(), (painted((30, 20), (0, 0, 0, 0)),), (painted((30, 20), (0, 0, 9, 9), 100),)]
)
def test_nothing_painted(noise, layers):
    with pytest.raises(InvalidMask, match="Nothing is painted yet"):
        editor.read_editor(value(noise(30, 20), *layers))


def test_layers_are_united(noise):
    state = value(noise(30, 20), painted((30, 20), (1, 2, 5, 6)), painted((30, 20), (4, 2, 9, 6)))
    image, mask_image = editor.read_editor(state)
    assert image == state["background"].read()
    assert mask_image.mode == "L"
    assert np.array_equal(mask_image, box_mask((30, 20), (1, 2, 9, 6)))


def test_the_photo_counts_and_not_what_a_canvas_made_of_it(noise, tmp_path):
    photo, canvas = noise(30, 20), noise(30, 20)
    photo.save(tmp_path / "photo.png")
    state = value(canvas, painted((30, 20), (1, 2, 5, 6)))
    assert editor.read_editor(state, str(tmp_path / "photo.png"))[0] == photo
    other = value(noise(31, 20), painted((31, 20), (1, 2, 5, 6)))  # something else was opened
    image, _ = editor.read_editor(other, str(tmp_path / "photo.png"))
    assert image == other["background"].read()


def test_layer_of_another_size(noise):
    with pytest.raises(SizeMismatch, match="31×20 pixels but the picture is 30×20"):
        editor.read_editor(value(noise(30, 20), painted((31, 20), (1, 2, 5, 6))))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_put_mirrors_read_editor(noise, mode):
    image, mask_image = noise(31, 17).convert(mode), box_mask((31, 17), (3, 4, 20, 10))
    update, photo, name, damage = events.opened(image, "cat", mask_image)
    assert update.value["composite"] is None  # Gradio would load it as the background
    layer = decode(update.value["layers"][0]["path"])
    assert layer.getchannel("A").getextrema() == (0, 153)  # as the brush paints
    assert shown_in(update) == (image, mask_image)
    assert decode(photo) == image and (name, damage) == ("cat", "")


def test_the_brush_fits_the_picture():
    assert (
        editor.brush_for((4000, 3000)).default_size > 5 * editor.brush_for((600, 400)).default_size
    )
    assert editor.brush_for((9, 9)).default_size >= 4


# Filling


def test_fill_keeps_what_is_not_painted(noise):
    image, mask_image = noise(45, 31), box_mask((45, 31), (5, 6, 17, 12))
    shown = press_fill(image, mask_image)
    result = decode(shown["file"])
    hole = np.array(mask_image) > 0
    changed = (np.array(result) != np.array(image)).any(axis=2)
    assert changed[hole].mean() > 0.9 and not changed[~hole].any()
    assert report.UNTOUCHED in shown["report"]
    assert shown["file"].endswith("/cat_filled.png") and decode(shown["slider"][1]) == result
    for heat_map in (shown["difference"], shown["doubt"]):
        assert heat_map.size == image.size
        assert len(np.unique(np.array(heat_map)[~hole], axis=0)) == 1  # the colour of nothing
        assert len(np.unique(np.array(heat_map)[hole], axis=0)) > 5


def test_numbers_are_those_of_the_pictures(noise):
    image, mask_image = noise(45, 31), box_mask((45, 31), (5, 6, 17, 12))
    shown = press_fill(image, mask_image)
    expected = score(np.array(image), np.array(decode(shown["file"])), np.array(mask_image) > 0)
    for text in (
        f"{expected.hole_psnr:.1f} dB",
        f"whole: {expected.psnr:.1f} dB",
        f"{expected.hole_ssim:.3f}",
        f"whole: {expected.ssim:.3f}",
        f"{expected.hole_mse:,.1f}",
        "45 × 31 px · hole 5.2 %",
        "on CPU",
        "1 crop of 45 × 31 px at full resolution",
        filling.checkpoint_name(),
    ):
        assert text in shown["report"]


def test_alpha_is_kept_and_large_pictures_shrink_to_be_looked_at(noise):
    image = noise(2100, 40).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    shown = press_fill(image, box_mask(image.size, (700, 5, 720, 25)))
    result = decode(shown["file"])
    assert result.size == image.size and result.getchannel("A") == image.getchannel("A")
    assert decode(shown["slider"][0]).width == pictures.LOOK
    assert shown["difference"].width == pictures.MAP


def test_files_tell_nothing_about_the_photo(noise):
    image = noise(30, 20)
    image.info["comment"], image.getexif()[0x010F] = "secret", "camera"
    with Image.open(press_fill(image, box_mask((30, 20), (5, 5, 9, 9)))["file"]) as kept:
        assert not kept.info and not kept.getexif()


def test_feather_reaches_the_fill(noise):
    image, mask_image = noise(60, 60), box_mask((60, 60), (10, 10, 50, 50))
    hard, soft = (decode(press_fill(image, mask_image, f)["file"]) for f in (0, 8))
    assert hard.getpixel((30, 30)) == soft.getpixel((30, 30)) and hard != soft


def test_before_shows_where_the_hole_is_and_what_it_covers():
    image, mask_image = Image.new("RGB", (4, 3), (100, 50, 200)), box_mask((4, 3), (0, 0, 2, 2))
    marked = np.array(editor.mark(image, mask_image))
    assert marked[2, 3].tolist() == [100, 50, 200]
    expected = [
        0.4 * under + 0.6 * red for under, red in zip((100, 50, 200), (255, 59, 48), strict=True)
    ]
    assert marked[0, 0] == pytest.approx(expected, abs=1)


def test_a_newer_request_ends_the_older_one(noise, monkeypatch, tiny_pipeline):
    image, mask_image = noise(45, 31), box_mask((45, 31), (5, 6, 17, 12))
    old = events.begin(VISITOR)
    events.begin(VISITOR)
    ran = []
    monkeypatch.setattr(tiny_pipeline.model, "forward", lambda *_: ran.append(1))
    layer = painted((45, 31), (5, 6, 17, 12))
    skipped = events.fill_editor(value(image, layer), None, 0, "cat", "", None, old, VISITOR, print)
    assert skipped == gr.skip() and not ran
    other = SimpleNamespace(session_hash="another")
    first = events.begin(other)
    events.REQUESTS.check("another", first)  # nobody else is overtaken
    with pytest.raises(filling.Overtaken):
        events.REQUESTS.check(VISITOR.session_hash, old)
    events.REQUESTS.forget("another")
    with pytest.raises(filling.Overtaken):
        events.REQUESTS.check("another", first)
    assert mask_image.getbbox()


@pytest.mark.parametrize("alive", [True, False, None])
def test_nothing_is_computed_for_who_has_left(noise, monkeypatch, tiny_pipeline, alive):
    events_ = {} if alive is None else {"1": SimpleNamespace(alive=alive)}
    queue = SimpleNamespace(event_ids_to_events=events_)
    monkeypatch.setattr(filling, "LocalContext", SimpleNamespace(
        blocks=SimpleNamespace(get=lambda _: SimpleNamespace(_queue=queue)),
        event_id=SimpleNamespace(get=lambda _: "1"),
    ))  # fmt: skip
    image, mask_image = noise(45, 31), box_mask((45, 31), (5, 6, 17, 12))
    paths = [pictures.keep(picture, "sent") for picture in (image, mask_image)]
    given = [{"path": path} for path in paths]
    if alive:
        assert api.fill(*given)[1]["untouched_pixels_equal"]
        return
    monkeypatch.setattr(tiny_pipeline.model, "forward", None)
    with pytest.raises(gr.Error, match="Nobody waits"):
        api.fill(*given)
    number = events.begin(VISITOR)
    state = value(image, painted((45, 31), (5, 6, 17, 12)))
    skipped = events.fill_editor(state, None, 0, "cat", "", None, number, VISITOR, print)
    assert skipped == gr.skip()


def test_only_so_many_visitors_are_remembered(monkeypatch):
    monkeypatch.setattr(limits, "VISITORS", 3)
    requests = filling.Requests()
    numbers = [requests.begin(str(visitor)) for visitor in range(5)]
    assert len(requests._numbers) == 3
    requests.check("4", numbers[4])
    with pytest.raises(filling.Overtaken):
        requests.check("1", numbers[1])


def test_a_photo_whose_file_is_gone_is_read_from_the_canvas(noise, tmp_path):
    photo = noise(30, 20)
    state = value(photo, painted((30, 20), (1, 2, 5, 6)))
    assert editor.read_editor(state, str(tmp_path / "swept away.png"))[0] == photo


def test_history_has_the_newest_first_and_ends(noise):
    history = None
    for side in range(20, 20 + events.VISIT + 2):
        shown = press_fill(noise(side, 20), box_mask((side, 20), (5, 5, 9, 9)), history=history)
        history = shown["history"]
    assert len(history) == events.VISIT
    assert f"{19 + events.VISIT + 2} × 20 px" in history[0][1] and "cat" in history[0][1]
    assert decode(history[0][0]).width == 19 + events.VISIT + 2


# Masks


def test_a_mask_file_replaces_what_was_painted(noise, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(gr, "Warning", said.append)
    Image.eval(box_mask((60, 40), (2, 2, 12, 12)), lambda level: 255 - level).save(
        tmp_path / "m.png"
    )
    state = value(noise(30, 20), painted((30, 20), (20, 5, 25, 9)))
    image, mask_image = shown_in(events.bring_mask(str(tmp_path / "m.png"), state, None))
    assert image == state["background"].read()
    assert mask_image == Image.eval(box_mask((30, 20), (1, 1, 6, 6)), lambda level: 255 - level)
    assert "resized from 60×40 to 30×20" in said[0] and "invert it" in said[1]


def test_masks_are_saved_inverted_grown_and_shrunk(noise):
    state = value(noise(30, 20), painted((30, 20), (10, 5, 20, 15)))
    mask_image = box_mask((30, 20), (10, 5, 20, 15))
    saved = events.save_mask(state, "cat")
    assert saved.endswith("/cat_mask.png") and decode(saved, grey=True) == mask_image
    assert shown_in(events.invert(state, None))[1] == Image.eval(
        mask_image, lambda level: 255 - level
    )
    assert shown_in(events.change_size(state, None, -2))[1] == box_mask((30, 20), (12, 7, 18, 13))
    assert white_share(shown_in(events.change_size(state, None, 2))[1]) > white_share(mask_image)
    with pytest.raises(gr.Error, match="Nothing is left of the mask when it shrinks by 9"):
        events.change_size(state, None, -9)
    with pytest.raises(gr.Error, match="Everything is painted"):
        events.invert(value(noise(5, 5), painted((5, 5), (0, 0, 5, 5))), None)


def test_damage_is_seeded_filled_and_known(noise):
    state = value(noise(120, 90))
    first, again, other = (
        events.damage(state, None, "strokes", 20, seed, "cat", None, VISITOR, no_progress)
        for seed in (3, 3, 4)
    )
    mask_image = shown_in(first[0])[1]
    assert 0.18 < white_share(mask_image) <= 0.2
    assert shown_in(again[0])[1] == mask_image != shown_in(other[0])[1]
    outputs = dict(zip(OUTPUTS, first[2:], strict=True))
    assert report.KNOWN_ORIGINAL in outputs["report"] and report.OWN_PAINT not in outputs["report"]
    untouched_damage = press_fill(noise(120, 90), mask_image, damage=first[1])
    assert report.KNOWN_ORIGINAL in untouched_damage["report"]
    more = mask_image.copy()
    more.paste(255, (0, 0, 30, 30))
    assert report.OWN_PAINT in press_fill(noise(120, 90), more, damage=first[1])["report"]


def test_damage_of_nothing_is_said(noise):
    with pytest.raises(gr.Error, match="1 % of so small a picture is nothing"):
        events.damage(value(noise(4, 4)), None, "strokes", 1, 0, "cat", None, VISITOR, no_progress)


# Looking closer


def test_the_comparison_is_with_real_fills_and_their_numbers(noise):
    image, mask_image = noise(200, 160), box_mask((200, 160), (50, 40, 90, 60))
    shown = press_fill(image, mask_image)
    steps = list(events.compare(shown["window"]))
    assert [len(step) for step in steps] == [1, 2, 3, 4]
    captions = [caption for _, caption in steps[-1]]
    expected = score(np.array(image), np.array(decode(shown["file"])), np.array(mask_image) > 0)
    # The window is a part of the picture: SSIM at its border may look at other pixels.
    assert captions[0].startswith(f"This network: {expected.hole_psnr:.1f} dB, SSIM ")
    assert [caption.split(":")[0] for caption in captions[1:]] == list(views.CLASSICAL.values())
    assert len({np.array(picture).tobytes() for picture, _ in steps[-1]}) == 4


def test_a_biharmonic_fill_that_would_take_minutes_is_left_out(noise, monkeypatch):
    monkeypatch.setattr(views, "MOST_BIHARMONIC", 10)
    shown = press_fill(noise(60, 40), box_mask((60, 40), (10, 10, 20, 20)))
    assert "left out, 100 unknowns" in list(events.compare(shown["window"]))[-1][-1][1]


@pytest.mark.parametrize("window", [None, []])
def test_nothing_to_compare_is_said(window):
    with pytest.raises(gr.Error, match="nothing to compare yet"):
        list(events.compare(window))


def test_the_hole_closes_level_by_level(noise):
    shown = press_fill(noise(64, 64), box_mask((64, 64), (20, 20, 30, 30)))
    captions = [caption for _, caption in shown["levels"]]
    assert captions[0] == "64 × 64: 98% known" and captions[-1].endswith("100% known")
    assert len(captions) == 4  # a hole of 10 pixels is closed after three halvings


# What the visitor reads


def test_errors_become_sentences(noise):
    with pytest.raises(gr.Error) as caught:
        press_fill(noise(30, 20), box_mask((30, 20), (0, 0, 30, 20)))
    assert caught.value.message == str(NothingKnown())
    assert not caught.value.print_exception


def test_messages_are_escaped_and_bugs_are_not_swallowed():
    def fail(error):
        raise error

    with pytest.raises(gr.Error) as caught:
        readable_errors(fail)(InvalidImage("<img src=x onerror=alert(1)> & co."))
    assert caught.value.message == "&lt;img src=x onerror=alert(1)&gt; &amp; co."
    with pytest.raises(ZeroDivisionError):
        readable_errors(fail)(ZeroDivisionError())


def test_equal_pictures_are_explained(noise):
    scores = score(*[np.zeros((20, 20, 3), np.uint8)] * 2, np.eye(20, dtype=bool))
    run = filling.fill(noise(20, 20), box_mask((20, 20), (5, 5, 9, 9)))
    text = report.report_html(scores, (20, 20), 0.05, run, False, True)
    assert text.count("∞") == 3 and report.INFINITE in text
    assert "inf dB" not in text
    unequal = replace(scores, hole_psnr=20.0, psnr=math.nan)
    assert report.INFINITE not in report.report_html(unequal, (20, 20), 0.05, run, False, True)
    assert report.TOUCHED in report.report_html(unequal, (20, 20), 0.05, run, False, False)


def test_the_report_says_when_its_numbers_mean_nothing(noise):
    text = press_fill(noise(20, 20), box_mask((20, 20), (5, 5, 9, 9)))["report"]
    assert "If you removed an object" in text and "these numbers mean nothing" in text


def test_an_opened_photo_has_nothing_painted_and_gives_its_name(tmp_path, noise):
    noise(30, 20).save(tmp_path / "my photo (1).png")
    update, _, name, damage = events.open_photo(str(tmp_path / "my photo (1).png"))
    assert not shown_in(update)[1].getbbox() and (name, damage) == ("my_photo_1", "")


def test_the_result_becomes_the_next_photo(noise):
    shown = press_fill(noise(30, 20), box_mask((30, 20), (5, 5, 9, 9)))
    update, _, name, _ = events.go_on(shown["file"], "cat")
    assert shown_in(update)[0] == decode(shown["file"]) and name == "cat"
    with pytest.raises(gr.Error, match="no result yet"):
        events.go_on(None, "cat")


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/a/ü b.jpg", "ü_b"), ("../../etc/passwd", "passwd"), ("/x/....png", "photo"), ("", "photo")],
)
def test_names_are_fit_for_files(path, expected):
    assert pictures.stem(path) == expected
