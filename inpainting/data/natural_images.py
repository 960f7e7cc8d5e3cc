"""Natural Images, the report's data set (Roy et al., arXiv:1807.10108), from its public zip."""

import tempfile
import zipfile
from pathlib import Path

import datasets
import torch

from inpainting.errors import DataError, first_line

NATURAL_IMAGES_URL = "https://www.kaggle.com/api/v1/datasets/download/prasunroy/natural-images"


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
