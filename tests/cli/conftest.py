"""Photos with a mask, and the command that fills them."""

import json
from pathlib import Path

import pytest
from PIL import Image

from inpainting.cli.fill import main


def box_mask(size=(30, 20), box=(5, 5, 12, 11)) -> Image.Image:
    mask_image = Image.new("L", size)
    mask_image.paste(255, box)
    return mask_image


@pytest.fixture
def photos(tmp_path, noise) -> Path:
    """Three in folders, of three kinds; a mask beside them."""
    folder = tmp_path / "photos"
    (folder / "deep" / "er").mkdir(parents=True)
    noise(30, 20).save(folder / "a.png")
    noise(30, 20).convert("RGBA").save(folder / "deep" / "b.tif")
    noise(60, 40).save(folder / "deep" / "er" / "c.bmp")
    box_mask().save(tmp_path / "mask.png")
    return folder


@pytest.fixture
def run(tmp_path, tiny_checkpoint, capsys):
    """A function that runs ``inpaint fill``: its exit code, and what it printed."""

    def call(*arguments) -> tuple[int, str]:
        common = ["--out", tmp_path / "out", "--checkpoint", tiny_checkpoint, "--device", "cpu"]
        code = main([str(part) for part in [*common, *arguments]])
        return code, "".join(capsys.readouterr())

    return call


def report(out: Path) -> list[dict]:
    return json.loads((out / "report.json").read_text())


def without_seconds(records: list[dict]) -> list[dict]:
    """What two runs have in common, below whichever folder they wrote to."""
    return [
        {**record, "output": Path(record["output"]).name, "seconds": None} for record in records
    ]


def files_of(out: Path) -> set[str]:
    return {path.name for path in out.iterdir() if path.is_file()}
