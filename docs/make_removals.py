"""Write docs/removals.jpg: the gallery's removals, painted, by the network alone, and with texture.

PYTHONPATH=. python docs/make_removals.py
"""

from pathlib import Path

from PIL import Image

from inpainting import InpaintingPipeline

ROOT = Path(__file__).parents[1]
NAMES = ("2_tree", "6_two_towers")
WIDTH, GAP = 400, 6  # of a picture, and between two, in pixels


def main() -> None:
    """Three pictures for each example, side by side."""
    pipe = InpaintingPipeline.from_pretrained()
    rows = []
    for name in NAMES:
        photo = Image.open(ROOT / f"examples/{name}.jpg")
        mask_image = Image.open(ROOT / f"examples/{name}_mask.png")
        painted = photo.copy()
        painted.paste((220, 40, 40), mask=mask_image.point(lambda value: value * 0.7))
        fills = (pipe.fill(photo, mask_image, mode=mode).image for mode in ("faithful", "auto"))
        rows.append([painted, *fills])
    heights = [round(WIDTH * row[0].height / row[0].width) for row in rows]
    size = 3 * (WIDTH + GAP) - GAP, sum(heights) + GAP * (len(rows) - 1)
    sheet = Image.new("RGB", size, "white")
    top = 0
    for row, height in zip(rows, heights, strict=True):
        for column, picture in enumerate(row):
            small = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
            sheet.paste(small, (column * (WIDTH + GAP), top))
        top += height + GAP
    sheet.save(ROOT / "docs/removals.jpg", quality=88)


if __name__ == "__main__":
    main()
