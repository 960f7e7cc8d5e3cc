"""Mask images for pictures of any size."""

from PIL import Image


def box_mask(width: int, height: int) -> Image.Image:
    """White in the middle half (at least one pixel, never all)."""
    mask_image = Image.new("L", (width, height))
    x, y = width // 4, height // 4
    mask_image.paste(255, (x, y, x + max(1, width // 2), y + max(1, height // 2)))
    return mask_image
