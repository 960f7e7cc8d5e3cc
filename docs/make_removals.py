"""Write docs/removals.jpg: the gallery's removals, painted, by the network alone, and with texture.

PYTHONPATH=. python docs/make_removals.py
"""

from pathlib import Path

from PIL import Image

from inpainting import InpaintingPipeline

ROOT = Path(__file__).parents[1]
NAMES = ("2_model_shuttle", "4_two_towers")
HEIGHT, GAP = 340, 6


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
    sizes = [round(row[0].width * HEIGHT / row[0].height) for row in rows]
    width = 3 * max(sizes) + 2 * GAP
    sheet = Image.new("RGB", (width, len(rows) * (HEIGHT + GAP) - GAP), "white")
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            size = (sizes[y], HEIGHT)
            at = (x * (max(sizes) + GAP), y * (HEIGHT + GAP))
            sheet.paste(picture.resize(size, Image.Resampling.LANCZOS), at)
    sheet.save(ROOT / "docs/removals.jpg", quality=88)


if __name__ == "__main__":
    main()
