"""Training holes from a folder of mask files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.random import Generator

from inpainting.errors import DataError, EmptyHole, InvalidMask
from inpainting.io.folders import walk
from inpainting.masks.convert import hole_from_mask_image
from inpainting.masks.drawing import Sampler, Size
from inpainting.masks.files import read_mask_file
from inpainting.types import Hole


class FileHoles:
    """A sampler that takes a share of its holes from mask files and draws the others.

    Args:
        files: mask images, PNG, white = repaint, of any size.
        share: of the holes that come from files, in [0, 1].
        otherwise: sampler of the others.
        invert: black = repaint.
    """

    def __init__(
        self, files: Sequence[Path], share: float, otherwise: Sampler, invert: bool = False
    ) -> None:
        self.files, self.share, self.otherwise, self.invert = files, share, otherwise, invert

    def __call__(self, size: Size, generator: Generator) -> Hole:
        """Bool (H, W), True = missing; a file's is resized, and flipped and turned at random.

        Raises:
            InvalidMask, InvalidImage: when the file marks nothing, everything, or cannot be read.
        """
        if generator.random() >= self.share:
            return self.otherwise(size, generator)
        path = self.files[int(generator.integers(len(self.files)))]
        try:
            mask_image = read_mask_file(path, size[::-1], self.invert).mask_image
        except InvalidMask as error:
            kind = EmptyHole if isinstance(error, EmptyHole) else InvalidMask
            raise kind(f"{path.name}: {error}") from error
        hole = hole_from_mask_image(mask_image, size[::-1])
        turns = generator.integers(4) if size[0] == size[1] else 0
        hole = np.rot90(hole, int(turns))
        return np.ascontiguousarray(hole[:, ::-1] if generator.random() < 0.5 else hole)


def mask_files(folder: Path) -> list[Path]:
    """The PNG files of a folder, at any depth, in order; links to folders are followed.

    Raises:
        DataError: when there is none; masks of other formats are not taken, since JPEG blurs them.
    """
    files = sorted(path for path in walk(folder) if path.suffix.lower() == ".png")
    if not files:
        raise DataError(
            f"--mask-dir {folder} holds no PNG file: give a folder of masks saved as PNG, white = "
            "repaint (black = repaint with --invert-masks)."
        )
    return files
