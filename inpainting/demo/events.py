"""The events of the page: functions from what its parts hold to what they show.

A visitor who asks again does not wait for the earlier answer: every request has a number, and
before each run of the network it looks whether it is still the visitor's last.
"""

import functools
import hashlib
import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from inpainting.demo import comparison, mask_propagation, service
from inpainting.demo.checkpoint import local_pipeline
from inpainting.demo.editor import Value, put, read_editor, read_hole, read_parts
from inpainting.demo.errors import readable_errors, user_error
from inpainting.demo.images import THUMBNAIL, keep, mark, preview, show, stem
from inpainting.demo.mask_steps import NONE, MaskSteps, pushed, undoable, with_steps
from inpainting.demo.report import history_caption, report_html
from inpainting.demo.requests import Overtaken, Requests, check_wanted
from inpainting.errors import EmptyHole, InpaintingError, InvalidMask, NothingKnown
from inpainting.evaluation.fill_report import measure
from inpainting.inference.multiscale import OnPass, Pass
from inpainting.io.images import decode, read_picture
from inpainting.masks.convert import hole_from_mask_image, mask_image_from_hole
from inpainting.masks.edit import grow
from inpainting.masks.edit import invert as inverted
from inpainting.masks.files import read_mask_file
from inpainting.masks.ratios import sample_damage
from inpainting.seeding import generator_for
from inpainting.types import Hole

VISIT = 12  # results of this visit that are kept on the page

REQUESTS = Requests()

# Editor, photo file, name, damage, the steps of its mask and their HTML.
Opened = tuple[gr.ImageEditor, str, str, str, MaskSteps, str]
Outputs = tuple[Any, ...]  # of fill_editor, in the order of the page
History = list[tuple[str, str]] | None  # files and captions, newest first


def examples_folder() -> Path:
    """Beside this file in an installed package, at the top of a checkout."""
    installed = Path(__file__).with_name("examples")
    return installed if installed.is_dir() else Path(__file__).parents[2] / "examples"


EXAMPLES = sorted(examples_folder().glob("*.jpg"))


# Filling


def begin(request: gr.Request) -> int:
    """The number of a new fill; outside of the queue, so that a running one ends at once."""
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
    """Fill what is painted: the Fill button.

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
        picture, hole = read_hole(value, photo)
        watch = watcher(visitor, number, progress)
        served = service.fill(picture, hole, feather=feather, on_pass=watch)
        shown = present(served, name, fingerprint(hole) == damage, history)
        REQUESTS.check(visitor, number)
    except Overtaken:
        return gr.skip()
    return shown


def watcher(visitor: str | None, number: int, progress: gr.Progress) -> OnPass:
    """Called before every run of the network: ends an overtaken request, shows a long one."""
    count = 0

    def on_pass(run: Pass) -> None:
        nonlocal count
        REQUESTS.check(visitor, number)
        check_wanted()
        count += 1
        if count > 1:
            progress((count, None), desc=f"at 1/{run.scale:g} of the resolution", unit="crops")

    return on_pass


def present(served: service.ServedFill, name: str, known: bool, history: History) -> Outputs:
    """A fill as the page shows it; the scores come from its pixels, never from a preview.

    Args:
        served: the fill.
        name: of the photo.
        known: whether the hole is test damage.
        history: of this visit.
    """
    measured = measure(served.result)
    pictures = show(served.result, name)
    report = report_html(served, measured, known)
    caption = history_caption(served, measured, name)
    window = comparison.Window.around_hole(served.result)
    files = window.to_files()
    return (
        (pictures.before, pictures.after),
        report,
        pictures.file,
        pictures.difference,
        pictures.expected,
        mask_propagation.levels(local_pipeline().predictor.model, window),
        files,
        [],  # a comparison with an earlier fill would mislead
        [(pictures.thumbnail, caption), *(history or [])][:VISIT],
    )


@functools.cache
def filled_example(index: int) -> service.ServedFill:
    """The fill of a bundled photo, made once."""
    picture, mask_image = read_example(EXAMPLES[index])
    return service.fill(picture, hole_from_mask_image(mask_image, picture.size))


@readable_errors
def show_example(index: int, history: History, request: gr.Request) -> Outputs:
    """An example with its mask, filled: as opened, and the outputs of the fill."""
    begin(request)
    served, name = filled_example(index), EXAMPLES[index].stem
    mask_image = mask_image_from_hole(served.result.hole)
    shown = present(served, name, False, history)
    return *opened(served.result.original, name, mask_image), *shown


@readable_errors
def show_first_example(history: History, request: gr.Request) -> Outputs:
    """The first example, which every visitor is shown filled."""
    return show_example(0, history, request)


def read_example(path: Path) -> tuple[Image.Image, Image.Image]:
    """A bundled photo and its mask image."""
    return read_picture(path).image, decode(path.with_name(f"{path.stem}_mask.png"), grey=True)


def example_thumbnail(path: Path) -> Image.Image:
    """Thumbnail of an example with its hole tinted."""
    return preview(mark(*read_example(path)), THUMBNAIL // 2)


# Pictures and masks


def opened(image: Image.Image, name: str, mask_image: Image.Image | None = None) -> Opened:
    """Put a picture, and its mask if it has one, into the editor."""
    photo = keep(image, "picture")
    editor = put(image, mask_image or Image.new("L", image.size), photo)
    return editor, photo, name, "", NONE, NONE.html()


@readable_errors
def open_photo(path: str) -> Opened:
    """Put a file that the visitor chose into the editor."""
    image, notes = read_picture(path)
    for note in notes:
        gr.Warning(html.escape(note))
    return opened(image, stem(path))


@readable_errors
def go_on(path: str | None, name: str) -> Opened:
    """Put the last result into the editor."""
    if path is None:
        raise user_error("There is no result yet: fill something first.")
    return opened(read_picture(path).image, name)


@undoable(read_parts)
def bring_mask(image: Image.Image, _: Image.Image, path: str) -> Image.Image:
    """Replace what was painted by a mask file."""
    mask_image, notes = read_mask_file(path, image.size, picture=image)
    for note in notes:
        gr.Warning(html.escape(note))
    return mask_image


@readable_errors
def save_mask(value: Value, name: str) -> str:
    """Write the painted mask to a file: white = repaint."""
    _, mask_image = read_editor(value)
    return keep(mask_image, f"{name}_mask")


@undoable(read_editor)
def change_size(_: Image.Image, mask_image: Image.Image, pixels: int) -> Image.Image:
    """Dilate the painted mask by some pixels, or erode it by a negative number."""
    changed = grow(mask_image, pixels)
    if not changed.getbbox():
        raise EmptyHole(f"Nothing is left of the mask when it shrinks by {-pixels} pixels.")
    return changed


@undoable(read_editor)
def invert(_: Image.Image, mask_image: Image.Image) -> Image.Image:
    """Swap painted and unpainted areas."""
    mask_image = inverted(mask_image)
    if not mask_image.getbbox():
        raise NothingKnown("Everything is painted: inverted, nothing would be.")
    return mask_image


@readable_errors
def damage(
    value: Value,
    photo: str | None,
    steps: MaskSteps,
    kind: str,
    percent: float,
    seed: float,
    name: str,
    history: History,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> Outputs:
    """Damage the photo by seed, and fill it.

    Returns:
        The editor, the steps of its mask, the hole's fingerprint, and the outputs of the fill.
    """
    visitor, number = request.session_hash, begin(request)
    image, painted = read_parts(value, photo)
    size = image.height, image.width
    hole = sample_damage(size, generator_for(int(seed)), kind, percent / 100)
    if not hole.any():
        raise InvalidMask(f"{percent:g} % of so small a picture is nothing: ask for more.")
    try:
        served = service.fill(image, hole, on_pass=watcher(visitor, number, progress))
    except Overtaken:
        return gr.skip()
    shown = present(served, name, True, history)
    editor = put(image, mask_image_from_hole(hole), photo)
    return *with_steps(editor, pushed(painted, steps)), fingerprint(hole), *shown


def fingerprint(hole: Hole) -> str:
    """A digest that tells holes of one picture apart."""
    return hashlib.sha256(np.packbits(hole).tobytes()).hexdigest()


# Looking closer


def compare(window: list[str] | None) -> Iterator[list[comparison.Captioned]]:
    """The classical fills of the last hole, one after the other."""
    if not window:
        raise user_error("There is nothing to compare yet: fill something first.")
    try:
        yield from comparison.comparison(comparison.Window.from_files(window))
    except InpaintingError as error:
        raise user_error(str(error)) from error
