"""The demo: paint over a part of a photo, press Fill, see it filled and measured.

    python app.py

Starts offline with the bundled checkpoint. ``INPAINTING_CHECKPOINT`` (a folder or a Hub id)
selects another one; Gradio's own variables (``GRADIO_SERVER_NAME``, ``GRADIO_SERVER_PORT``, …)
say where to listen. On a ZeroGPU Space the network runs on the lent GPU.
"""

import functools
import html
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

try:
    import spaces  # on a ZeroGPU Space; must come before torch
except ImportError:
    spaces = None

import gradio as gr
import numpy as np
from PIL import Image, ImageChops

from inpainting import InpaintingError, InpaintingPipeline
from inpainting.errors import InvalidImage, InvalidMask, SizeMismatch
from inpainting.figures import HEAT_MAP_RANGE, difference_heat_map
from inpainting.images import decode
from inpainting.masks import MASK_THRESHOLD, hole_from_mask_image
from inpainting.metrics import Scores, score

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.jpg"))
PAINT, OPACITY, BRUSH_RADIUS = "#ff3b30", 0.6, 16  # translucent: what it covers stays visible
GPU_SECONDS = 10  # a fill takes less than one; ZeroGPU serves short claims first
UPLOAD_LIMIT = "100mb"  # the editor sends PNG: a noisy photo of 20 megapixels still passes
CACHE = (600, 3600)  # seconds: every 10 minutes, files older than an hour; see PRIVACY

CSS, SCRIPT = Path(__file__).with_name("app.css"), Path(__file__).with_name("app.js")
# Weight 700, because the 600 of this font is an empty stub in Gradio 6.31.
FONT = gr.themes.LocalFont("Source Sans Pro", weights=(400, 700))
THEME = gr.themes.Default(primary_hue="red", font=(FONT, "system-ui", "sans-serif")).set(
    body_text_color_subdued="*neutral_500"  # readable on white
)

HOW_TO = "Paint over what should go and press **Fill**. Or click an example."
PRIVACY = (
    "Your picture goes to the machine that runs this app and nowhere else. Its temporary files "
    "are deleted after about an hour. No analytics, no accounts."
)
MEANING = (
    "Measured against the picture as you gave it. If you removed an object, that original is the "
    "object you covered, and these numbers mean nothing."
)
INFINITE = "PSNR is ∞ because the filling equals the original in every pixel."
HEAT_MAP_SCALE = f"Black = equal, pale yellow = {HEAT_MAP_RANGE} of 255 grey levels apart, or more."
BROWSER_FAILURE = (
    "Your browser could not send this picture: it may be larger than the limit of "
    f"{UPLOAD_LIMIT.upper()}, or the connection was lost. Try a smaller one."
)

# Three traps of the editor in Gradio 6.31. A cleared editor ignores a value equal to its last one:
# clearing empties the value, too. A mask is centred on the canvas as it was before its picture
# came, and on a larger canvas that is the wrong place: the canvas starts tiny, and a new value
# comes into an emptied editor. The brush hides the invitation to upload: emptying lays it down, and
# the new value waits for that, or it would come with the brush still down.
CANVAS = (2, 2)
EMPTY_EDITOR = "() => null"
LAY_BRUSH_DOWN = """async () => {
    await new Promise((done) => setTimeout(done, 30));
    document.querySelector("#editor [aria-label=Image]").click();
}"""

Outputs = tuple[tuple[Image.Image, Image.Image], str, Image.Image]  # slider, report, heat map


def readable_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Show an :class:`InpaintingError` to the visitor as its sentence; anything else is a bug."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except InpaintingError as error:
            message = html.escape(str(error))  # Gradio renders messages as HTML
            raise gr.Error(message, print_exception=False) from error

    return wrapped


@functools.cache
def load_pipeline() -> InpaintingPipeline:
    """The network, loaded once per process."""
    return InpaintingPipeline.from_pretrained(os.environ.get("INPAINTING_CHECKPOINT") or None)


@readable_errors
def read_part(file: gr.FileData | bytes | None, **_: bool) -> Image.Image | None:
    """A part of the editor's value as PIL, "RGB" or "RGBA", read as in the rest of the package.

    Takes the place of Gradio's own reading, which clips 16-bit pictures, ignores EXIF rotation
    and answers a broken file with a bare "Error".
    """
    if file is None:
        return None
    return decode(file.path if isinstance(file, gr.FileData) else bytes(file))


def read_editor(value: dict[str, Any] | None) -> tuple[Image.Image, Image.Image]:
    """What the visitor loaded and painted.

    Args:
        value: ``{"background": PIL or None, "layers": [PIL], "composite": …}``. The composite is
            missing after a value set by the server, so it is never used; an empty canvas is a
            background without one opaque pixel.

    Returns:
        ``(image, mask_image)``: "RGB" or "RGBA", and "L" with white = repaint.

    Raises:
        InvalidImage: when no picture is loaded.
        InvalidMask: when nothing is painted, or a layer has another size than the picture.
    """
    image = value and value["background"]
    if not image or _opacity(image).getextrema()[1] == 0:
        raise InvalidImage("There is no picture yet: upload or paste one, or click an example.")
    mask_image = Image.new("L", image.size)
    for layer in value["layers"]:
        if layer.size != image.size:
            raise SizeMismatch(image.size, layer.size)
        mask_image = ImageChops.lighter(mask_image, _opacity(layer))
    mask_image = mask_image.point(lambda level: 255 if level >= MASK_THRESHOLD else 0)
    if not mask_image.getbbox():
        raise InvalidMask(
            "Nothing is painted yet: paint over the part to replace with the red brush, then "
            "press Fill."
        )
    return image, mask_image


def editor_value(image: Image.Image, mask_image: Image.Image | None = None) -> dict[str, Any]:
    """The mirror of :func:`read_editor`: put a picture, and its mask, into the editor."""
    layer = Image.new("RGBA", image.size, PAINT)
    mask_image = mask_image or Image.new("L", image.size)
    layer.putalpha(mask_image.point(lambda level: round(OPACITY * level)))
    return {"background": image, "layers": [layer], "composite": None}


def _opacity(image: Image.Image) -> Image.Image:
    return image.getchannel("A") if image.mode == "RGBA" else Image.new("L", image.size, 255)


def mark(image: Image.Image, mask_image: Image.Image) -> Image.Image:
    """The picture as the editor shows it: the hole tinted, what it covers still visible."""
    tinted = Image.blend(image, Image.new(image.mode, image.size, PAINT), OPACITY)
    return Image.composite(tinted, image, mask_image)


@(spaces.GPU(duration=GPU_SECONDS) if spaces else lambda function: function)
@readable_errors
def run_model(image: Image.Image, mask_image: Image.Image) -> tuple[Image.Image, float]:
    """Fill, and say how many seconds it took."""
    start = time.perf_counter()
    result = load_pipeline()(image, mask_image)
    return result, time.perf_counter() - start


def fill(image: Image.Image, mask_image: Image.Image) -> Outputs:
    """Fill, measure and picture; the scores come from these pixels, never from a preview."""
    result, seconds = run_model(image, mask_image)
    hole = hole_from_mask_image(mask_image, image.size)[0, 0].numpy()
    scores = score(np.array(image.convert("RGB")), np.array(result.convert("RGB")), hole)
    report = report_html(scores, image.size, float(hole.mean()), seconds)
    heat_map = difference_heat_map(image, result)
    heat_map.thumbnail((1024, 1024))  # enough to look at, quick to send
    return (mark(image, mask_image), result), report, heat_map


@readable_errors
def fill_editor(value: dict[str, Any] | None) -> Outputs:
    """What the Fill button does."""
    return fill(*read_editor(value))


@readable_errors
def open_photo(path: str) -> dict[str, Any]:
    """What the upload button does: the editor's value for an image file."""
    return editor_value(decode(path))


def tell_failure() -> None:
    """What the page does when the browser fails; see ``app.js``."""
    raise gr.Error(BROWSER_FAILURE, print_exception=False)


@functools.cache
def show_example(index: int) -> tuple[Any, ...]:
    """An example with its mask, filled: the editor's value and the outputs of :func:`fill`."""
    image, mask_image = read_example(EXAMPLES[index])
    return editor_value(image, mask_image), *fill(image, mask_image)


def read_example(path: Path) -> tuple[Image.Image, Image.Image]:
    """A bundled photo and its mask image."""
    return decode(path), Image.open(path.with_name(f"{path.stem}_mask.png")).convert("L")


def report_html(scores: Scores, size: tuple[int, int], ratio: float, seconds: float) -> str:
    """The scores as cards, the facts as one line, and what they mean in words."""
    rows = (
        ("PSNR", f"{scores.hole_psnr:.1f} dB", f"{scores.psnr:.1f} dB"),
        ("SSIM", f"{scores.hole_ssim:.3f}", f"{scores.ssim:.3f}"),
        ("MSE", f"{scores.hole_mse:,.1f}", f"{scores.mse:,.1f}"),
    )
    cards = "".join(
        f'<div class="card"><dt>{name} in hole</dt>'
        f'<dd class="hole">{hole}</dd><dd class="whole">whole: {whole}</dd></div>'
        for name, hole, whole in rows
    ).replace("inf dB", "∞")
    device = load_pipeline().device.type.upper().replace("CUDA", "GPU")
    facts = f"{size[0]} × {size[1]} px · hole {100 * ratio:.1f} % · filled in {seconds:.2f} s"
    meaning = f"{MEANING} {INFINITE}" if math.isinf(scores.hole_psnr) else MEANING
    return f'<dl class="cards">{cards}</dl><p class="facts">{facts} on {device}</p><p>{meaning}</p>'


def build() -> gr.Blocks:
    """The page and what its parts do."""
    with gr.Blocks(title="Image inpainting", analytics_enabled=False, delete_cache=CACHE) as demo:
        gr.Markdown(f"# Image inpainting\n{HOW_TO}", elem_id="head")
        with gr.Row():
            with gr.Column():
                editor = gr.ImageEditor(
                    label="Photo", show_label=False, elem_id="editor", type="pil", format="png",
                    placeholder="# Drop a photo here\nor click to upload", height=430,
                    canvas_size=CANVAS, sources=("upload", "clipboard"), transforms=(),
                    layers=False, buttons=[], eraser=gr.Eraser(BRUSH_RADIUS),
                    brush=gr.Brush(BRUSH_RADIUS, [(PAINT, OPACITY)], color_mode="fixed"),
                )  # fmt: skip
                editor.convert_and_format_image = read_part
                with gr.Row():
                    upload = gr.UploadButton(
                        "Upload a photo", file_types=["image"], elem_id="upload", min_width=136
                    )
                    button = gr.Button("Fill", variant="primary", elem_id="fill", scale=2)
                examples = gr.Dataset(
                    label="Examples", elem_id="examples", type="index",
                    components=[gr.Image(visible=False, format="png")],
                    samples=[[mark(*read_example(path))] for path in EXAMPLES],
                )  # fmt: skip
            with gr.Column():
                slider = gr.ImageSlider(
                    label="Before and after", show_label=False, elem_id="slider", format="png",
                    interactive=False, max_height=430,
                )  # fmt: skip
                report = gr.HTML(elem_id="report")
                with gr.Accordion("Difference heat map", open=False):
                    gr.Markdown(HEAT_MAP_SCALE)
                    heat_map = gr.Image(
                        label="Difference heat map", show_label=False, elem_id="heat_map",
                        format="png", interactive=False, height=320, buttons=["fullscreen"],
                    )  # fmt: skip
        gr.Markdown(PRIVACY, elem_id="privacy")
        failure = gr.Button(visible="hidden", elem_id="failure")

        filled = [slider, report, heat_map]
        quiet = {"show_progress": "minimal", "show_progress_on": slider}
        private = {"api_visibility": "private", **quiet}
        button.click(fill_editor, editor, filled, api_name="fill_editor", scroll_to_output=True,
                     **quiet)  # fmt: skip
        shown = [editor, *filled]
        demo.load(functools.partial(show_example, 0), None, shown, **private)

        def emptied_by(event: Any) -> Any:
            return event(None, None, editor, js=EMPTY_EDITOR).then(None, js=LAY_BRUSH_DOWN)

        emptied_by(examples.click).then(show_example, examples, shown, **private)
        emptied_by(upload.upload).then(open_photo, upload, editor, **private)
        emptied_by(editor.clear)
        failure.click(tell_failure, **private)
    return demo.queue(max_size=20, api_open=False)


def main() -> None:
    """Load the network first: a wrong checkpoint is one sentence, not a page that cannot fill."""
    try:
        load_pipeline()
    except InpaintingError as error:
        sys.exit(str(error))
    build().launch(
        theme=THEME, css_paths=CSS, js=SCRIPT.read_text(), max_file_size=UPLOAD_LIMIT,
        enable_monitoring=False, run_history=False, footer_links=["gradio", "settings"],
    )  # fmt: skip


if __name__ == "__main__":
    main()
