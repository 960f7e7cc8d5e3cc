"""Every error this package raises at a user, as one tree.

InpaintingError
├── InvalidImage        the picture cannot be read, or cannot be read faithfully
├── InvalidMask         the mask image, hole or valid tensor does not fit
│   ├── EmptyHole       nothing is marked, so there is nothing to fill
│   ├── NothingKnown    everything is marked, so there is nothing to fill from
│   └── SizeMismatch    picture and mask differ in size
├── InvalidGuide        the guide does not fit the picture or its hole
├── OutOfMemory         not even the smallest pieces of the picture could be filled
├── InvalidConfig       a network, mask generator or training option contradicts itself
├── DataError           a data set cannot be loaded or split
├── CheckpointError     a checkpoint is missing, damaged or made for another network
└── HubError            the Hub refuses, or does not answer, where it is to be written to

A message says what was given, what is needed and what to do.
"""


class InpaintingError(Exception):
    """Root of the tree; ``str(error)`` is one sentence that may be shown to a user."""


class InvalidImage(InpaintingError):
    """The picture cannot be read, or cannot be read without changing what it shows."""


class InvalidMask(InpaintingError):
    """The mask does not fit its picture or its use."""


class EmptyHole(InvalidMask):
    """The mask marks no pixel."""

    def __init__(
        self,
        message: str = "The mask marks nothing to fill: paint over the part to replace "
        "(white = repaint, black = keep).",
    ) -> None:
        super().__init__(message)


class NothingKnown(InvalidMask):
    """The mask leaves no pixel to fill from."""

    def __init__(
        self,
        message: str = "The mask covers the whole picture: leave some of it unpainted, "
        "the fill is made from what is left (white = repaint, black = keep).",
    ) -> None:
        super().__init__(message)


class SizeMismatch(InvalidMask):
    """Picture and mask have different sizes; both are kept as ``(width, height)``."""

    def __init__(self, image_size: tuple[int, int], mask_size: tuple[int, int]) -> None:
        self.image_size, self.mask_size = image_size, mask_size
        super().__init__(
            f"The mask is {mask_size[0]}×{mask_size[1]} pixels but the picture is "
            f"{image_size[0]}×{image_size[1]}: resize the mask to the picture's size "
            "(white wherever any white pixel was, or thin lines are lost)."
        )

    def __reduce__(self) -> tuple[type, tuple[tuple[int, int], tuple[int, int]]]:
        return type(self), (self.image_size, self.mask_size)  # crosses to a worker process whole


class InvalidGuide(InpaintingError):
    """The guide does not fit its picture, or gives nothing inside the hole."""


class OutOfMemory(InpaintingError):
    """Memory ran out at every attempt, the smallest included."""


class InvalidConfig(InpaintingError):
    """Options contradict each other or the input they meet."""


class DataError(InpaintingError):
    """A data set cannot be loaded or split as asked."""


class CheckpointError(InpaintingError):
    """A checkpoint is missing, damaged or belongs to another network."""


class HubError(InpaintingError):
    """The Hub refuses an upload or does not answer; what was to be uploaded is kept."""


def first_line(error: BaseException) -> str:
    """What a library said, short enough to stand inside one of our sentences."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
