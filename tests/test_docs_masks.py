"""docs/masks.md says what the code does: every row of its tables, and its example of pairs."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inpainting.cli.fill import main
from inpainting.errors import InvalidMask
from inpainting.masks.files import read_mask_file

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "masks.md").read_text(encoding="utf-8")
SIZE, BOX, CLEAR = (120, 90), (30, 20, 79, 59), (0, 0, 0, 0)
HOLE = np.zeros((90, 120), bool)
HOLE[20:60, 30:80] = True


def rows(heading: str) -> dict[str, str]:
    """The rows of the table with this heading: first cell to second."""
    table = re.search(rf"^\| {heading} \|.*?\n\n", PAGE, re.DOTALL | re.MULTILINE)[0]
    cells = [re.split(r" *\| *", line.strip("| ")) for line in table.strip().splitlines()[2:]]
    return {first: second for first, second in cells}


def drawn(colour, ground=0, mode="L", size=SIZE) -> Image.Image:
    image = Image.new(mode, size, ground)
    ImageDraw.Draw(image).rectangle(BOX, colour)
    return image


def photo() -> Image.Image:
    with Image.open(ROOT / "examples" / "6_two_towers.jpg") as image:
        return image.convert("RGB").resize(SIZE)


def with_alpha(image: Image.Image, alpha: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    image.putalpha(alpha)
    return image


def with_more(image: Image.Image, colour) -> Image.Image:
    ImageDraw.Draw(image).rectangle((30, 65, 79, 85), colour)
    return image


UNDERSTOOD = {
    "white on black": [drawn(255), drawn("white", "black", "RGB")],
    "one colour on black": [drawn(c, "black", "RGB") for c in ("red", "blue", "#8000ff")],
    "drawn on transparent": [
        drawn(colour, CLEAR, "RGBA") for colour in ("black", "white", "red", (9, 200, 9, 120))
    ],
    "black and white on transparent": [with_more(drawn("white", CLEAR, "RGBA"), "black")],
    "hole in an opaque image": [
        with_alpha(photo(), drawn(0, 255)), drawn(CLEAR, "black", "RGBA"),
        drawn(CLEAR, "white", "RGBA"),
    ],
}  # fmt: skip
NOTED = {"one colour on black", "hole in an opaque image"}
REFUSED = {
    "a photo": photo(),
    "the picture itself": drawn(255),
    "values 0 and 1": drawn(1),
    "labels 0 to 20": with_more(drawn(20), 7),
    "47 % opacity on black": drawn(119),
    "grey areas beside white": with_more(drawn(255), 120),
    "two classes of a palette mask": with_more(drawn((192, 128, 128), "black", "RGB"), (0, 128, 0)),
    "red on white": drawn("red", "white", "RGB"),
    "a cut-out on transparent": with_alpha(photo(), drawn(255)),
    "nothing white": drawn(0),
}


def test_every_mask_that_is_understood_is_read_so():
    assert rows("mask").keys() == UNDERSTOOD.keys()
    for name, images in UNDERSTOOD.items():
        for image in images:
            mask_image, notes = read_mask_file(image, SIZE)
            assert np.array_equal(np.asarray(mask_image) > 0, HOLE), name
            assert bool(notes) == (name in NOTED), name


@pytest.mark.parametrize("name", REFUSED)
def test_every_mask_that_is_refused_is_refused_in_these_words(name):
    assert rows("refused").keys() == REFUSED.keys()
    words = re.search(r'"(.*?)"', rows("refused")[name])[1]
    with pytest.raises(InvalidMask, match=re.escape(words)):
        read_mask_file(REFUSED[name], SIZE, picture=drawn(255))


def test_the_example_of_pairs_is_what_is_printed(tmp_path, monkeypatch, capsys):
    files, printed = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    for name in files.split():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    command = re.search(r"`inpaint fill (.*?)` prints", PAGE)[1]
    assert main(command.split()) == 1
    assert capsys.readouterr().out == printed
