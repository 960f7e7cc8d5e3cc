"""Holes in the shape of objects: a folder of masks, each of one picture of the data set."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from inpainting.errors import DataError, EmptyHole, InvalidMask, first_line
from inpainting.io.folders import walk
from inpainting.io.images import decode
from inpainting.masks.convert import hole_from_mask_image
from inpainting.types import Hole

TRANSPLANTED, REMOVAL = "objects", "removal"
OBJECT_HOLES = (TRANSPLANTED, REMOVAL)  # protocols
CHOSEN = "removal.txt"  # names of pictures whose mask is of a whole object, one a line


class ObjectMasks:
    """Which picture meets which mask of a folder.

    A mask is a PNG file, white = repaint, named as its picture is, whatever the suffix. The
    pictures that have one, sorted by name, take part in ``objects``, where each gets the mask of
    the next one (the last that of the first). In ``removal`` each gets its own; where the folder
    has a ``removal.txt``, only those that it names.

    Args:
        folder: of the masks, at any depth.
        stems: names of the pictures of a split, :func:`inpainting.data.sources.file_stems`.

    Raises:
        DataError: when no picture has a mask, when names are not unique, and when ``removal.txt``
            cannot be read or names none of them.
        InvalidMask, InvalidImage: when a mask cannot be used, with its name.
    """

    def __init__(self, folder: Path, stems: Sequence[str]) -> None:
        self._files = _unique(folder)
        named = sorted((stem, index) for index, stem in enumerate(stems) if stem in self._files)
        self._stems = {index: stem for stem, index in named}
        if not named:
            raise DataError(
                f"--object-masks {folder} has no mask of any of the {len(stems)} pictures: give a "
                f"folder of PNG files named like them, such as {stems[0]}.png."
            )
        repeated = [stem for stem, count in Counter(self._stems.values()).items() if count > 1]
        if repeated:
            raise DataError(
                f"--object-masks {folder}: several pictures of the data set are named "
                f"{repeated[0]}, and its mask can be of one of them: rename them."
            )
        self._removal = _chosen(folder, self._stems)
        for stem, _ in named:  # at once, and not after hours
            self._hole(stem)

    def indices(self, protocol: str) -> list[int]:
        """The pictures that take part, indices in the split, sorted by name."""
        return list(self._stems) if protocol == TRANSPLANTED else self._removal

    def hole(self, protocol: str, index: int, size: tuple[int, int]) -> Hole:
        """The hole of picture ``index``: its mask, resized by nearest where it has another size.

        Args:
            protocol: one of ``OBJECT_HOLES``.
            index: of :meth:`indices`.
            size: (width, height) of the picture.

        Returns:
            Bool (H, W), True = missing.

        Raises:
            InvalidMask: when nothing or everything is marked.
        """
        owner = index
        if protocol == TRANSPLANTED:
            order = list(self._stems)
            owner = order[(order.index(index) + 1) % len(order)]
        return self._hole(self._stems[owner], size)

    def _hole(self, stem: str, size: tuple[int, int] | None = None) -> Hole:
        path = self._files[stem]
        mask_image = decode(path, grey=True)
        size = size or mask_image.size
        try:
            resized = mask_image.resize(size, Image.Resampling.NEAREST)
            return hole_from_mask_image(resized, size)
        except InvalidMask as error:
            kind = EmptyHole if isinstance(error, EmptyHole) else InvalidMask
            raise kind(f"{path.name}: {error}") from error


def _unique(folder: Path) -> dict[str, Path]:
    """PNG files by their names without suffix."""
    files = sorted(path for path in walk(folder) if path.suffix.lower() == ".png")
    found = {path.stem: path for path in files}
    if not found or len(found) < len(files):
        why = "holds no PNG file" if not found else "holds several PNG files of one name"
        raise DataError(
            f"--object-masks {folder} {why}: give a folder of masks, white = repaint, each named "
            "like its picture."
        )
    return found


def _chosen(folder: Path, stems: Mapping[int, str]) -> list[int]:
    """The pictures of ``removal``, in the order of ``stems``."""
    path = folder / CHOSEN
    if not path.exists():
        return list(stems)
    try:
        names = {line.strip() for line in path.read_text(encoding="utf-8").splitlines()}
    except (OSError, UnicodeError) as error:
        raise DataError(f"{path} could not be read ({first_line(error)}).") from error
    chosen = [index for index, stem in stems.items() if stem in names]
    if not chosen:
        raise DataError(
            f"{path} names no picture of the split that has a mask: write names without suffix, "
            "one a line, or remove the file to use them all."
        )
    return chosen
