"""The events of the page, without a browser; as visitors see them, in tests/browser."""

from types import SimpleNamespace
from unittest.mock import Mock, call

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from inpainting.demo import comparison, events, report
from inpainting.demo.asked import NOTHING
from inpainting.demo.images import LOOK, MAP
from inpainting.demo.mask_steps import NONE
from inpainting.errors import NothingKnown
from inpainting.io.images import FIRST_FRAME, decode
from inpainting.masks.edit import invert
from inpainting.masks.meaning import white_share
from tests.demo.visitor import (
    OUTPUTS,
    VISITOR,
    box_mask,
    layer,
    no_progress,
    painted,
    press_another_try,
    press_fill,
    shown_in,
    value,
)
from tests.io.profiles import rgb_profile

pytestmark = pytest.mark.usefixtures("tiny_pipeline")


# Filling


def test_fill_keeps_what_is_not_painted(noise):
    image, mask_image = noise(45, 31), box_mask((45, 31), (5, 6, 17, 12))
    shown = press_fill(image, mask_image)
    result = decode(shown["file"])
    hole = np.array(mask_image) > 0
    changed = (np.array(result) != np.array(image)).any(axis=2)
    assert changed[hole].mean() > 0.9 and not changed[~hole].any()
    assert report.UNTOUCHED in shown["report"] and "45 × 31 px · hole 5.2 %" in shown["report"]
    assert shown["file"].endswith("/cat_filled.png") and decode(shown["slider"][1]) == result
    for heat_map in (shown["difference"], shown["expected"]):
        assert heat_map.size == image.size
        assert len(np.unique(np.array(heat_map)[~hole], axis=0)) == 1  # the colour of nothing
        assert len(np.unique(np.array(heat_map)[hole], axis=0)) > 5


def test_alpha_is_kept_and_large_pictures_shrink_to_be_looked_at(noise):
    image = noise(2100, 40).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    shown = press_fill(image, box_mask(image.size, (700, 5, 720, 25)))
    result = decode(shown["file"])
    assert result.size == image.size and result.getchannel("A") == image.getchannel("A")
    assert decode(shown["slider"][0]).width == LOOK
    assert shown["difference"].width == MAP


def test_files_tell_nothing_about_the_photo(noise):
    image = noise(30, 20)
    image.info["comment"], image.getexif()[0x010F] = "secret", "camera"
    with Image.open(press_fill(image, box_mask((30, 20), (5, 5, 9, 9)))["file"]) as kept:
        assert not kept.info and not kept.getexif()


def test_feather_reaches_the_fill(noise):
    image, mask_image = noise(60, 60), box_mask((60, 60), (10, 10, 50, 50))
    hard, soft = (decode(press_fill(image, mask_image, f)["file"]) for f in (0, 8))
    assert hard.getpixel((30, 30)) == soft.getpixel((30, 30)) and hard != soft


def test_errors_become_sentences(noise):
    with pytest.raises(gr.Error) as caught:
        press_fill(noise(30, 20), box_mask((30, 20), (0, 0, 30, 20)))
    assert caught.value.message == str(NothingKnown())
    assert not caught.value.print_exception


def fill_number(number, noise):
    """What the page shows of a request with that number."""
    state = value(noise(45, 31), painted((45, 31), (5, 6, 17, 12)))
    return events.fill_editor(state, None, 0, "cat", "", None, "auto", number, VISITOR, no_progress)


def test_a_newer_request_ends_the_older_one_before_the_network_runs(
    noise, monkeypatch, tiny_pipeline
):
    old, new = events.begin(VISITOR), events.begin(VISITOR)
    assert fill_number(new, noise) != gr.skip()
    monkeypatch.setattr(tiny_pipeline.predictor.model, "forward", None)
    assert fill_number(old, noise) == gr.skip()


def test_a_request_that_is_overtaken_while_it_runs_shows_nothing(noise, monkeypatch, tiny_pipeline):
    forward = tiny_pipeline.predictor.model.forward

    def overtaken(*inputs):
        events.begin(VISITOR)
        return forward(*inputs)

    number = events.begin(VISITOR)
    monkeypatch.setattr(tiny_pipeline.predictor.model, "forward", overtaken)
    assert fill_number(number, noise) == gr.skip()


def test_nothing_is_computed_for_who_has_left(noise, monkeypatch, tiny_pipeline):
    monkeypatch.setattr(tiny_pipeline.predictor.model, "forward", None)
    monkeypatch.setattr("inpainting.demo.requests.event_is_wanted", lambda: False)
    assert fill_number(events.begin(VISITOR), noise) == gr.skip()
    outputs = events.damage(
        value(noise(60, 40)), None, NONE, "lines", 10, 0, "cat", None, "auto", VISITOR, no_progress
    )
    assert outputs == gr.skip()


def test_a_long_fill_shows_how_far_it_is():
    progress = Mock()
    watch = events.watcher("visitor", events.begin(VISITOR), progress)
    for scale in (2, 1, 1):
        watch(SimpleNamespace(scale=scale))
    words = {"desc": "at 1/1 of the resolution", "unit": "crops"}
    # One run alone is short, and shows nothing.
    assert progress.call_args_list == [call((2, None), **words), call((3, None), **words)]


def test_history_has_the_newest_first_and_ends(noise):
    history = None
    for side in range(20, 20 + events.VISIT + 2):
        shown = press_fill(noise(side, 20), box_mask((side, 20), (5, 5, 9, 9)), history=history)
        history = shown["history"]
    assert len(history) == events.VISIT
    assert f"{19 + events.VISIT + 2} × 20 px" in history[0][1] and "cat" in history[0][1]
    assert decode(history[0][0]).width == 19 + events.VISIT + 2


# Modes and tries

DEEP = (40, 60, 110, 130)  # a box that is copied into


def deep_hole(noise):
    """A picture, and a mask image with a part that is copied into and one that is not."""
    mask_image = box_mask((260, 200), DEEP)
    mask_image.paste(255, (200, 20, 204, 180))
    return noise(260, 200), mask_image


def hole_pixels(shown):
    """What a fill put into the deep hole."""
    return decode(shown["file"]).crop(DEEP).tobytes()


def test_another_try_changes_the_hole_alone_and_counts(noise):
    image, mask_image = deep_hole(noise)
    first = press_fill(image, mask_image)
    second = press_another_try(image, mask_image, first["asked"])
    third = press_another_try(image, mask_image, second["asked"])
    assert len({hole_pixels(shown) for shown in (first, second, third)}) == 3
    known = np.array(mask_image) == 0
    assert np.array_equal(np.array(decode(third["file"]))[known], np.array(image)[known])
    for number, shown in enumerate((first, second, third), 1):
        words = f"Natural fill, try {number}</strong>: 1 of 2 holes with copied texture"
        assert words in shown["report"] and shown["again"].visible
        assert f"natural fill, try {number}" in shown["history"][0][1]
    again = press_fill(image, mask_image)  # Fill itself begins anew
    assert hole_pixels(again) == hole_pixels(first) and again["asked"].seed == 0


def test_another_photo_or_mask_begins_with_the_first_try(noise):
    image, mask_image = deep_hole(noise)
    asked = press_fill(image, mask_image)["asked"]
    assert press_another_try(noise(260, 200), mask_image, asked)["asked"].seed == 0
    more = mask_image.copy()
    more.putpixel((2, 2), 255)
    assert press_another_try(image, more, asked)["asked"].seed == 0
    assert press_another_try(image, mask_image, asked._replace(seed=2**32 - 1))["asked"].seed == 0


def test_a_fill_without_copied_texture_has_no_other_try(noise):
    image, mask_image = deep_hole(noise)
    faithful = press_fill(image, mask_image, mode="faithful")
    assert not faithful["again"].visible
    assert "Faithful fill</strong>: the network alone filled all 2 holes" in faithful["report"]
    assert hole_pixels(faithful) != hole_pixels(press_fill(image, mask_image))
    thin = press_fill(image, box_mask(image.size, (200, 20, 204, 180)))
    assert not thin["again"].visible
    assert "Natural fill</strong>: the network alone filled the hole" in thin["report"]


def test_what_could_not_be_filled_as_asked_for_is_told(noise, monkeypatch, tiny_pipeline):
    image, mask_image = deep_hole(noise)
    noted = tiny_pipeline.fill(image, mask_image)._replace(notes=("Nothing <here> to copy.",))
    monkeypatch.setattr(tiny_pipeline, "fill_hole", lambda *arguments, **options: noted)
    assert "Nothing &lt;here&gt; to copy." in press_fill(image, mask_image)["report"]


def test_an_overtaken_try_shows_nothing(noise, monkeypatch, tiny_pipeline):
    image, mask_image = deep_hole(noise)
    asked = press_fill(image, mask_image)["asked"]
    old = events.begin(VISITOR)
    events.begin(VISITOR)
    monkeypatch.setattr(tiny_pipeline.predictor.model, "forward", None)
    state = value(image, layer(mask_image))
    arguments = state, None, 0, "cat", "", None, asked, old, VISITOR, no_progress
    assert events.try_again(*arguments) == gr.skip()


# Pictures and masks


def test_what_a_photo_loses_is_told(tmp_path, monkeypatch, noise):
    said = []
    monkeypatch.setattr(gr, "Warning", said.append)
    frames = [noise(30, 20), noise(30, 20)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    events.open_photo(str(tmp_path / "a.gif"))
    assert said == [FIRST_FRAME]


def test_the_colour_space_goes_the_whole_way(tmp_path, noise):
    noise(30, 20).save(tmp_path / "p3.png", icc_profile=rgb_profile(), dpi=(300, 300))
    update, photo, *_ = events.open_photo(str(tmp_path / "p3.png"))
    number = events.begin(VISITOR)
    state = value(noise(30, 20), layer(box_mask((30, 20), (5, 5, 9, 9))))
    outputs = events.fill_editor(
        state, photo, 0, "cat", "", None, "auto", number, VISITOR, no_progress
    )
    shown = dict(zip(OUTPUTS, outputs, strict=True))
    for path in (photo, update.value["background"]["path"], shown["file"], *shown["slider"],
                 *shown["window"][::2], shown["history"][0][0]):  # fmt: skip
        with Image.open(path) as image:
            assert image.info["icc_profile"] == rgb_profile(), path
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_an_erased_hole_is_filled_opaque_and_has_no_scores(noise):
    image = noise(30, 20).convert("RGBA")
    image.paste((0, 0, 0, 0), (5, 5, 15, 12))
    shown = press_fill(image, box_mask((30, 20), (7, 7, 12, 10)))
    alpha = decode(shown["file"]).getchannel("A")
    assert alpha.crop((7, 7, 12, 10)).getextrema() == (255, 255)
    assert report.ERASED in shown["report"] and "PSNR" not in shown["report"]
    assert "dB" not in shown["history"][0][1] and report.UNTOUCHED in shown["report"]
    partly = press_fill(image, box_mask((30, 20), (2, 2, 12, 10)))["report"]
    assert report.PARTLY_ERASED in partly and "PSNR" in partly


def test_an_opened_photo_has_nothing_painted_and_gives_its_name(tmp_path, noise):
    noise(30, 20).save(tmp_path / "my photo (1).png")
    update, photo, name, damage, *steps = events.open_photo(str(tmp_path / "my photo (1).png"))
    image, mask_image = shown_in(update)
    assert not mask_image.getbbox() and (name, damage) == ("my_photo_1", "")
    assert steps == [NONE, NONE.html()]
    assert image == decode(photo) == decode(tmp_path / "my photo (1).png")


def test_a_broken_photo_is_refused_in_words(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n...")
    with pytest.raises(gr.Error, match="broken.png is not a picture"):
        events.open_photo(str(tmp_path / "broken.png"))


def test_a_picture_is_opened_with_its_mask(noise):
    image, mask_image = noise(31, 17), box_mask((31, 17), (3, 4, 20, 10))
    update, photo, name, damage, *_ = events.opened(image, "cat", mask_image)
    assert shown_in(update) == (image, mask_image)
    assert decode(photo) == image and (name, damage) == ("cat", "")


def test_the_result_becomes_the_next_photo(noise):
    shown = press_fill(noise(30, 20), box_mask((30, 20), (5, 5, 9, 9)))
    update, _, name, *_ = events.go_on(shown["file"], "cat")
    assert shown_in(update)[0] == decode(shown["file"]) and name == "cat"
    with pytest.raises(gr.Error, match="no result yet"):
        events.go_on(None, "cat")


def test_a_mask_file_replaces_what_was_painted(noise, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(gr, "Warning", said.append)
    invert(box_mask((60, 40), (2, 2, 12, 12))).save(tmp_path / "m.png")
    state = value(noise(30, 20), painted((30, 20), (20, 5, 25, 9)))
    image, mask_image = shown_in(events.bring_mask(state, None, NONE, str(tmp_path / "m.png"))[0])
    assert image == state["background"].read()
    assert mask_image == invert(box_mask((30, 20), (1, 1, 6, 6)))
    assert "resized from 60×40 to 30×20" in said[0] and "invert it" in said[1]


def test_masks_are_saved_inverted_grown_and_shrunk(noise):
    state = value(noise(30, 20), painted((30, 20), (10, 5, 20, 15)))
    mask_image = box_mask((30, 20), (10, 5, 20, 15))
    saved = events.save_mask(state, "cat")
    assert saved.endswith("/cat_mask.png") and decode(saved, grey=True) == mask_image
    assert shown_in(events.invert(state, None, NONE)[0])[1] == invert(mask_image)
    smaller, larger = (
        shown_in(events.change_size(state, None, NONE, pixels)[0])[1] for pixels in (-2, 2)
    )
    assert smaller == box_mask((30, 20), (12, 7, 18, 13))
    assert white_share(larger) > white_share(mask_image)
    with pytest.raises(gr.Error, match="Nothing is left of the mask when it shrinks by 9"):
        events.change_size(state, None, NONE, -9)
    with pytest.raises(gr.Error, match="Everything is painted"):
        events.invert(value(noise(5, 5), painted((5, 5), (0, 0, 5, 5))), None, NONE)


def test_damage_is_seeded_filled_and_known(noise):
    state = value(noise(120, 90))
    first, again, other = (
        events.damage(
            state, None, NONE, "strokes", 20, seed, "cat", None, "auto", VISITOR, no_progress
        )
        for seed in (3, 3, 4)
    )
    mask_image = shown_in(first[0])[1]
    assert 0.18 < white_share(mask_image) <= 0.2
    assert shown_in(again[0])[1] == mask_image != shown_in(other[0])[1]
    assert len(first[1].before) == 1  # what was painted can be brought back
    outputs = dict(zip(OUTPUTS, first[4:], strict=True))
    assert report.KNOWN_ORIGINAL in outputs["report"] and report.OWN_PAINT not in outputs["report"]
    untouched_damage = press_fill(noise(120, 90), mask_image, damage=first[3])
    assert report.KNOWN_ORIGINAL in untouched_damage["report"]
    more = mask_image.copy()
    more.paste(255, (0, 0, 30, 30))
    assert report.OWN_PAINT in press_fill(noise(120, 90), more, damage=first[3])["report"]


def test_damage_of_nothing_is_said(noise):
    with pytest.raises(gr.Error, match="1 % of so small a picture is nothing"):
        events.damage(
            value(noise(4, 4)), None, NONE, "strokes", 1, 0, "cat", None, "auto", VISITOR,
            no_progress,
        )  # fmt: skip


# Looking closer


def test_a_hole_is_compared_with_its_own_classical_fills(noise):
    shown = press_fill(noise(60, 40), box_mask((60, 40), (10, 10, 20, 20)))
    window = comparison.Window.from_files(shown["window"])
    assert window.result == decode(shown["file"]) and window.hole.sum() == 100
    steps = list(events.compare(shown["window"], shown["asked"]))
    assert [len(step) for step in steps] == [1, 1, 2, 3, 4, 5]  # both modes of it are alike
    assert shown["compared"] == []  # a comparison with an earlier fill would mislead


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "L"])
def test_both_modes_of_the_network_are_compared(noise, kind):
    photo, mask_image = noise(400, 300).convert(kind), Image.new("L", (400, 300))
    mask_image.paste(255, (250, 150, 310, 210))
    first = press_fill(photo, mask_image, feather=2)
    second = press_another_try(photo, mask_image, first["asked"], feather=2)
    faithful = press_fill(photo, mask_image, feather=2, mode="faithful")
    for shown, other, names in (
        (second, faithful, ["natural fill, try 2", "faithful fill"]),
        (faithful, first, ["faithful fill", "natural fill, try 1"]),
    ):
        step = list(events.compare(shown["window"], shown["asked"]))[1]
        assert [caption.split(":")[0] for _, caption in step] == [
            f"This network, {name}" for name in names
        ]
        for (picture, _), filled in zip(step, (shown, other), strict=True):
            whole = decode(filled["file"]).convert("RGB")
            assert picture == whole.crop(shown["asked"].box)


@pytest.mark.parametrize("window", [None, []])
def test_nothing_to_compare_is_said(window):
    with pytest.raises(gr.Error, match="nothing to compare yet"):
        list(events.compare(window, NOTHING))


def test_files_that_are_no_window_are_refused_in_words(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n...")
    with pytest.raises(gr.Error, match="broken.png is not a picture"):
        list(events.compare([str(tmp_path / "broken.png")] * 3, NOTHING))


def test_the_hole_closes_level_by_level(noise):
    shown = press_fill(noise(64, 64), box_mask((64, 64), (20, 20, 30, 30)))
    captions = [caption for _, caption in shown["levels"]]
    assert captions[0] == "64 × 64: 98% known" and captions[-1].endswith("100% known")
    assert len(captions) == 4  # a hole of 10 pixels is closed after three halvings
