"""Draw contact_lines.jpg and contact_irregular.jpg beside this file.

    PYTHONPATH=. python docs/make_contact_sheets.py

Each shows 32 random windows of the example photos with a random hole and the bundled network's
fill. The test pictures themselves may be measured, not published; eval.py draws the same sheets
of them into its output folder.
"""

from pathlib import Path

import numpy as np

from inpainting.evaluation.grids import contact_sheet
from inpainting.evaluation.protocol import DRAWN_HOLES, Pair, hole_for
from inpainting.evaluation.scoring import composited, network_fill
from inpainting.io.images import decode
from inpainting.models.checkpoint import load_pretrained
from inpainting.seeding import generator_for

ROOT = Path(__file__).parents[1]
TILES, SIZE, SEED = 32, 256, 0
SHOWN = 1400  # pixels, width of the sheet in the documentation


def random_window(index: int) -> np.ndarray:
    """A square of SIZE pixels of one of the example photos."""
    generator = generator_for(SEED, index)
    photos = sorted((ROOT / "examples").glob("*.jpg"))
    photo = decode(photos[index % len(photos)]).convert("RGB")
    left, top = (int(generator.integers(0, side - SIZE + 1)) for side in photo.size)
    return np.array(photo.crop((left, top, left + SIZE, top + SIZE)))


def main() -> None:
    fill = network_fill(load_pretrained())
    for protocol in DRAWN_HOLES:
        tiles = []
        for i in range(TILES):
            hole, bucket = hole_for(protocol, i, SEED, SIZE)
            pair = Pair(i, protocol, bucket, "", random_window(i), hole)
            filled, _ = fill(pair.original, pair.hole)
            tiles.append((pair.original, pair.hole, [composited(pair, filled)]))
        sheet = contact_sheet(tiles)
        sheet.thumbnail((SHOWN, 10 * SHOWN))
        sheet.save(ROOT / "docs" / f"contact_{protocol}.jpg", quality=88)


if __name__ == "__main__":
    main()
