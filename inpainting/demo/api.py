"""The endpoint for programs: picture files in, the filled picture and its numbers out.

The numbers are those of :func:`inpainting.evaluation.fill_report.fill_report` (scores against the
picture as given) with ``seconds``, ``device``, ``checkpoint`` and ``notes`` on how picture and mask
were read, and on what could not be filled as asked for.
"""

from typing import Any, Literal

import gradio as gr

from inpainting.demo import limits, service
from inpainting.demo.checkpoint import DEFAULT, checkpoint_name
from inpainting.demo.errors import plain_errors, user_error
from inpainting.demo.images import keep, stem
from inpainting.demo.requests import Overtaken, check_wanted
from inpainting.demo.uploads import uploaded
from inpainting.errors import InvalidConfig, InvalidImage
from inpainting.evaluation.fill_report import fill_report
from inpainting.inference.guide_image import read_guide
from inpainting.inference.line_image import read_lines
from inpainting.io.images import read_picture
from inpainting.masks.convert import hole_from_mask_image
from inpainting.masks.files import read_mask_file

NOT_UPLOADED = (
    "No file of this path was uploaded in the last hour: upload the picture to "
    "/gradio_api/upload, and pass the path that this gives."
)


@plain_errors
def fill(
    image: gr.FileData,
    mask_image: gr.FileData,
    strategy: Literal["crop", "resize", "original"] = "crop",
    feather: int = 0,
    mode: Literal["auto", "faithful", "natural"] = "auto",
    seed: int = 0,
    guide: gr.FileData | None = None,
    passes: int | None = None,
    lines: gr.FileData | None = None,
    network: str = DEFAULT,
) -> tuple[gr.FileData, dict]:
    """Fill the white part of a mask in a picture, and say how good the fill is.

    Args:
        image: picture file (PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF); EXIF rotation is applied.
        mask_image: picture file, white = repaint, black = keep; resized to fit.
        strategy: crop = around the holes; resize = shrunk to 512 pixels; original = all at once.
        feather: pixels, inside the hole, over which the fill fades in.
        mode: faithful = the network's fill, the closest on average; natural = filled with the
            picture's own texture; auto = deep parts of the hole natural, thin ones faithful.
        seed: 0 to 4294967295; another one is another try where texture is copied.
        guide: picture file of the same size, transparent but where a colour is wanted in the hole;
            the colours are continued, and filled over.
        passes: how often the network looks; by default as often as it was trained for.
        lines: like guide, where the fill is to have borders, drawn dark; for networks that were
            trained with lines.
        network: which one fills, of those that this app was started with.

    Returns:
        The filled picture as PNG of the same size, in its own colour space, and what was measured
        and run as JSON.
    """
    original, about_picture = read_picture(_path(image))
    if strategy == "original" and original.width * original.height > limits.PIXELS_AT_ONCE:
        raise InvalidConfig(
            f"The picture is {original.width}×{original.height}: the strategy 'original' takes at "
            f"most {limits.PIXELS_AT_ONCE / 1e6:.0f} megapixels here; use 'crop'."
        )
    mask, about_mask = read_mask_file(_path(mask_image), original.size, picture=original)
    hole = hole_from_mask_image(mask, original.size)
    given, about_guide = read_guide(_path(guide), hole) if guide else (None, ())
    drawn = read_lines(_path(lines), hole) if lines else None
    try:
        served = service.fill(
            original, hole, strategy, feather, lambda _: check_wanted(), mode=mode, seed=seed,
            guide=given, lines=drawn, passes=passes, network=network,
        )  # fmt: skip
    except Overtaken:
        raise user_error("Nobody waits for this answer any more.") from None
    path = keep(served.result.image, f"{stem(_name(image))}_filled")
    about = fill_report(served.result) | {
        "seconds": round(served.seconds, 4),
        "device": served.device,
        "checkpoint": checkpoint_name(network),
        "notes": [*about_picture, *about_mask, *about_guide, *served.result.notes],
    }
    return gr.FileData(path=path, orig_name=path.rpartition("/")[2]), about


def _path(file: Any) -> str:
    """The path of an uploaded or downloaded file; no other path of this machine is opened."""
    if not isinstance(file, dict) or not isinstance(file.get("path"), str):
        raise InvalidImage(
            "A picture file is needed: upload it to /gradio_api/upload and pass "
            '{"path": …, "meta": {"_type": "gradio.FileData"}}, or use gradio_client.handle_file.'
        )
    return uploaded(file["path"], NOT_UPLOADED)


def _name(file: Any) -> str:
    return str(file.get("orig_name") or file["path"])
