"""The object that was roughly painted over, found from colours alone: no network, no weights."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpainting.errors import EmptyHole, InvalidMask
from inpainting.types import Box, Flags, Hole, Pixels, box_size, grow_box, in_box

LONGEST = 320  # pixels: the window is cut out of a copy that is no longer
# How far beside a stroke an object is looked for: this share of its length, and once more of what
# its length exceeds its breadth by: a straight stroke says little about the object's size.
REACH = 0.5
MARGIN = 0.3  # of the painted box's sides, beside an area: what is there tells the background
LEAST_MARGIN = 8  # pixels
# The painted area's deepest point, relative to the radius of a disc as large as its convex hull: a
# stroke is below, an area from there on. Of strokes inside 65 objects nine in ten were below 0.35;
# no box or area around them was.
STROKE = 0.37
# Paint that is nowhere deeper than this share of the brush's radius, and longer than broad by that,
# was drawn in one line: a stroke, however short.
ONE_LINE, LONG = 1.25, 1.5
CORE = 0.4  # of the deepest point's depth: what is deeper belongs to the object
BOX_CORE = 0.5  # likewise where a box was painted, which says less
BOX_FILLED = 0.95  # of its bounding box: such an area is a box
RIM = 0.03  # of the window's longest side, at its border: no part of the object
ALL = 0.98  # of the window: such an object is none
ROUNDS = 2  # of GrabCut; with five, strokes find objects better by 0.01 of mean overlap, areas not
NOTHING_PAINTED = "Nothing is painted yet: paint roughly over what you mean first."
NOTHING_FOUND = (
    "Nothing stands out there: the painted part looks like what is around it; paint closer to the "
    "object's outline, or keep the paint as it is."
)


def select_object(image: Image.Image, painted: Hole, brush: float = 0) -> Hole:
    """The object that was scribbled on, roughly painted over, boxed in or encircled.

    GrabCut (Rother, Kolmogorov and Blake 2004) in a window around the paint. A thin stroke lies on
    the object, which may be larger; an area covers the object, which may be smaller. The same
    arguments give the same result: OpenCV's random numbers are seeded, for the whole thread.

    Args:
        image: "L", "LA", "RGB" or "RGBA"; transparency is ignored.
        painted: bool (H, W) of its size.
        brush: radius in pixels that it was painted with; 0 where that is not known.

    Returns:
        Bool (H, W), True = object; never empty. Without the specks that no paint touches.

    Raises:
        EmptyHole: when nothing is painted.
        InvalidMask: when nothing there differs from its surroundings.
    """
    import cv2

    whole = bounds(painted)
    area = _outlined(painted[in_box(whole)])
    length, breadth = _sides(area)
    stroke = _is_stroke(area, brush, length / breadth)
    window = _around(whole, painted.shape, REACH * length + length - breadth if stroke else None)
    wide = np.zeros(box_size(window)[::-1], np.uint8)
    left, top = whole[0] - window[0], whole[1] - window[1]
    wide[top : top + area.shape[0], left : left + area.shape[1]] = area
    small, paint = _reduced(image, window, wide)
    labels = _labels(paint, stroke, _inner_sides(window, painted.shape))
    found = _cut(small, labels, stroke)
    found = _outlined(touching(found, paint))
    if not found.any() or found.mean() > ALL:
        raise InvalidMask(NOTHING_FOUND)
    soft = cv2.GaussianBlur(found.astype(np.float32), (0, 0), 0.7) if found.size > 64 else found
    full = cv2.resize(np.float32(soft), wide.shape[::-1], interpolation=cv2.INTER_CUBIC) >= 0.5
    if not full.any():
        full = cv2.resize(np.uint8(found), wide.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    result = np.zeros(painted.shape, bool)
    result[in_box(window)] = full
    return result


def bounds(painted: Hole) -> Box:
    """The box around what is painted.

    Raises:
        EmptyHole: when nothing is.
    """
    box = Image.fromarray(painted).getbbox()
    if not box:
        raise EmptyHole(NOTHING_PAINTED)
    return box


def touching(found: Flags, painted: Flags) -> Flags:
    """The connected parts of ``found``, bool (H, W), that touch ``painted``, of its size."""
    import cv2

    count, part = cv2.connectedComponents(found.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, bool)
    kept[part[painted]] = True
    kept[0] = False
    return kept[part]


def _outlined(flags: Flags) -> Flags:
    """With everything that it encloses."""
    import cv2

    outside = np.pad(flags, 1).astype(np.uint8)
    cv2.floodFill(outside, None, (0, 0), 2)
    return outside[1:-1, 1:-1] != 2


def _depth(flags: Flags) -> NDArray[np.float32]:
    """Euclidean distance of what is set from what is not; the border counts as not set."""
    import cv2

    return cv2.distanceTransform(np.pad(flags, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]


def _sides(area: Flags) -> tuple[float, float]:
    """The longer and the shorter side of the smallest rectangle around what is set, in pixels."""
    import cv2

    _, sides, _ = cv2.minAreaRect(np.argwhere(area).astype(np.float32))
    return max(sides) + 1, min(sides) + 1  # pixels have a size


def _is_stroke(area: Flags, brush: float, elongation: float) -> bool:
    import cv2

    deepest = _depth(area).max()
    if deepest <= ONE_LINE * brush and elongation >= LONG:
        return True
    hull = cv2.convexHull(np.argwhere(area).astype(np.int32))
    # The hull of the pixels' middles is half a pixel smaller on every side.
    size = cv2.contourArea(hull) + cv2.arcLength(hull, True) / 2 + 1
    return bool(deepest < STROKE * np.sqrt(size / np.pi))


def _around(box: Box, shape: tuple[int, ...], reach: float | None) -> Box:
    """The box with ``reach`` pixels on every side, or with ``MARGIN`` of its own sides."""
    room = [MARGIN * side if reach is None else reach for side in box_size(box)]
    x, y = (max(LEAST_MARGIN, round(side)) for side in room)
    return grow_box(box, x, y, (shape[1], shape[0]))


def _reduced(image: Image.Image, window: Box, wide: NDArray[np.uint8]) -> tuple[Pixels, Flags]:
    """The window of the picture and of the paint, no longer than ``LONGEST``."""
    import cv2

    factor = min(1, LONGEST / max(wide.shape))
    size = tuple(max(1, round(factor * side)) for side in wide.shape[::-1])
    part = np.asarray(image.crop(window).convert("RGB"))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    paint = cv2.resize(wide * np.float32(1), size, interpolation=cv2.INTER_AREA) > 0.3
    return small, paint if paint.any() else np.ones(size[::-1], bool)


class _Sides(NamedTuple):
    """Which sides of the window lie inside the picture."""

    left: bool
    top: bool
    right: bool
    bottom: bool


def _inner_sides(window: Box, shape: tuple[int, ...]) -> _Sides:
    left, top, right, bottom = window
    return _Sides(left > 0, top > 0, right < shape[1], bottom < shape[0])


def _labels(paint: Flags, stroke: bool, inner: _Sides) -> NDArray[np.uint8]:
    """What GrabCut is told of every pixel: surely or probably, object or background."""
    import cv2

    if stroke:
        labels = np.where(paint, cv2.GC_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    else:
        labels = np.where(paint, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
        depth = _depth(paint)
        filled = paint.sum() / np.prod(box_size(bounds(paint)))
        labels[depth > (BOX_CORE if filled > BOX_FILLED else CORE) * depth.max()] = cv2.GC_FGD
    rim = np.zeros(paint.shape, bool)
    wide = max(1, round(RIM * max(paint.shape)))
    rim[:, :wide] |= inner.left
    rim[:wide] |= inner.top
    rim[:, -wide:] |= inner.right
    rim[-wide:] |= inner.bottom
    labels[rim & ~paint] = cv2.GC_BGD
    return labels


def _cut(pixels: Pixels, labels: NDArray[np.uint8], stroke: bool) -> Flags:
    """GrabCut: bool (H, W), True = object.

    Raises:
        InvalidMask: when the labels leave no object or no background to learn colours from.
    """
    import cv2

    object_ = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    if object_.all() or not object_.any():
        raise InvalidMask(NOTHING_FOUND)
    if not stroke:  # measured: distances in CIELAB suit areas, those in RGB strokes
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    cv2.setRNGSeed(0)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))  # OpenCV's mixtures of colours
    cv2.grabCut(
        pixels, labels, None, background, foreground, ROUNDS, cv2.GC_INIT_WITH_MASK
    )  # fmt: skip
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
