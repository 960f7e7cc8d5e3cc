"""The bundled examples, as the gallery shows them: what ``examples/examples.json`` says."""

import json
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from inpainting.errors import InvalidImage
from inpainting.io.images import decode, read_picture


class Example(NamedTuple):
    """A photo with its mask, ready to be filled.

    Attributes:
        name: of its files.
        title: two or three words.
        caption: one sentence for a visitor.
        alt: what is in the photo and what is marked, for those who do not see it.
        known: whether the original under the hole is known, so that a fill can be measured.
        photo: file that is shown and filled.
        mask_image: file, white = repaint.
        original: file of the photo without its damage, if ``known``.
    """

    name: str
    title: str
    caption: str
    alt: str
    known: bool
    photo: Path
    mask_image: Path
    original: Path | None


def examples_folder() -> Path:
    """Beside this file in an installed package, at the top of a checkout."""
    installed = Path(__file__).with_name("example_files")
    return installed if installed.is_dir() else Path(__file__).parents[2] / "examples"


def listed(folder: Path) -> tuple[Example, ...]:
    """The examples of a folder, in the order of the gallery."""
    rows = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
    return tuple(
        Example(
            name=row["name"],
            title=row["title"],
            caption=row["caption"],
            alt=row["alt"],
            known=row["known"],
            photo=folder / f"{row['name']}.jpg",
            mask_image=folder / f"{row['name']}_mask.png",
            original=folder / row["original"] if row["original"] else None,
        )
        for row in rows
    )


EXAMPLES = listed(examples_folder())


def find(name: str) -> Example:
    """The example of that name.

    Raises:
        InvalidImage: when there is none.
    """
    for example in EXAMPLES:
        if example.name == name:
            return example
    raise InvalidImage("There is no such example: reload the page, and choose another one.")


def read_photo(example: Example) -> Image.Image:
    """The photo as it is shown and filled."""
    return read_picture(example.photo).image


def read_mask_image(example: Example) -> Image.Image:
    """Its mask image, "L", white = repaint."""
    return decode(example.mask_image, grey=True)


def read_original(example: Example) -> Image.Image | None:
    """The photo without its damage, where that is known."""
    return read_picture(example.original).image if example.original else None
