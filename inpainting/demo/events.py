"""The events of the page: functions from what its parts hold to what they show.

A visitor who asks again does not wait for the earlier answer: every request has a number, and
before each run of the network it looks whether it is still the visitor's last.
"""

import functools
import hashlib
import html
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
import numpy as np
from PIL import Image

from inpainting.demo import comparison, mask_propagation, service
from inpainting.demo.asked import Asked
from inpainting.demo.checkpoint import local_pipeline
from inpainting.demo.editor import Value, put, read_editor, read_hole, read_parts, source_of
from inpainting.demo.errors import readable_errors, user_error
from inpainting.demo.images import THUMBNAIL, keep, mark, preview, show, stem
from inpainting.demo.mask_steps import NONE, MaskSteps, pushed, undoable, with_steps
from inpainting.demo.report import fill_name, has_texture, history_caption, report_html
from inpainting.demo.requests import Overtaken, Requests, check_wanted
from inpainting.errors import EmptyHole, InpaintingError, InvalidMask, NothingKnown
from inpainting.evaluation.fill_report import measure
from inpainting.inference.multiscale import OnPass, Pass, around
from inpainting.io.images import decode, read_picture
from inpainting.masks.convert import hole_from_mask_image, mask_image_from_hole
from inpainting.masks.edit import grow
from inpainting.masks.edit import invert as inverted
from inpainting.masks.files import read_mask_file
from inpainting.masks.ratios import sample_damage
from inpainting.seeding import generator_for
from inpainting.types import Hole, in_box

VISIT = 12  # results of this visit that are kept on the page

REQUESTS = Requests()

Ask = Callable[[Image.Image, Hole], tuple[str, int]]  # the mode and the seed that are wanted
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
    mode: str,
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
        mode: of the switch.
        number: of this request, from :func:`begin`.
    """
    painted = Painted(value, photo, feather, name, damage, history)
    return fill_painted(painted, lambda *_: (mode, 0), request.session_hash, number, progress)


@readable_errors
def try_again(
    value: Value,
    photo: str | None,
    feather: int,
    name: str,
    damage: str,
    history: History,
    asked: Asked,
    number: int,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> Outputs:
    """Fill with the next seed, in the mode of the last fill: the button Another try.

    Args:
        asked: what the last fill was asked for. Of another photo or mask it is the first try.
        value, photo, feather, name, damage, history, number: as for :func:`fill_editor`.
    """
    painted = Painted(value, photo, feather, name, damage, history)

    def ask(picture: Image.Image, hole: Hole) -> tuple[str, int]:
        return asked.mode, asked.next_seed(key_of(picture, hole))

    return fill_painted(painted, ask, request.session_hash, number, progress)


class Painted(NamedTuple):
    """What the page holds when a fill is asked for; see :func:`fill_editor`."""

    value: Value
    photo: str | None
    feather: int
    name: str
    damage: str
    history: History


def fill_painted(
    painted: Painted, ask: Ask, visitor: str | None, number: int, progress: gr.Progress
) -> Outputs:
    """Fill what is painted, unless the visitor asks for something newer meanwhile."""
    try:
        picture, hole = read_hole(painted.value, painted.photo)
        mode, seed = ask(picture, hole)
        watch = watcher(visitor, number, progress)
        served = service.fill(
            picture, hole, feather=painted.feather, on_pass=watch, mode=mode, seed=seed
        )
        source = source_of(painted.value, painted.photo)
        asked = asked_for(served, painted.feather, source)
        known = fingerprint(hole) == painted.damage
        shown = present(served, painted.name, known, painted.history, asked)
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


def asked_for(served: service.ServedFill, feather: int, source: str) -> Asked:
    """What a fill was asked for: of the picture in the file ``source``, feathered by pixels."""
    result = served.result
    key, box = key_of(result.original, result.hole), around(result.hole)
    return Asked(fill_name(result), result.mode, result.seed, feather, source, box, key)


def present(
    served: service.ServedFill, name: str, known: bool, history: History, asked: Asked
) -> Outputs:
    """A fill as the page shows it; the scores come from its pixels, never from a preview.

    Args:
        served: the fill.
        name: of the photo.
        known: whether the hole is test damage.
        history: of this visit.
        asked: what it was asked for.
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
        asked,
        gr.Button(visible=has_texture(served.result)),
    )


@functools.cache
def filled_example(index: int, mode: str) -> service.ServedFill:
    """The fill of a bundled photo, made once in each mode."""
    picture, mask_image = read_example(EXAMPLES[index])
    return service.fill(picture, hole_from_mask_image(mask_image, picture.size), mode=mode)


@readable_errors
def show_example(index: int, mode: str, history: History, request: gr.Request) -> Outputs:
    """An example with its mask, filled: as opened, and the outputs of the fill."""
    begin(request)
    served, name = filled_example(index, mode), EXAMPLES[index].stem
    mask_image = mask_image_from_hole(served.result.hole)
    editor, photo, *others = opened(served.result.original, name, mask_image)
    shown = present(served, name, False, history, asked_for(served, 0, photo))
    return editor, photo, *others, *shown


@readable_errors
def show_first_example(mode: str, history: History, request: gr.Request) -> Outputs:
    """The first example, which every visitor is shown filled."""
    return show_example(0, mode, history, request)


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
    mode: str,
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
        served = service.fill(image, hole, on_pass=watcher(visitor, number, progress), mode=mode)
    except Overtaken:
        return gr.skip()
    asked = asked_for(served, 0, source_of(value, photo))
    shown = present(served, name, True, history, asked)
    editor = put(image, mask_image_from_hole(hole), photo)
    return *with_steps(editor, pushed(painted, steps)), fingerprint(hole), *shown


def fingerprint(hole: Hole) -> str:
    """A digest that tells holes of one picture apart."""
    return hashlib.sha256(np.packbits(hole).tobytes()).hexdigest()


def key_of(picture: Image.Image, hole: Hole) -> str:
    """A digest that tells pictures with their holes apart."""
    return hashlib.sha256(picture.tobytes() + np.packbits(hole).tobytes()).hexdigest()


# Looking closer


def compare(window: list[str] | None, asked: Asked) -> Iterator[list[comparison.Captioned]]:
    """The last hole in the network's other mode and by classical methods, one after the other."""
    if not window:
        raise user_error("There is nothing to compare yet: fill something first.")
    try:
        given = comparison.Window.from_files(window)
        yield from comparison.comparison(given, asked.name, lambda: fill_other_mode(given, asked))
    except InpaintingError as error:
        raise user_error(str(error)) from error


def fill_other_mode(window: comparison.Window, asked: Asked) -> tuple[Image.Image, str]:
    """What the page would show with the switch in its other position, and the fill's name.

    Of the whole picture: what is copied into a hole may come from outside its window.
    """
    picture = read_picture(asked.source).image
    hole = np.zeros((picture.height, picture.width), bool)
    hole[in_box(asked.box)] = window.hole
    result = service.fill(
        picture, hole, feather=asked.feather, mode=asked.other_mode(), seed=asked.seed
    ).result
    return result.image.crop(asked.box).convert("RGB"), fill_name(result)
