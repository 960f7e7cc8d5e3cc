"""Pictures for training and evaluation, through Hugging Face ``datasets``."""

import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import datasets
import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from .errors import DataError, first_line
from .images import decode
from .random_masks import Sampler as HoleSampler
from .random_masks import generator_for

NATURAL_IMAGES_URL = "https://www.kaggle.com/api/v1/datasets/download/prasunroy/natural-images"
# Of training pictures not resampled by a turn or zoom: that makes them smoother than real ones,
# and what is to be learned is the detail that a smooth fill lacks.
PLAIN = 0.75
TEST_SHARE = 0.25  # the report's 3:1
# What `datasets` raises for sets that are missing, empty, gated or unreachable.
LOAD_ERRORS = (OSError, ValueError, datasets.exceptions.DatasetsError)


def load_splits(
    data: str | Path | None = None, seed: int = 0, cache_dir: str | Path | None = None
) -> datasets.DatasetDict:
    """Load a data set with a train and a test split.

    A set that has a test (or validation) split keeps it; any other is split 3:1, per class
    where there are classes.

    Args:
        data: a folder of pictures (``class/*.jpg`` or ``split/class/*.jpg``), a Hub id, or None
            for Natural Images (Roy et al., arXiv:1807.10108) from its public zip.
        seed: decides a split that is made here.
        cache_dir: where `datasets` keeps downloads and tables.

    Returns:
        Splits ``train`` and ``test`` with ``image`` (upright 8-bit PIL image, see
        :func:`inpainting.images.decode`) and, if the set has classes, ``label`` (ClassLabel).

    Raises:
        DataError: when the set cannot be loaded, has no pictures, or cannot be split.
    """
    if data is None:
        data = download_natural_images(NATURAL_IMAGES_URL, cache_dir)
    splits = {name: _canonical(split) for name, split in _load(str(data), cache_dir).items()}
    if any(_classes_used(split) < 2 for split in splits.values()):
        # A flat folder: what passes for a class is the name of the split.
        splits = {name: split.select_columns("image") for name, split in splits.items()}
    train, test = splits.get("train"), splits.get("test", splits.get("validation"))
    if test is None:
        only = train if train is not None else next(iter(splits.values()))
        parts = _split(only, seed)
        train, test = parts["train"], parts["test"]
    elif train is None:
        train = test.select([])
    return datasets.DatasetDict(train=train, test=test).with_transform(
        _decode_rows, columns=["image"], output_all_columns=True
    )


def download_natural_images(url: str, cache_dir: str | Path | None = None) -> Path:
    """Download and unpack the Natural Images zip, once.

    The zip holds every picture twice, under ``natural_images/`` and
    ``data/natural_images/``; the folder returned holds each once, in ``class/*.jpg``.

    Raises:
        DataError: when the download fails or the zip has another layout.
    """
    root = Path(cache_dir or datasets.config.HF_DATASETS_CACHE) / "natural-images"
    if not root.is_dir():
        try:
            _download_zip(url, root)
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(
                f"Natural Images could not be downloaded from {url} ({first_line(error)}): check "
                "the connection, or give a folder of pictures or a Hub id with --data."
            ) from error
    for folder in (root / "natural_images", root / "data" / "natural_images"):
        if folder.is_dir():
            return folder
    raise DataError(
        f"The archive at {url} has no folder natural_images/: remove {root} and give a folder of "
        "pictures with --data."
    )


def _download_zip(url: str, root: Path) -> None:
    """Unpack the zip at ``url`` to ``root``, which appears only when it is complete."""
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent) as partial:
        archive = Path(partial, "archive.zip")
        torch.hub.download_url_to_file(url, str(archive))
        with zipfile.ZipFile(archive) as file:
            file.extractall(Path(partial, "unpacked"))
        Path(partial, "unpacked").replace(root)


class HoledImages(Dataset):
    """Augmented square crops with random holes; a ticket (epoch, index) decides an item alone.

    Pictures are cut, flipped and resized to ``size``, a quarter of them turned and zoomed too; the
    hole is drawn at ``size``, so that its strokes keep their width, and both are cut to ``crop``.

    Args:
        images: a split of :func:`load_splits`.
        sample_hole: a sampler of ``random_masks``.
        size: side of the square that a picture is resized to, in pixels.
        crop: side of the window that is returned; None = ``size``.
        seed: first part of every item's randomness.
    """

    def __init__(
        self,
        images: datasets.Dataset,
        sample_hole: HoleSampler,
        size: int = 256,
        crop: int | None = None,
        seed: int = 0,
    ) -> None:
        self.images, self.sample_hole = images, sample_hole
        self.size, self.crop, self.seed = size, crop or size, seed

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, ticket: tuple[int, int]) -> dict[str, Tensor]:
        """``image`` uint8 (3, crop, crop) RGB and ``hole`` bool (1, crop, crop)."""
        epoch, index = ticket
        generator = generator_for(self.seed, epoch, index)
        hole = self.sample_hole((self.size, self.size), generator)
        left, top = self._window(hole, generator)
        picture = self.images[index]["image"].convert("RGB")
        view = plain_view if generator.random() < PLAIN else turned_view
        picture = view(picture, self.size, (left, top, self.crop), generator)
        return {
            "image": torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous(),
            "hole": hole[:, top : top + self.crop, left : left + self.crop],
        }

    def _window(self, hole: Tensor, generator: np.random.Generator) -> tuple[int, int]:
        """Where to cut: a place with something missing and something known, if one is found."""
        for _ in range(10):
            left, top = generator.integers(0, self.size - self.crop + 1, size=2)
            part = hole[:, top : top + self.crop, left : left + self.crop].float().mean()
            if 0 < part < 0.75:
                break
        return int(left), int(top)


class TicketSampler(Sampler[tuple[int, int]]):
    """Endless (epoch, index) tickets: each epoch one permutation, dealt out to the processes.

    The order depends on the seed alone, so that a run may stop after any number of samples and
    go on from there, on any number of processes.

    Args:
        length: number of pictures.
        seed: decides every epoch's order.
        start: samples already seen by all processes together.
        rank, world: this process and their number.
    """

    def __init__(
        self, length: int, seed: int = 0, start: int = 0, rank: int = 0, world: int = 1
    ) -> None:
        self.length, self.seed, self.start, self.rank, self.world = length, seed, start, rank, world

    def __iter__(self) -> Iterator[tuple[int, int]]:
        position = self.start + self.rank
        epoch, order = -1, np.empty(0, int)
        while True:
            if position // self.length != epoch:
                epoch = position // self.length
                order = generator_for(self.seed, epoch).permutation(self.length)
            yield epoch, int(order[position % self.length])
            position += self.world


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


def _load(data: str, cache_dir: str | Path | None) -> datasets.DatasetDict:
    cache = str(cache_dir) if cache_dir else None
    try:
        if Path(data).is_dir():
            return datasets.load_dataset("imagefolder", data_dir=data, cache_dir=cache)
        if Path(data).exists() or data.count("/") != 1 or data.startswith((".", "/", "~")):
            raise DataError(
                f"--data {data} is no folder: give a folder of pictures (class/*.jpg) or a Hub id "
                "such as user/dataset."
            )
        return datasets.load_dataset(data, cache_dir=cache)
    except LOAD_ERRORS as error:
        raise DataError(
            f"No pictures could be loaded from {data} ({first_line(error)}): give a folder with "
            "PNG or JPEG files (class/*.jpg or train/class/*.jpg) or the id of a Hub data set "
            "with an image column."
        ) from error


def _canonical(split: datasets.Dataset) -> datasets.Dataset:
    """Name the columns ``image`` and ``label`` and leave decoding to :func:`decode`."""
    kinds = {name: type(feature).__name__ for name, feature in split.features.items()}
    image = next((name for name, kind in kinds.items() if kind == "Image"), None)
    label = next((name for name, kind in kinds.items() if kind == "ClassLabel"), None)
    if image is None:
        raise DataError(f"The data set has columns {sorted(kinds)}, none of them with pictures.")
    if len(split) == 0:
        raise DataError("The data set has a split without pictures: add PNG or JPEG files.")
    names = {image: "image"} | ({label: "label"} if label else {})
    split = split.select_columns(list(names))
    split = split.rename_columns({old: new for old, new in names.items() if old != new})
    return split.cast_column("image", datasets.Image(decode=False))


def _classes_used(split: datasets.Dataset) -> int:
    return len(set(split["label"])) if "label" in split.features else 0


def _split(images: datasets.Dataset, seed: int) -> datasets.DatasetDict:
    stratify = "label" if "label" in images.features else None
    if len(images) < 2:
        raise DataError(f"{len(images)} picture cannot be split into train and test: add more.")
    if stratify:
        names = images.features["label"].names
        alone = [names[k] for k, n in Counter(images["label"]).items() if n < 2]
        if alone:
            raise DataError(
                f"Class {', '.join(sorted(alone))} has one picture, which cannot be in train and "
                "test: add pictures, merge classes, or give folders train/ and test/."
            )
    try:
        return images.train_test_split(TEST_SHARE, stratify_by_column=stratify, seed=seed)
    except ValueError as error:
        raise DataError(
            f"{len(images)} pictures cannot be split 3:1 per class ({first_line(error)}): add "
            "pictures, or give folders train/ and test/."
        ) from error


def _decode_rows(rows: dict[str, list]) -> dict[str, list]:
    def read(cell: dict) -> Image.Image:
        return decode(cell["path"] if cell["bytes"] is None else cell["bytes"])

    return {"image": [read(cell) for cell in rows["image"]]}
