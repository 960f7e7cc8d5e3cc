"""The events of the page, without a browser; as visitors see them, in tests/browser."""

from types import SimpleNamespace
from unittest.mock import Mock, call

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from inpainting.demo import comparison, events, report, service
from inpainting.demo.asked import (
    NO_GUIDE,
    NO_HOLE,
    PHOTO_GONE,
    UNFIT,
    Asked,
    Drawn,
    picture_of,
    read_asked,
)
from inpainting.demo.errors import user_error
from inpainting.demo.examples import EXAMPLES, read_mask_image, read_original, read_photo
from inpainting.demo.images import MAP
from inpainting.demo.tools import save
from inpainting.errors import EmptyHole, NothingKnown
from inpainting.evaluation.metrics import score
from inpainting.io.images import decode
from inpainting.masks.convert import hole_from_mask_image
from inpainting.masks.edit import grow
from tests.demo.visitor import (
    NUMBERS,
    VISITOR,
    box_mask,
    drawn,
    event,
    fill,
    filled,
    painted,
    press_fill,
    request,
    uploaded,
)
from tests.io.profiles import rgb_profile

pytestmark = pytest.mark.usefixtures("tiny_pipeline")

DOT = drawn((20, 20, 26, 24), "red")


@pytest.fixture
def example():
    """One whose original is known, and whose fills are made anew."""
    events.filled_example.cache_clear()
    yield next(example for example in EXAMPLES if example.known)
    events.filled_example.cache_clear()


# Filling


def test_fill_keeps_what_is_not_painted(noise):
    image, mask_image = noise(45, 31), box_mask((45, 31), (5, 6, 17, 12))
    result, shown = press_fill(image, mask_image)
    hole = np.array(mask_image) > 0
    changed = (np.array(result) != np.array(image)).any(axis=2)
    assert changed[hole].mean() > 0.9 and not changed[~hole].any()
    assert report.UNTOUCHED in shown["report"] and "45 × 31 px · hole 5.2 %" in shown["report"]
    for heat_map in (shown["difference"], shown["expected"]):
        assert heat_map.size == image.size
        assert len(np.unique(np.array(heat_map)[~hole], axis=0)) == 1  # the colour of nothing
        assert len(np.unique(np.array(heat_map)[hole], axis=0)) > 5


def test_what_travels_is_the_changed_part_alone(noise):
    data = request(uploaded(noise(300, 200)), box_mask((300, 200), (105, 60, 117, 72)))
    answer = fill(data)["answer"]
    assert answer["box"] == [105, 60, 117, 72] and answer["number"] == data["number"]
    assert decode(answer["path"]).size == (12, 12) and not answer["whole"]
    assert answer["words"] == "the network alone filled the hole" and not answer["another"]
    assert (answer["name"], answer["device"], answer["notes"]) == ("natural fill", "CPU", [])
    assert answer["seconds"] >= 0 and "at full resolution" in answer["ran"]


def test_what_measures_is_made_only_where_it_is_wanted(noise, monkeypatch):
    monkeypatch.setattr(events, "measured", None)
    shown = fill(request(uploaded(noise(45, 31)), box_mask((45, 31), (5, 6, 17, 12))))
    answer = shown.pop("answer")
    assert "error" not in answer and all(part == gr.skip() for part in shown.values())


def test_alpha_is_kept_and_maps_shrink_to_be_looked_at(noise):
    image = noise(2100, 40).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    result, shown = press_fill(image, box_mask(image.size, (700, 5, 720, 25)))
    assert result.size == image.size and result.getchannel("A") == image.getchannel("A")
    assert shown["answer"]["whole"] and shown["difference"].width == MAP


def test_files_tell_nothing_about_the_photo(noise, kept):
    image, path = noise(30, 20), kept / "photo" / "a.jpg"
    path.parent.mkdir(parents=True)
    exif = Image.Exif()
    exif[0x010F] = "camera"
    image.save(path, exif=exif, comment=b"secret")
    answer = fill(request(str(path), box_mask((30, 20), (5, 5, 9, 9))))["answer"]
    with Image.open(answer["path"]) as patch:
        assert not patch.info and not patch.getexif()


def test_growth_and_feather_reach_the_fill(noise, tiny_pipeline):
    image, mask_image = noise(60, 60), box_mask((60, 60), (10, 10, 50, 50))
    hard, soft = (press_fill(image, mask_image, feather=width)[0] for width in (0, 8))
    assert hard.getpixel((30, 30)) == soft.getpixel((30, 30)) and hard != soft
    wider, shown = press_fill(image, mask_image, grow=4)
    assert wider == tiny_pipeline.fill(image, grow(mask_image, 4), mode="auto").image != hard
    assert shown["answer"]["box"] == [6, 6, 54, 54]


def test_drawn_colours_reach_the_fill(noise, tiny_pipeline):
    image, mask_image = noise(60, 60), box_mask((60, 60), (10, 10, 50, 50))
    plain, guided = (press_fill(image, mask_image, guide=guide)[0] for guide in (None, DOT))
    guide = Image.new("RGBA", image.size)
    guide.paste("red", (20, 20, 26, 24))
    assert guided == tiny_pipeline.fill(image, mask_image, guide=guide).image != plain


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"guide": {**DOT, "box": [25, 16, 31, 20]}}, NO_GUIDE),
        ({"guide": {**DOT, "box": [0, 0, 30, 20]}}, NO_GUIDE),
        ({"guide": {"box": [0, 0, 1, 1]}}, UNFIT),
        ({"box": [0, 0, 30, 20], "png": None}, NO_HOLE),
        ({"box": None}, str(EmptyHole())),
        ({"box": [25, 5, 31, 9]}, NO_HOLE),
        ({"photo": "/etc/passwd"}, PHOTO_GONE),
        ({"seed": -1}, UNFIT),
    ],
)  # fmt: skip
def test_errors_are_answers_in_a_sentence(noise, change, words):
    data = request(uploaded(noise(30, 20)), box_mask((30, 20), (5, 5, 11, 9)))
    if "png" in change:
        change = change | {"png": data["png"]}  # of another size than its box
    shown = fill(data | change)
    assert shown.pop("answer")["error"] == words
    assert all(part == gr.skip() for part in shown.values())


def test_everything_painted_is_an_answer_to_that_request(noise):
    data = request(uploaded(noise(30, 20)), box_mask((30, 20), (0, 0, 30, 20)))
    answer = fill(data)["answer"]
    assert answer == {"number": data["number"], "error": str(NothingKnown())}


def test_what_fails_while_it_fills_is_an_answer_and_no_markup(noise, monkeypatch):
    def fail(*_, **__):
        raise user_error("Memory ran out at <1 megapixel.")

    monkeypatch.setattr(service, "fill", fail)
    data = request(uploaded(noise(30, 20)), box_mask((30, 20), (5, 5, 9, 9)))
    error = "Memory ran out at <1 megapixel."
    assert fill(data)["answer"] == {"number": data["number"], "error": error}


@pytest.mark.parametrize("data", [None, 1, "fill", [], ["number"], {}, {"number": {"a": 1}}])
def test_events_without_a_request_are_refused(data):
    assert fill(data)["answer"] == {"number": None, "error": UNFIT}
    assert events.give_up(event(data), VISITOR) is None


# Which request is wanted


def hole_in(noise, **options):
    """A request to fill a hole."""
    return request(uploaded(noise(45, 31)), box_mask((45, 31), (5, 6, 17, 12)), **options)


def test_a_newer_request_ends_the_older_one_before_the_network_runs(
    noise, monkeypatch, tiny_pipeline
):
    old, new = hole_in(noise), hole_in(noise)
    assert "path" in fill(new)["answer"]
    monkeypatch.setattr(tiny_pipeline.predictor.model, "forward", None)
    assert set(map(str, fill(old).values())) == {str(gr.skip())}


def test_a_fill_that_is_given_up_ends_at_once(noise, monkeypatch, tiny_pipeline):
    old = hole_in(noise)
    given_up = {"number": next(NUMBERS)}
    new = hole_in(noise)
    forward = tiny_pipeline.predictor.model.forward

    def overtaken(*inputs):
        events.give_up(event(given_up), VISITOR)
        return forward(*inputs)

    monkeypatch.setattr(tiny_pipeline.predictor.model, "forward", overtaken)
    assert fill(old)["answer"] == gr.skip()
    monkeypatch.setattr(tiny_pipeline.predictor.model, "forward", forward)
    assert fill(new)["answer"]["number"] == new["number"]


def test_nobody_overtakes_another_visitor(noise):
    mine = hole_in(noise)
    given_up = event({"number": next(NUMBERS)})
    events.give_up(given_up, SimpleNamespace(session_hash="another"))
    assert "path" in fill(mine)["answer"]


def test_nothing_is_computed_for_who_has_left(noise, monkeypatch, tiny_pipeline):
    monkeypatch.setattr(tiny_pipeline.predictor.model, "forward", None)
    monkeypatch.setattr("inpainting.demo.requests.event_is_wanted", lambda: False)
    assert fill(hole_in(noise))["answer"] == gr.skip()
    assert list(events.compare(hole_in(noise))) == []


def test_who_leaves_while_it_is_filled_is_shown_nothing(noise, monkeypatch, tiny_pipeline):
    forward = tiny_pipeline.predictor.model.forward

    def left(*inputs):
        events.leave(VISITOR)
        return forward(*inputs)

    monkeypatch.setattr(tiny_pipeline.predictor.model, "forward", left)
    assert fill(hole_in(noise))["answer"] == gr.skip()


def test_a_long_fill_shows_how_far_it_is():
    progress = Mock()
    events.REQUESTS.note("watched", 1)
    watch = events.watcher("watched", 1, progress)
    for scale in (2, 1, 1):
        watch(SimpleNamespace(scale=scale))
    words = {"desc": "at 1/1 of the resolution", "unit": "crops"}
    # One run alone is short, and shows nothing.
    assert progress.call_args_list == [call((2, None), **words), call((3, None), **words)]


# Modes and tries

DEEP = (40, 60, 110, 130)  # a box that is copied into


def deep_hole(noise):
    """A picture, and a mask image with a part that is copied into and one that is not."""
    mask_image = box_mask((260, 200), DEEP)
    mask_image.paste(255, (200, 20, 204, 180))
    return noise(260, 200), mask_image


def test_another_try_changes_the_hole_alone(noise):
    image, mask_image = deep_hole(noise)
    tries = [press_fill(image, mask_image, seed=seed) for seed in range(3)]
    assert len({picture.crop(DEEP).tobytes() for picture, _ in tries}) == 3
    known = np.array(mask_image) == 0
    for number, (picture, shown) in enumerate(tries, 1):
        assert np.array_equal(np.array(picture)[known], np.array(image)[known])
        words = f"Natural fill, try {number}</strong>: 1 of 2 holes with copied texture"
        assert words in shown["report"] and shown["answer"]["another"]
        assert shown["answer"]["name"] == f"natural fill, try {number}"
    assert press_fill(image, mask_image)[0] == tries[0][0]


def test_a_fill_without_copied_texture_has_no_other_try(noise):
    image, mask_image = deep_hole(noise)
    faithful, shown = press_fill(image, mask_image, mode="faithful")
    assert not shown["answer"]["another"]
    assert "Faithful fill</strong>: the network alone filled all 2 holes" in shown["report"]
    assert faithful.crop(DEEP) != press_fill(image, mask_image)[0].crop(DEEP)
    _, thin = press_fill(image, box_mask(image.size, (200, 20, 204, 180)))
    assert not thin["answer"]["another"]
    assert "Natural fill</strong>: the network alone filled the hole" in thin["report"]


def test_what_could_not_be_filled_as_asked_for_is_told(noise, monkeypatch, tiny_pipeline):
    image, mask_image = deep_hole(noise)
    noted = tiny_pipeline.fill(image, mask_image)._replace(notes=("Nothing <here> to copy.",))
    monkeypatch.setattr(tiny_pipeline, "fill_hole", lambda *arguments, **options: noted)
    _, shown = press_fill(image, mask_image)
    assert "Nothing &lt;here&gt; to copy." in shown["report"]
    assert shown["answer"]["notes"] == ["Nothing <here> to copy."]


# Pictures


def test_the_colour_space_goes_the_whole_way(kept, noise):
    path = kept / "sent" / "p3.png"
    path.parent.mkdir(parents=True)
    noise(30, 20).save(path, icc_profile=rgb_profile(), dpi=(300, 300))
    data = request(str(path), box_mask((30, 20), (5, 5, 9, 9)))
    shown = fill(data)
    with Image.open(shown["answer"]["path"]) as patch:
        assert patch.info["icc_profile"] == rgb_profile()
    saved = save(filled(data, shown) | {"name": "p3"})["path"]
    with Image.open(saved) as image:
        assert image.info["icc_profile"] == rgb_profile()
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_an_erased_hole_is_filled_opaque_and_has_no_scores(noise):
    image = noise(30, 20).convert("RGBA")
    image.paste((0, 0, 0, 0), (5, 5, 15, 12))
    result, shown = press_fill(image, box_mask((30, 20), (7, 7, 12, 10)))
    alpha = result.getchannel("A")
    assert alpha.crop((7, 7, 12, 10)).getextrema() == (255, 255)
    assert report.ERASED in shown["report"] and "PSNR" not in shown["report"]
    assert report.UNTOUCHED in shown["report"]
    partly = press_fill(image, box_mask((30, 20), (2, 2, 12, 10)))[1]["report"]
    assert report.PARTLY_ERASED in partly and "PSNR" in partly


def test_the_next_fill_begins_with_the_last_one(noise, tiny_pipeline):
    image, first, second = (
        noise(60, 40), box_mask((60, 40), (5, 5, 20, 20)), box_mask((60, 40), (12, 9, 40, 30))
    )  # fmt: skip
    data = request(uploaded(image), first)
    data = filled(data, fill(data))
    once = tiny_pipeline.fill(image, first, mode="auto").image
    twice = tiny_pipeline.fill(once, second, mode="auto").image
    assert picture_of(read_asked(filled(data, fill(data | painted(second))))) == twice


# Examples


def sent_as_bundled(example, **options):
    return request(f"example:{example.name}", read_mask_image(example), **options)


def test_an_example_is_filled_once_in_each_mode(example, monkeypatch):
    first = fill(sent_as_bundled(example, measured=True))
    picture = picture_of(read_asked(filled(sent_as_bundled(example), first)))
    known = np.array(read_mask_image(example)) < 128
    assert np.array_equal(np.array(picture)[known], np.array(read_photo(example))[known])
    monkeypatch.setattr(service, "fill", None)
    again = fill(sent_as_bundled(example))["answer"]
    assert again["path"] == first["answer"]["path"]
    with pytest.raises(TypeError):
        fill(sent_as_bundled(example, mode="faithful"))


@pytest.mark.parametrize("change", [{"seed": 1}, {"feather": 2}, {"grow": 1}, {"guide": DOT}])
def test_an_example_that_is_filled_otherwise_is_computed(example, change, monkeypatch):
    fill(sent_as_bundled(example))
    monkeypatch.setattr(service, "fill", None)
    with pytest.raises(TypeError):
        fill(sent_as_bundled(example, **change))


def test_a_fill_of_damage_is_measured_against_what_was_there_before(example):
    shown = fill(sent_as_bundled(example, measured=True))
    assert report.KNOWN_ORIGINAL in shown["report"]
    hole = hole_from_mask_image(read_mask_image(example), read_photo(example).size)
    result = picture_of(read_asked(filled(sent_as_bundled(example), shown)))
    whole = np.array(read_photo(example))
    whole[hole] = np.array(read_original(example))[hole]
    scores = score(whole, np.array(result), hole)
    assert f"{scores.hole_psnr:.1f} <small>dB" in shown["report"]
    damaged = score(np.array(read_photo(example)), np.array(result), hole)
    assert f"{damaged.hole_psnr:.1f}" != f"{scores.hole_psnr:.1f}"


def test_of_an_example_s_next_fill_the_original_is_not_known(example):
    data = sent_as_bundled(example, measured=True)
    mask_image = box_mask(read_photo(example).size, (5, 5, 30, 30))
    again = filled(data, fill(data)) | painted(mask_image)
    assert report.OWN_PAINT in fill(again)["report"]


@pytest.mark.parametrize("known", [True, False])
def test_test_damage_of_a_photo_is_known(noise, known):
    mask_image = box_mask((45, 31), (5, 6, 17, 12))
    _, shown = press_fill(noise(45, 31), mask_image, known=known)
    assert (report.KNOWN_ORIGINAL in shown["report"]) == known
    assert (report.OWN_PAINT in shown["report"]) != known


# Looking closer


def test_a_hole_is_compared_with_its_own_classical_fills(noise):
    image, mask_image = noise(60, 40), box_mask((60, 40), (10, 10, 20, 20))
    result, shown = press_fill(image, mask_image)
    steps = list(events.compare(request(uploaded(image), mask_image)))
    assert [len(step) for step in steps] == [2, 2, 3, 4, 5, 6]  # both modes of it are alike
    assert steps[0][0] == (image, comparison.AS_GIVEN)
    assert steps[0][1][0] == result
    assert shown["compared"] == []  # a comparison with an earlier fill would mislead


def test_other_networks_fill_and_are_compared(noise, monkeypatch, tiny_pipeline):
    asked = []

    def load_pipeline(device=None, network="default"):
        asked.append(network)
        return tiny_pipeline

    monkeypatch.setattr(events.service, "load_pipeline", load_pipeline)
    monkeypatch.setattr(
        events.checkpoint, "described",
        lambda: [
            {"name": "default", "lines": False, "passes": 1},
            {"name": "far", "lines": True, "passes": 1},
        ],
    )  # fmt: skip
    data = request(uploaded(noise(60, 40)), box_mask((60, 40), (10, 10, 20, 20)), network="far")
    assert "error" not in fill(data)["answer"] and asked == ["far"]
    *_, last = events.compare(data)
    captions = [caption for _, caption in last]
    assert any(caption.startswith("Network default, natural fill: ") for caption in captions)
    assert not any(caption.startswith("Network far") for caption in captions), "is this one"


def test_what_is_asked_of_passes_and_of_other_networks():
    shapes = [("default", False, 1), ("far", True, 3), ("lined", True, 1)]
    shapes = [dict(zip(("name", "lines", "passes"), shape, strict=True)) for shape in shapes]
    drawn = Drawn((0, 0, 1, 1), b"")
    asked = Asked(1, "photo", network="far", lines=drawn)
    assert [one.passes for one in events.earlier_passes(asked, shapes).values()] == [1, 2]
    assert list(events.earlier_passes(asked._replace(passes=2), shapes)) == ["1"]
    others = events.other_networks(asked._replace(passes=2), shapes)
    assert {name: (one.network, one.lines) for name, one in others.items()} == {
        "default": ("default", None), "lined": ("lined", drawn),
    }  # fmt: skip
    assert all(one.passes is None for one in others.values())


def test_damage_is_compared_with_what_was_there_before(example):
    (original, words), *_ = next(events.compare(sent_as_bundled(example)))
    assert words == comparison.ORIGINAL
    hole = hole_from_mask_image(read_mask_image(example), read_photo(example).size)
    box = comparison.around(hole)
    expected = read_photo(example)
    expected.paste(read_original(example), mask=read_mask_image(example))
    assert original == comparison.preview(expected.crop(box), comparison.SHOWN)


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "L"])
def test_both_modes_of_the_network_are_compared(noise, kind):
    photo, mask_image = noise(400, 300).convert(kind), Image.new("L", (400, 300))
    mask_image.paste(255, (250, 150, 310, 210))
    box = comparison.around(hole_from_mask_image(mask_image, photo.size))
    first, _ = press_fill(photo, mask_image, feather=2)
    second, _ = press_fill(photo, mask_image, feather=2, seed=1)
    faithful, _ = press_fill(photo, mask_image, feather=2, mode="faithful")
    for options, pictures, names in (
        ({"seed": 1}, (second, faithful), ["natural fill, try 2", "faithful fill"]),
        ({"mode": "faithful"}, (faithful, first), ["faithful fill", "natural fill, try 1"]),
    ):
        data = request(uploaded(photo), mask_image, feather=2, **options)
        (original, _), *step = list(events.compare(data))[1]
        assert original == photo.convert("RGB").crop(box)
        assert [caption.split(":")[0] for _, caption in step] == [
            f"This network, {name}" for name in names
        ]
        for (picture, _), whole in zip(step, pictures, strict=True):
            assert picture == whole.convert("RGB").crop(box)


@pytest.mark.parametrize("data", [None, {}, "", []])
def test_nothing_to_compare_is_said(data):
    with pytest.raises(gr.Error, match="nothing to compare yet"):
        list(events.compare(data))


def test_what_cannot_be_compared_is_refused_in_words(kept, noise):
    (kept / "sent").mkdir(parents=True)
    broken = kept / "sent" / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n...")
    with pytest.raises(gr.Error, match="broken.png is not a picture"):
        list(events.compare(request(str(broken), box_mask((9, 9), (2, 2, 5, 5)))))
    with pytest.raises(gr.Error, match="does not fit the app"):
        list(events.compare("compare"))


def test_the_hole_closes_level_by_level(noise):
    _, shown = press_fill(noise(64, 64), box_mask((64, 64), (20, 20, 30, 30)))
    captions = [caption for _, caption in shown["levels"]]
    assert captions[0] == "64 × 64: 98% known" and captions[-1].endswith("100% known")
    assert len(captions) == 4  # a hole of 10 pixels is closed after three halvings


@pytest.mark.parametrize(
    ("data", "on"),
    [({"on": True}, True), ({"on": False}, False), ({"on": 1}, False), ({}, False), (None, False),
     (3, False), ("on", False), (["on"], False)],
)  # fmt: skip
def test_what_measures_is_shown_and_hidden(data, on):
    assert events.showing(3)(event(data)) == [gr.update(visible=on)] * 3
