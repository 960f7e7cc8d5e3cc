"""What happens on the page: functions from what its parts hold to what they show.

A visitor who asks again does not wait for the earlier answer: every request has a number, and
before each run of the network it looks whether it is still the visitor's last.
"""

import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from inpainting import InpaintingError
from inpainting.errors import EmptyHole, InvalidMask, NothingKnown
from inpainting.facts import measure
from inpainting.images import decode
from inpainting.mask_edits import grown, inverted, read_mask_file
from inpainting.masks import mask_image_from_hole
from inpainting.pipeline import Pass
from inpainting.random_masks import generator_for, sample_damage

from . import filling, views
from .editor import mark, put, read_editor, read_parts
from .pictures import difference_map, doubt_map, keep, preview, stem
from .refusal import readable_errors, refusal
from .report import history_caption, report_html

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))
VISIT = 12  # results of this visit that are kept on the page
THUMBNAIL = 480  # pixels

REQUESTS = filling.Requests()

Value = dict[str, Any] | None  # of the editor; see read_parts
Opened = tuple[gr.ImageEditor, str, str, str]  # editor, photo file, name, damage
Outputs = tuple[Any, ...]  # of fill_editor, in the order of app.py
History = list[tuple[str, str]] | None  # files and captions, newest first


# Filling


def begin(request: gr.Request) -> int:
    """Before a fill, without waiting in the queue: whatever runs for this visitor is overtaken."""
    return REQUESTS.begin(request.session_hash)


@readable_errors
def fill_editor(
    value: Value,
    photo: str | None,
    feather: int,
    name: str,
    damage: str,
    history: History,
    number: int,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio looks for it here
) -> Outputs:
    """What the Fill button does.

    Args:
        value: of the editor.
        photo: file that was put into it.
        feather: pixels.
        name: of the photo, for the download.
        damage: fingerprint of the test damage that was painted last.
        history: of this visit.
        number: of this request, from :func:`begin`.
    """
    visitor = request.session_hash
    try:
        image, mask_image = read_editor(value, photo)
        watch = watcher(visitor, number, progress)
        run = filling.fill(image, mask_image, feather=feather, on_pass=watch)
        shown = present(image, mask_image, run, name, fingerprint(mask_image) == damage, history)
        REQUESTS.check(visitor, number)
    except filling.Overtaken:
        return gr.skip()
    return shown


def watcher(visitor: str | None, number: int, progress: gr.Progress) -> filling.OnPass:
    """What every run of the network is told to: ends an overtaken request, shows a long one."""
    count = 0

    def on_pass(run: Pass) -> None:
        nonlocal count
        REQUESTS.check(visitor, number)
        filling.check_wanted()
        count += 1
        if count > 1:
            progress((count, None), desc=f"at 1/{run.scale:g} of the resolution", unit="crops")

    return on_pass


def present(
    image: Image.Image,
    mask_image: Image.Image,
    run: filling.Run,
    name: str,
    known: bool,
    history: History,
) -> Outputs:
    """A fill as the page shows it; the scores come from these pixels, never from a preview."""
    result = run.filled.image
    scores, ratio, same = measure(image, mask_image, result)
    window = views.Window.around_hole(image, mask_image, result)
    shown = keep(preview(result), "after")
    caption = history_caption(scores, image.size, ratio, name)
    thumbnail = keep(preview(result, THUMBNAIL), f"{name}_small")
    return (
        (keep(preview(mark(image, mask_image)), "before"), shown),
        report_html(scores, image.size, ratio, run, known, same),
        keep(result, f"{name}_filled"),
        difference_map(image, result),
        doubt_map(run.filled.doubt),
        views.levels(filling.local_pipeline(), window),
        window.to_files(),
        [],  # a comparison with an earlier fill would mislead
        [(thumbnail, caption), *(history or [])][:VISIT],
    )


@functools.cache
def filled_example(index: int) -> tuple[Image.Image, Image.Image, filling.Run]:
    """A bundled photo, its mask image and its fill, made once."""
    image, mask_image = read_example(EXAMPLES[index])
    return image, mask_image, filling.fill(image, mask_image)


@readable_errors
def show_example(index: int, history: History, request: gr.Request) -> Outputs:
    """An example with its mask, filled: as opened, and the outputs of the fill."""
    begin(request)
    image, mask_image, run = filled_example(index)
    name = EXAMPLES[index].stem
    shown = present(image, mask_image, run, name, False, history)
    return *opened(image, name, mask_image), *shown


@readable_errors
def show_first_example(history: History, request: gr.Request) -> Outputs:
    """What a visitor finds filled."""
    return show_example(0, history, request)


def read_example(path: Path) -> tuple[Image.Image, Image.Image]:
    """A bundled photo and its mask image."""
    return decode(path), decode(path.with_name(f"{path.stem}_mask.png"), grey=True)


def example_thumbnail(path: Path) -> Image.Image:
    """It with its hole, small."""
    return preview(mark(*read_example(path)), THUMBNAIL // 2)


# Pictures and masks


def opened(image: Image.Image, name: str, mask_image: Image.Image | None = None) -> Opened:
    """A picture in the editor."""
    photo = keep(image, "picture")
    return put(image, mask_image or Image.new("L", image.size), photo), photo, name, ""


@readable_errors
def open_photo(path: str) -> Opened:
    """An image file."""
    return opened(decode(path), stem(path))


@readable_errors
def go_on(path: str | None, name: str) -> Opened:
    """The last result as the next photo."""
    if path is None:
        raise refusal("There is no result yet: fill something first.")
    return opened(decode(path), name)


@readable_errors
def bring_mask(path: str, value: Value, photo: str | None) -> gr.ImageEditor:
    """A mask file over the photo in the editor, in place of what was painted."""
    image, _ = read_parts(value, photo)
    mask_image, notes = read_mask_file(path, image.size)
    for note in notes:
        gr.Warning(note)
    return put(image, mask_image, photo)


@readable_errors
def save_mask(value: Value, name: str) -> str:
    """The painted mask as a file: white = repaint."""
    _, mask_image = read_editor(value)
    return keep(mask_image, f"{name}_mask")


@readable_errors
def change_size(value: Value, photo: str | None, pixels: int) -> gr.ImageEditor:
    """The painted mask grown by some pixels, or shrunk by a negative number."""
    image, mask_image = read_editor(value, photo)
    changed = grown(mask_image, pixels)
    if not changed.getbbox():
        raise EmptyHole(f"Nothing is left of the mask when it shrinks by {-pixels} pixels.")
    return put(image, changed, photo)


@readable_errors
def invert(value: Value, photo: str | None) -> gr.ImageEditor:
    """What was painted for what was not."""
    image, mask_image = read_editor(value, photo)
    mask_image = inverted(mask_image)
    if not mask_image.getbbox():
        raise NothingKnown("Everything is painted: inverted, nothing would be.")
    return put(image, mask_image, photo)


@readable_errors
def damage(
    value: Value,
    photo: str | None,
    kind: str,
    percent: float,
    seed: float,
    name: str,
    history: History,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> Outputs:
    """Seeded test damage over the photo, filled: editor, its fingerprint, outputs of the fill."""
    visitor, number = request.session_hash, begin(request)
    image, _ = read_parts(value, photo)
    size = image.height, image.width
    hole = sample_damage(size, generator_for(int(seed)), kind, percent / 100)
    if not hole.any():
        raise InvalidMask(f"{percent:g} % of so small a picture is nothing: ask for more.")
    mask_image = mask_image_from_hole(hole)
    try:
        run = filling.fill(image, mask_image, on_pass=watcher(visitor, number, progress))
    except filling.Overtaken:
        return gr.skip()
    shown = present(image, mask_image, run, name, True, history)
    return put(image, mask_image, photo), fingerprint(mask_image), *shown


def fingerprint(mask_image: Image.Image) -> str:
    """What tells masks apart."""
    return hashlib.sha256(mask_image.tobytes()).hexdigest()


# Looking closer


def compare(window: list[str] | None) -> Iterator[list[views.Captioned]]:
    """The classical fills of the last hole, one after the other."""
    if not window:
        raise refusal("There is nothing to compare yet: fill something first.")
    try:
        yield from views.comparison(views.Window.from_files(window))
    except InpaintingError as error:
        raise refusal(str(error)) from error
