"""Pictures on their way to the page."""

import numpy as np
import pytest
from PIL import Image

from inpainting.demo.images import keep, mark, stem
from inpainting.io.images import decode
from tests.demo.visitor import box_mask


def test_before_shows_where_the_hole_is_and_what_it_covers():
    image, mask_image = Image.new("RGB", (4, 3), (100, 50, 200)), box_mask((4, 3), (0, 0, 2, 2))
    marked = np.array(mark(image, mask_image))
    assert marked[2, 3].tolist() == [100, 50, 200]
    expected = [
        0.4 * under + 0.6 * red for under, red in zip((100, 50, 200), (255, 59, 48), strict=True)
    ]
    assert marked[0, 0] == pytest.approx(expected, abs=1)


def test_kept_files_are_exact_and_tell_nothing_about_the_photo(noise, kept):
    image = noise(30, 20)
    image.info["comment"], image.getexif()[0x010F] = "secret", "camera"
    path = keep(image, "cat")
    assert path.startswith(str(kept)) and path.endswith("/cat.png")
    assert decode(path).tobytes() == image.tobytes()
    with Image.open(path) as file:
        assert not file.info and not file.getexif()


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/a/ü b.jpg", "ü_b"), ("../../etc/passwd", "passwd"), ("/x/....png", "photo"), ("", "photo")],
)
def test_names_are_fit_for_files(path, expected):
    assert stem(path) == expected
