"""From the network's "RGB" back to the picture's own kind: grey, opacity, a feathered edge."""

import numpy as np
from PIL import Image, ImageChops

from inpainting.inference.guide_image import given_in
from inpainting.io.images import alpha_of
from inpainting.masks.edit import feather as feather_mask
from inpainting.types import Box, Flags, Hole, Pixels, in_box


def restore(filled: Image.Image, picture: Image.Image, hole: Hole, feather: int) -> Image.Image:
    """The filled picture in the mode of what was given, with what its file hands on.

    Args:
        filled: "RGB"; equal to the picture outside the hole.
        picture: as given: "L", "LA", "RGB" or "RGBA".
        hole: bool (H, W), True = missing.
        feather: pixels, inside the hole, over which the picture's own pixels fade into the fill.
    """
    alpha, hidden = alpha_of(picture), hidden_in(picture, hole)
    erased = None if hidden is None else erased_parts(hidden, hole)
    if feather:
        share = feather_mask(hole, feather)
        if alpha and erased is not None:  # what is invisible cannot fade in
            clear = ImageChops.multiply(ImageChops.invert(share), alpha)
            share.paste(ImageChops.invert(clear), mask=Image.fromarray(erased))
        filled = Image.composite(filled, picture.convert("RGB"), share)
    if picture.mode in ("L", "LA"):
        filled = filled.convert("L")
    if alpha:
        if erased is not None:
            alpha.paste(255, mask=Image.fromarray(erased))
        filled.putalpha(alpha)
    filled.info = dict(picture.info)
    return filled


def hidden_in(picture: Image.Image, hole: Hole) -> Flags | None:
    """Pixels of a hole that are wholly transparent, bool (H, W); None where none is.

    Args:
        picture: "L", "LA", "RGB" or "RGBA".
        hole: bool (H, W), True = missing.
    """
    alpha = alpha_of(picture)
    if alpha is None:
        return None
    hidden = hole & (np.asarray(alpha) == 0)
    return hidden if hidden.any() else None


def erased_parts(hidden: Flags, hole: Hole) -> Flags:
    """The parts of a hole that become opaque, bool (H, W).

    A part, that is pixels that touch each other, becomes opaque as a whole if any of it is wholly
    transparent, an eraser's soft edge included. Elsewhere a picture's opacity stays as it is.

    Args:
        hidden: of :func:`hidden_in`.
        hole: bool (H, W), True = missing.
    """
    import cv2

    _, parts = cv2.connectedComponents(hole.astype(np.uint8), connectivity=8)
    return hole & np.isin(parts, np.unique(parts[hidden]))


def keep_grey(
    filled: Image.Image, known: Flags, hole: Hole, box: Box, guide: Image.Image | None = None
) -> None:
    """Make the fill grey, in place, where everything around it is.

    Args:
        filled: "RGB".
        known: bool (H, W), True = given.
        hole: bool (H, W), True = missing.
        box: what the fill was made from.
        guide: of :mod:`inpainting.inference.guide_image`; no fill is grey if it is not.
    """
    if guide and not _grey(np.asarray(guide), given_in(guide)):
        return
    part = filled.crop(box)
    pixels, given = np.asarray(part), known[in_box(box)]
    few = np.s_[::16, ::16]  # in colour, these show it
    if _grey(pixels[few], given[few]) and _grey(pixels, given):
        filled.paste(part.convert("L").convert("RGB"), box[:2], Image.fromarray(hole[in_box(box)]))


def _grey(pixels: Pixels, given: Flags) -> bool:
    red = pixels[..., 0]
    return not any(((pixels[..., k] != red) & given).any() for k in (1, 2))
