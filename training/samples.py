"""Training samples: what a ticket gives, and how they become a batch."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from inpainting.data import read_cell
from inpainting.errors import DataError, EmptyHole, InvalidImage, InvalidMask
from inpainting.mask_edits import inverted, read_mask_file
from inpainting.masks import hole_from_mask_image
from inpainting.random_masks import Sampler as HoleSampler
from inpainting.random_masks import generator_for

from .order import Order, Ticket

# Of training pictures not resampled by a turn or zoom: that makes them smoother than real ones,
# and what is to be learned is the detail that a smooth fill lacks.
PLAIN = 0.75


class Sample(NamedTuple):
    """``image`` uint8 (3, S, S) RGB and ``hole`` bool (1, S, S), True = missing."""

    image: Tensor
    hole: Tensor


class Batch(NamedTuple):
    """Samples stacked: ``image`` uint8 (B, 3, S, S), ``hole`` bool (B, 1, S, S).

    ``weight``: float scalar, 1, or 0 where no file of the batch could be read. ``errors``: a
    sentence for each that could not.
    """

    image: Tensor
    hole: Tensor
    weight: Tensor
    errors: tuple[str, ...]


class HoledImages(Dataset):
    """Augmented square crops with random holes; a ticket decides a sample alone.

    Pictures are cut, flipped and resized to ``size``, a quarter of them turned and zoomed too; the
    hole is drawn at ``size``, so that its strokes keep their width, and both are cut to ``crop``.

    Args:
        images: pictures that tickets without a cell point to, as
            :func:`inpainting.data.load_splits` gives them; None for a stream.
        sample_hole: a sampler of ``random_masks``.
        size: side of the square that a picture is resized to, in pixels.
        crop: side of the window that is returned; None = ``size``.
        seed: first part of every item's randomness.
    """

    def __init__(
        self,
        images: Any,
        sample_hole: HoleSampler,
        size: int = 256,
        crop: int | None = None,
        seed: int = 0,
    ) -> None:
        self.images, self.sample_hole = images, sample_hole
        self.size, self.crop, self.seed = size, crop or size, seed

    def __getitem__(self, ticket: Ticket) -> Sample | str:
        """The sample; where its file cannot be read, a sentence about it."""
        generator = generator_for(self.seed, ticket.epoch, ticket.number)
        try:
            hole = self.sample_hole((self.size, self.size), generator)
            left, top = self._window(hole, generator)
            picture = self._picture(ticket).convert("RGB")
        except (InvalidImage, InvalidMask) as error:
            return f"picture {ticket.number} of epoch {ticket.epoch}: {error}"
        view = plain_view if generator.random() < PLAIN else turned_view
        picture = view(picture, self.size, (left, top, self.crop), generator)
        return Sample(
            torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous(),
            hole[:, top : top + self.crop, left : left + self.crop],
        )

    def _picture(self, ticket: Ticket) -> Image.Image:
        if ticket.cell is None:
            return self.images[ticket.number]["image"]
        return read_cell(ticket.cell)

    def _window(self, hole: Tensor, generator: np.random.Generator) -> tuple[int, int]:
        """Where to cut: a place with something missing and something known, if one is found."""
        for _ in range(10):
            left, top = generator.integers(0, self.size - self.crop + 1, size=2)
            part = hole[:, top : top + self.crop, left : left + self.crop].float().mean()
            if 0 < part < 0.75:
                break
        return int(left), int(top)


class FileHoles:
    """A sampler of holes that takes a share of them from mask files; the others are drawn.

    Args:
        files: mask images, PNG, white = repaint, of any size.
        share: of the holes that come from files, in [0, 1].
        otherwise: sampler of the others.
        invert: black = repaint.
    """

    def __init__(
        self, files: Sequence[Path], share: float, otherwise: HoleSampler, invert: bool = False
    ) -> None:
        self.files, self.share, self.otherwise, self.invert = files, share, otherwise, invert

    def __call__(self, size: tuple[int, int], generator: np.random.Generator) -> Tensor:
        """Bool (1, H, W), True = missing; a file's is resized, and flipped and turned at random.

        Raises:
            InvalidMask, InvalidImage: when the file marks nothing, everything, or cannot be read.
        """
        if generator.random() >= self.share:
            return self.otherwise(size, generator)
        path = self.files[int(generator.integers(len(self.files)))]
        try:
            mask_image = read_mask_file(path, size[::-1]).mask_image
        except EmptyHole as error:
            raise EmptyHole(f"{path.name}: {error}") from error
        if self.invert:
            mask_image = inverted(mask_image)
        hole = hole_from_mask_image(mask_image, size[::-1])[0]
        turns = generator.integers(4) if size[0] == size[1] else 0
        hole = torch.rot90(hole, int(turns), (-2, -1))
        return hole.flip(-1) if generator.random() < 0.5 else hole


def mask_files(folder: Path) -> list[Path]:
    """The PNG files of a folder, at any depth, in order.

    Raises:
        DataError: when there is none; masks of other formats are not taken, since JPEG blurs them.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".png")
    if not files:
        raise DataError(
            f"--mask-dir {folder} holds no PNG file: give a folder of masks saved as PNG, white = "
            "repaint (black = repaint with --invert-masks)."
        )
    return files


def stack(samples: Sequence[Sample | str], crop: int) -> Batch:
    """One batch; where a file could not be read, a sample that could be stands twice.

    Args:
        samples: of :class:`HoledImages`.
        crop: side of the samples in pixels, for a batch that has none.
    """
    errors = tuple(sample for sample in samples if isinstance(sample, str))
    good = [sample for sample in samples if not isinstance(sample, str)]
    weight = torch.tensor(float(bool(good)))
    if not good:
        grey = torch.full((3, crop, crop), 128, dtype=torch.uint8)
        good = [Sample(grey, torch.zeros(1, crop, crop, dtype=torch.bool))]
    whole = [good[i % len(good)] for i in range(len(samples))]
    images, holes = zip(*whole, strict=True)
    return Batch(torch.stack(images), torch.stack(holes), weight, errors)


class Tickets(Sampler[Ticket]):
    """What a ``DataLoader`` draws its indices from: an order, from a number of samples on."""

    def __init__(self, order: Order, start: int) -> None:
        self.order, self.start = order, start

    def __iter__(self) -> Iterator[Ticket]:
        return self.order.tickets(self.start)


def plain_view(
    image: Image.Image,
    size: int,
    window: tuple[int, int, int],
    generator: np.random.Generator,
) -> Image.Image:
    """Random square cut and flip, resized as the evaluation does and not at all where it fits.

    Args:
        image: RGB, any size.
        size: side in pixels that the largest square is resized to.
        window: ``(left, top, side)``: the part of it to return.
        generator: source of all randomness.

    Returns:
        RGB, ``side`` × ``side`` pixels.
    """
    side = min(image.size)
    x, y = (int(generator.integers(0, length - side + 1)) for length in image.size)
    square = image.crop((x, y, x + side, y + side)).resize((size, size), Image.Resampling.BICUBIC)
    if generator.random() < 0.5:
        square = ImageOps.mirror(square)
    left, top, crop = window
    return square.crop((left, top, left + crop, top + crop))


def turned_view(
    image: Image.Image,
    size: int,
    window: tuple[int, int, int],
    generator: np.random.Generator,
) -> Image.Image:
    """Random turn, square cut, flip and resize to ``size``, in one resampling.

    The square has 60–100 % of the largest side that fits the turned picture, so no corner is
    ever empty. Half of the pictures are turned, by up to 10°. Arguments as in :func:`plain_view`.
    """
    angle = np.deg2rad(generator.uniform(-10, 10)) * (generator.random() < 0.5)
    cos, sin = np.cos(angle), np.sin(angle)
    reach = abs(cos) + abs(sin)  # bounding square of a turned unit square
    side = generator.uniform(0.6, 1.0) * min(image.size) / reach
    room = np.array(image.size) - side * reach
    centre = generator.uniform(0, 1, size=2) * room + side * reach / 2
    flip = -1 if generator.random() < 0.5 else 1
    scale = side / size
    if scale > 1:  # an affine transform alone would alias
        smaller = [max(1, round(s / scale)) for s in image.size]
        centre *= np.array(smaller) / image.size
        image, scale = image.resize(smaller, Image.Resampling.LANCZOS), 1.0
    left, top, crop = window
    x0, y0 = flip * (left - size / 2), top - size / 2
    a, b = scale * cos, -scale * sin
    coefficients = (
        flip * a, b, centre[0] + a * x0 + b * y0,
        -flip * b, a, centre[1] - b * x0 + a * y0,
    )  # fmt: skip
    return image.transform(
        (crop, crop), Image.Transform.AFFINE, coefficients, Image.Resampling.BICUBIC
    )
