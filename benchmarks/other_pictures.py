"""Pictures of another kind than photos: textures and scientific pictures that scikit-image brings.

    python -m benchmarks.other_pictures FOLDER

writes cuts of 256 px into ``FOLDER/test/textures`` and ``FOLDER/test/science``: to measure how
networks do on what they were not trained on. Sources and licences are in scikit-image's
``skimage/data/README.txt``; nothing is downloaded.
"""

import sys
from pathlib import Path

from PIL import Image
from skimage import data

SIDE = 256
MOST = 9  # cuts of a picture, around its middle
KINDS = {
    "textures": ("brick", "grass", "gravel"),
    "science": ("immunohistochemistry", "retina", "hubble_deep_field", "moon", "cell"),
}


def main(folder: Path) -> None:
    for kind, names in KINDS.items():
        target = folder / "test" / kind
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            picture = Image.fromarray(getattr(data, name)()).convert("RGB")
            for number, box in enumerate(cuts(*picture.size)):
                picture.crop(box).save(target / f"{name}_{number}.png")


def cuts(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Boxes side by side around the middle, at most ``MOST``, in a square grid."""
    across, down = (min(round(MOST**0.5), side // SIDE) for side in (width, height))
    left, top = (width - across * SIDE) // 2, (height - down * SIDE) // 2
    return [
        (left + x * SIDE, top + y * SIDE, left + (x + 1) * SIDE, top + (y + 1) * SIDE)
        for y in range(down)
        for x in range(across)
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
