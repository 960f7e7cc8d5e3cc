"""Undo and redo of what replaces the whole mask: grow, invert, a mask file, damage.

The editor's own undo knows strokes alone, and forgets them when it gets another mask. ``page.js``
asks for these steps where the editor has nothing left to undo or redo.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from PIL import Image, ImageChops

from inpainting.demo.editor import Value, put, read_parts
from inpainting.demo.errors import readable_errors, user_error
from inpainting.demo.images import keep
from inpainting.io.images import decode

MOST = 20  # steps that can be undone

GONE = "The earlier mask is not kept any more: its file was deleted after an hour."


class MaskSteps(NamedTuple):
    """Files of masks: ``before`` the one that is painted, newest last, and ``after`` it.

    ``shown``: the mask that the last undo or redo brought: another one has been painted on since.
    """

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    shown: str = ""

    def html(self) -> str:
        """How many steps there are, for ``page.js``."""
        return f'<i data-undo="{len(self.before)}" data-redo="{len(self.after)}"></i>'


Reader = Callable[[Value, str | None], tuple[Image.Image, Image.Image]]
Stepped = tuple[Any, MaskSteps, str]  # editor, steps, and their HTML

NONE = MaskSteps()


def undoable(read: Reader) -> Callable[[Callable[..., Image.Image]], Callable[..., Stepped]]:
    """Make an event of a change of the painted mask, which can be undone.

    Args:
        read: of :mod:`inpainting.demo.editor`: whether something must have been painted.

    Returns:
        A decorator. The change takes the picture, its mask image and more, and gives the new mask
        image; the event takes the editor's value, the photo's file, the steps so far and more.
    """

    def decorate(change: Callable[..., Image.Image]) -> Callable[..., Stepped]:
        @readable_errors
        def changed(value: Value, photo: str | None, steps: MaskSteps, *arguments: Any) -> Stepped:
            image, mask_image = read(value, photo)
            after = change(image, mask_image, *arguments)
            return with_steps(put(image, after, photo), pushed(mask_image, steps))

        changed.__name__, changed.__doc__ = change.__name__, change.__doc__  # other arguments
        return changed

    return decorate


def pushed(mask_image: Image.Image, steps: MaskSteps) -> MaskSteps:
    """The steps after that painted mask has been replaced."""
    return MaskSteps((*steps.before, _keep(mask_image))[-MOST:])


def with_steps(editor: Any, steps: MaskSteps) -> Stepped:
    """The outputs of a step."""
    return editor, steps, steps.html()


@readable_errors
def undo(value: Value, photo: str | None, steps: MaskSteps) -> Stepped:
    """Bring back the mask before the last step."""
    *before, earlier = steps.before or ("",)
    if not earlier:
        return with_steps(gr.skip(), steps)
    (image, painted), mask_image = read_parts(value, photo), _read(earlier)
    later = (*steps.after, _keep(painted))
    return with_steps(put(image, mask_image, photo), MaskSteps(tuple(before), later, earlier))


@readable_errors
def redo(value: Value, photo: str | None, steps: MaskSteps) -> Stepped:
    """Take the last :func:`undo` back, unless something has been painted since."""
    *after, later = steps.after or ("",)
    if not later:
        return with_steps(gr.skip(), steps)
    image, painted = read_parts(value, photo)
    if ImageChops.difference(painted, _read(steps.shown)).getbbox():
        return with_steps(gr.skip(), steps._replace(after=()))
    before = (*steps.before, _keep(painted))
    return with_steps(put(image, _read(later), photo), MaskSteps(before, tuple(after), later))


def _keep(mask_image: Image.Image) -> str:
    return keep(mask_image, "mask")


def _read(path: str) -> Image.Image:
    if not Path(path).is_file():
        raise user_error(GONE)
    return decode(path, grey=True)
