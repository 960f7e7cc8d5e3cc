"""Mask images with one white box."""

from PIL import Image


def box_mask(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """Black, with a box (left, top, right, bottom) that is white."""
    mask_image = Image.new("L", size)
    mask_image.paste(255, box)
    return mask_image


BOX = box_mask((40, 30), (10, 5, 20, 15))
