"""Picture files in folders: links followed once, hidden files passed over, kinds told apart."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from inpainting.io.foreign import SUFFIXES as FOREIGN

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif")
MASK_ENDING = "_mask"  # photo_mask.png is a mask where photo.jpg lies beside it


class PictureFiles(NamedTuple):
    """Files below a folder, in order.

    ``pictures``; ``masks``: files such as ``a_mask.png`` beside ``a.jpg``; ``foreign``: pictures of
    kinds that are not read here; ``others``: no pictures.
    """

    pictures: list[Path]
    masks: list[Path]
    foreign: list[Path]
    others: list[Path]


def picture_files(folder: Path) -> PictureFiles:
    """The files below a folder, at any depth, by the ends of their names.

    Args:
        folder: a literal path, whatever characters are in it.
    """
    files = sorted(walk(folder))
    known = [path for path in files if path.suffix.lower() in SUFFIXES]
    foreign = [path for path in files if path.suffix.lower() in FOREIGN]
    owners = {path.with_suffix("").as_posix() + MASK_ENDING for path in [*known, *foreign]}
    masks = {path for path in known if path.with_suffix("").as_posix() in owners}
    others = sorted(set(files).difference(known, foreign))
    pictures = [path for path in known if path not in masks]
    return PictureFiles(pictures, sorted(masks), foreign, others)


def walk(folder: Path) -> Iterator[Path]:
    """Every file below a folder that is not hidden, as the ``._photo.jpg`` of macOS are.

    Links to folders are followed, each folder is entered once: itself before any link to it.
    """
    links, entered = [folder], set()
    while links:
        for here, folders, files in os.walk(links.pop(0)):
            identity = os.path.realpath(here)
            if identity in entered:
                folders.clear()
                continue
            entered.add(identity)
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            links += [path for path in map(Path(here).joinpath, folders) if path.is_symlink()]
            for name in files:
                path = Path(here, name)
                if not name.startswith(".") and path.is_file():
                    yield path
