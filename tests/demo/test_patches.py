"""What a fill changes, as a small file: laid on again it is the filled picture, bit for bit."""

import numpy as np
import pytest
from PIL import Image

from inpainting.demo.patches import GONE, NO_PATCH, Patch, cut, lay
from inpainting.errors import InvalidImage
from inpainting.inference.result import InpaintingResult
from inpainting.io.images import read_picture
from tests.io.profiles import grey_profile, rgb_profile

MODES = ("L", "LA", "RGB", "RGBA")
SIZE = (70, 50)

pytestmark = pytest.mark.usefixtures("kept")


def random_picture(rng, mode: str, profile: bytes | None = None) -> Image.Image:
    """Of noise; with everything from transparent to opaque, where the mode has that."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    pixels = rng.integers(0, 256, (SIZE[1], SIZE[0], channels), dtype=np.uint8)
    if mode in ("LA", "RGBA"):
        pixels[:10, :, -1], pixels[-10:, :, -1] = 0, 255
    picture = Image.frombytes(mode, SIZE, pixels.tobytes())
    if profile:
        picture.info["icc_profile"] = profile
    return picture


def random_hole(rng) -> np.ndarray:
    """Pixels of a box, every other one or so."""
    hole = np.zeros(SIZE[::-1], bool)
    left, top = rng.integers(0, 30, 2)
    hole[top : top + 15, left : left + 22] = rng.random((15, 22)) < 0.6
    return hole


def random_fill(rng, picture: Image.Image) -> InpaintingResult:
    """A picture, changed in a hole alone."""
    hole = random_hole(rng)
    other = random_picture(rng, picture.mode)
    filled = picture.copy()
    filled.paste(other, mask=Image.fromarray(hole).convert("L"))
    return InpaintingResult(filled, picture.copy(), hole, (), None)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("profiled", [False, True])
def test_patches_laid_on_are_the_filled_picture_bit_for_bit(rng, mode, profiled):
    profile = (grey_profile() if mode in ("L", "LA") else rgb_profile()) if profiled else None
    for _ in range(8):
        photo = random_picture(rng, mode, profile)
        first = random_fill(rng, photo)
        second = random_fill(rng, first.image)
        patches = [cut(first), cut(second)]
        once, twice = lay(photo.copy(), patches[:1]), lay(photo.copy(), patches)
        assert once.mode == twice.mode == mode
        assert once.tobytes() == first.image.tobytes()
        assert twice.tobytes() == second.image.tobytes()
        assert lay(photo.copy(), []).tobytes() == photo.tobytes()
        assert once.info.get("icc_profile") == profile
        with Image.open(patches[0].path) as file:
            assert file.info.get("icc_profile") == profile


def test_the_order_of_patches_counts(rng):
    photo = random_picture(rng, "RGB")
    first = random_fill(rng, photo)
    second = random_fill(rng, first.image)._replace(hole=first.hole)
    second.image.paste(random_picture(rng, "RGB"), mask=Image.fromarray(first.hole).convert("L"))
    patches = [cut(first), cut(second)]
    assert lay(photo.copy(), patches).tobytes() != lay(photo.copy(), patches[::-1]).tobytes()


@pytest.mark.parametrize("mode", MODES)
def test_a_patch_is_as_small_as_what_changed(rng, mode):
    filled = random_fill(rng, random_picture(rng, mode))
    box, path = cut(filled)
    rows, columns = np.nonzero(filled.hole)
    assert box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    part = read_picture(path).image
    assert part.size == (box[2] - box[0], box[3] - box[1])
    if mode in ("L", "RGB"):  # shown over the photo: clear where nothing changed
        inside = filled.hole[box[1] : box[3], box[0] : box[2]]
        assert np.array_equal(np.array(part.getchannel("A")) > 0, inside)
        assert not np.array(part)[~inside].any()
    else:
        assert part.tobytes() == filled.image.crop(box).tobytes()


@pytest.mark.parametrize("pixel", [(0, 0), (SIZE[0] - 1, SIZE[1] - 1)])
def test_one_pixel_at_the_border_is_a_patch(rng, pixel):
    photo, hole = random_picture(rng, "RGB"), np.zeros(SIZE[::-1], bool)
    hole[pixel[::-1]] = True
    filled = photo.copy()
    filled.putpixel(pixel, (1, 2, 3))
    patch = cut(InpaintingResult(filled, photo, hole, (), None))
    assert lay(photo.copy(), [patch]).tobytes() == filled.tobytes()


# What a browser may name


@pytest.fixture
def patch(rng):
    """Of a picture of ``SIZE``."""
    return cut(random_fill(rng, random_picture(rng, "RGB")))


def moved(box, x=0, y=0, wider=0, higher=0):
    left, top, right, bottom = box
    return left + x, top + y, right + x + wider, bottom + y + higher


@pytest.mark.parametrize(
    "change",
    [{"wider": 1}, {"higher": 1}, {"wider": -1}, {"x": -40}, {"y": -40}, {"x": 60}, {"y": 49},
     {"x": 10**6}, {"x": 2**31}, {"y": -(2**31)}, {"x": 2**70}, {"y": -(2**70)}],
)  # fmt: skip
def test_a_patch_that_does_not_fit_is_refused_and_changes_nothing(patch, change, rng):
    photo = random_picture(rng, "RGB")
    before = photo.tobytes()
    with pytest.raises(InvalidImage, match=NO_PATCH):
        lay(photo, [Patch(moved(patch.box, **change), patch.path)])
    assert photo.tobytes() == before


def test_a_patch_turned_inside_out_is_refused(patch, rng):
    left, top, right, bottom = patch.box
    for box in ((right, top, left, bottom), (left, bottom, right, top), (left, top, left, top)):
        with pytest.raises(InvalidImage, match=NO_PATCH):
            lay(random_picture(rng, "RGB"), [Patch(box, patch.path)])


def test_a_patch_that_is_gone_is_refused(patch, rng, kept, tmp_path):
    secret = tmp_path / "secret.png"
    random_picture(rng, "RGB").save(secret)
    (kept / "link.png").symlink_to(secret)
    for path in (
        f"{patch.path}x", "", "\0", "/etc/passwd", str(secret), f"{kept}/../secret.png",
        f"{kept}/link.png", f"{kept}/" + "a" * 300, str(kept),
    ):  # fmt: skip
        with pytest.raises(InvalidImage) as caught:
            lay(Image.new("RGB", SIZE), [Patch((0, 0, *SIZE), path)])
        assert str(caught.value) == GONE


@pytest.mark.parametrize("content", [b"", b"secret", b"\x89PNG\r\n\x1a\n...", b"\xff\xd8\xff"])
def test_a_patch_that_is_no_picture_is_refused(patch, rng, kept, content):
    (kept / "patch.png").write_bytes(content)
    with pytest.raises(InvalidImage, match="^patch.png (is not a picture|could not be decoded)"):
        lay(Image.new("RGB", SIZE), [Patch((0, 0, 5, 5), str(kept / "patch.png"))])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("given", MODES)
def test_a_picture_of_another_kind_is_laid_on_as_it_is_or_refused(rng, kept, mode, given):
    path = kept / "given.png"
    kept.mkdir(exist_ok=True)
    random_picture(rng, given).save(path)
    result = lay(random_picture(rng, mode), [Patch((0, 0, *SIZE), str(path))])
    assert (result.mode, result.size) == (mode, SIZE)
