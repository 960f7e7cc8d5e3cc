"""The page: its layout, and which event of :mod:`inpainting.demo.events` does what."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
from PIL import Image
from starlette.middleware import Middleware

from inpainting.demo import api, asked, events, limits, mask_steps
from inpainting.demo.cache_cleanup import CacheCleaner
from inpainting.demo.checkpoint import load_pipeline
from inpainting.demo.downloads import fetch
from inpainting.demo.editor import PhotoEditor, brush_for
from inpainting.demo.gradio_internals import PatientBlocks, queue_length, replace_fetch
from inpainting.demo.middleware import Limiter
from inpainting.errors import InpaintingError
from inpainting.evaluation.heat_map import HEAT_MAP_RANGE
from inpainting.masks.ratios import DAMAGE

HERE = Path(__file__).parent
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
KEYS = (
    "Keys: **F** fill · **B** brush · **E** eraser · **[** **]** brush size · **Ctrl Z** undo · "
    "**Ctrl V** paste a photo"
)
MODES = [("Natural", "auto"), ("Faithful", "faithful")]
MODES_INFO = (
    "Natural: the picture's own texture, for removed objects. Faithful: closest to the original "
    "on average, for repairs."
)
SCALE = f"Black = equal, pale yellow = {HEAT_MAP_RANGE} of 255 grey levels apart, or more."
PROPAGATION = (
    "A partial convolution looks at known pixels only, and what it reaches is known afterwards: "
    "level by level the hole closes from its edges. Grey = unknown."
)
BROWSER_FAILURE = (
    "Your browser could not send this picture: it may be larger than the limit of "
    f"{limits.FILE // limits.MEGABYTE} MB, or the connection was lost. Try a smaller one."
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
SAVE_MASK_FILE = """async () => {
    await new Promise((done) => setTimeout(done, 300));
    document.querySelector("#mask_file").click();
}"""


def tell_failure() -> None:
    """Tell the visitor that the browser failed; called by ``page.js``."""
    raise gr.Error(BROWSER_FAILURE, print_exception=False)


def build() -> gr.Blocks:
    """Lay out the page and connect its events."""
    with PatientBlocks(title="Image inpainting", analytics_enabled=False) as demo:
        gr.Markdown(f"# Image inpainting\n{HOW_TO}", elem_id="head")
        with gr.Row():
            with gr.Column():
                editor = PhotoEditor(
                    label="Photo", show_label=False, elem_id="editor", type="pil", format="png",
                    placeholder="# Drop a photo here\nor click to upload", height=430,
                    canvas_size=CANVAS, sources=("upload", "clipboard"), transforms=(),
                    layers=False, buttons=[], eraser=gr.Eraser(16), brush=brush_for((512, 512)),
                )  # fmt: skip
                with gr.Row():
                    upload = gr.UploadButton(
                        "Upload a photo", file_types=["image"], elem_id="upload", min_width=136
                    )
                    button = gr.Button("Fill", variant="primary", elem_id="fill", scale=2)
                mode = gr.Radio(
                    MODES, value=MODES[0][1], label="Kind of fill", info=MODES_INFO,
                    elem_id="mode", container=False,
                )  # fmt: skip
                gr.Checkbox(label="Fill after every stroke", elem_id="auto", container=False)
                examples = gr.Dataset(
                    label="Examples", elem_id="examples", type="index",
                    components=[gr.Image(visible=False, format="png")],
                    samples=[[events.example_thumbnail(path)] for path in events.EXAMPLES],
                )  # fmt: skip
            with gr.Column():
                slider = gr.ImageSlider(
                    label="Before and after", show_label=False, elem_id="slider", format="png",
                    interactive=False, max_height=430, buttons=["fullscreen"],
                )  # fmt: skip
                report = gr.HTML(elem_id="report")
                with gr.Row(elem_id="result"):
                    small: dict[str, Any] = {"size": "md", "min_width": 150}  # two, on a phone
                    again = gr.Button("Another try", visible=False, elem_id="again", **small)
                    download = gr.DownloadButton("Download PNG", elem_id="download", **small)
                    onward = gr.Button(
                        "Go on with the result", elem_id="onward", size="md", min_width=200
                    )
        with gr.Row():
            with gr.Column():
                masks = mask_tools()
                tests = damage_tools()
                with gr.Accordion("This visit", open=False, elem_id="visit"):
                    history = gallery("Results of this visit", columns=3, type="filepath")
            with gr.Column():
                maps, comparison, levels = closer_looks()
        gr.Markdown(f"{KEYS}\n\n{PRIVACY}", elem_id="privacy")
        failure = gr.Button(visible="hidden", elem_id="failure")
        photo = gr.File(visible="hidden")
        window = gr.File(file_count="multiple", visible="hidden")
        name, damage, number = gr.State("photo"), gr.State(""), gr.State(0)
        last = gr.State(asked.NOTHING)
        steps = gr.State(mask_steps.NONE)
        counts = gr.HTML(mask_steps.NONE.html(), visible="hidden", elem_id="mask_steps")
        undo, redo = (
            gr.Button(visible="hidden", elem_id=f"{way}_mask") for way in ("undo", "redo")
        )

        filled = [
            slider, report, download, *maps, levels, window, comparison.gallery, history, last,
            again,
        ]  # fmt: skip
        # Whatever opens pictures shares one limit: memory is for so many at once.
        shared: dict[str, Any] = {"concurrency_id": "pictures", "concurrency_limit": limits.FILLS}
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal",
                   "show_progress_on": slider, **shared}  # fmt: skip
        long = {**private, "show_progress": "full"}
        painted = [editor, photo, masks.feather, name, damage, history]
        for press, fill, wanted in (
            (button.click, events.fill_editor, mode), (again.click, events.try_again, last),
        ):  # fmt: skip
            press(
                events.begin, None, number, queue=False, trigger_mode="multiple", **private
            ).then(
                fill, [*painted, wanted, number], filled, scroll_to_output=True,
                trigger_mode="multiple", **long,
            )  # fmt: skip
        stepped = [editor, steps, counts]
        opened = [editor, photo, name, damage, steps, counts]
        shown = [*opened, *filled]
        demo.load(events.show_first_example, [mode, history], shown, **private)
        demo.unload(leave)

        def emptied_by(event: Any) -> Any:
            return event(None, None, editor, js=EMPTY_EDITOR).then(None, js=LAY_BRUSH_DOWN)

        emptied_by(examples.click).then(
            events.show_example, [examples, mode, history], shown, **private
        )
        emptied_by(upload.upload).then(events.open_photo, upload, opened, **private)
        emptied_by(onward.click).then(events.go_on, [download, name], opened, **private)
        emptied_by(editor.clear)
        failure.click(tell_failure, **private)

        masked = [editor, photo, steps]
        masks.file.upload(events.bring_mask, [*masked, masks.file], stepped, **private)
        masks.apply.click(events.change_size, [*masked, masks.pixels], stepped, **private)
        masks.invert.click(events.invert, masked, stepped, **private)
        undo.click(mask_steps.undo, masked, stepped, **private)
        redo.click(mask_steps.redo, masked, stepped, **private)
        masks.save.click(events.save_mask, [editor, name], masks.saved, **private).success(
            None, js=SAVE_MASK_FILE
        )
        tests.apply.click(
            events.damage,
            [*masked, tests.kind, tests.percent, tests.seed, name, history, mode],
            [*stepped, damage, *filled], scroll_to_output=True, **long,
        )  # fmt: skip
        comparison.button.click(
            events.compare, [window, last], comparison.gallery, api_visibility="private"
        )
        gr.api(api.fill, api_name="fill", **shared)
    return demo.queue(max_size=limits.WAITING, api_open=False)


def mask_tools() -> SimpleNamespace:
    """Controls that open, save, grow, shrink, invert and feather a mask."""
    with gr.Accordion("Mask: bring your own, save, grow, invert", open=False, elem_id="masks"):
        with gr.Row():
            file = gr.UploadButton("Open a mask file", file_types=["image"], size="sm")
            save = gr.Button("Save the mask", size="sm")
            flip = gr.Button("Invert", size="sm")
        with gr.Row():
            pixels = gr.Slider(-32, 32, 4, step=1, label="Grow by pixels, or shrink", scale=3)
            apply = gr.Button("Grow or shrink", size="sm")
        feather = gr.Slider(
            0, 32, 0, step=1, label="Feather in pixels",
            info="inside the hole, the photo fades into the fill",
        )  # fmt: skip
        saved = gr.DownloadButton(visible="hidden", elem_id="mask_file")
    return SimpleNamespace(
        file=file, save=save, invert=flip, pixels=pixels, apply=apply, feather=feather, saved=saved
    )


def damage_tools() -> SimpleNamespace:
    """Controls of test damage, for which PSNR and SSIM mean something."""
    with gr.Accordion("Damage my photo, to measure the fill", open=False, elem_id="damage"):
        kind = gr.Radio(list(DAMAGE), value="lines", label="Kind")
        with gr.Row():
            percent = gr.Slider(1, 60, 10, step=1, label="Percent missing", scale=3)
            seed = gr.Number(0, label="Seed", precision=0, minimum=0, min_width=90)
        apply = gr.Button("Damage and fill", size="sm")
    return SimpleNamespace(kind=kind, percent=percent, seed=seed, apply=apply)


def closer_looks() -> tuple[list[gr.Image], SimpleNamespace, gr.Gallery]:
    """Heat maps, other fills and mask propagation, folded away below the numbers."""
    maps = []
    with gr.Accordion("Where it differs, and how sure it is", open=False, elem_id="maps"):
        gr.Markdown(SCALE)
        with gr.Row():
            for title in ("Difference from the original", "Difference that the network expects"):
                maps.append(gr.Image(label=title, format="png", interactive=False, height=260,
                                     buttons=["fullscreen"]))  # fmt: skip
    with gr.Accordion("Beside other fills", open=False, elem_id="comparison"):
        button = gr.Button("Fill this hole in other ways, too", size="sm")
        compared = gallery("Other fills", columns=2)
    with gr.Accordion("How the hole closes", open=False, elem_id="levels"):
        gr.Markdown(PROPAGATION)
        levels = gallery("Levels", columns=4)
    return maps, SimpleNamespace(button=button, gallery=compared), levels


def gallery(label: str, columns: int, **options: Any) -> gr.Gallery:
    """A gallery of pictures with captions, without a fixed height."""
    return gr.Gallery(
        label=label, show_label=False, columns=columns, height="auto", fit_columns=False,
        interactive=False, format="png", object_fit="contain", buttons=["fullscreen"], **options,
    )  # fmt: skip


def leave(request: gr.Request) -> None:
    """The visitor has closed the page."""
    events.REQUESTS.forget(request.session_hash)


def launch() -> None:
    """Serve the page; the network comes first: a wrong checkpoint is one sentence, and no page."""
    try:
        load_pipeline()
    except InpaintingError as error:
        sys.exit(str(error))
    Image.MAX_IMAGE_PIXELS = limits.PIXELS
    replace_fetch(fetch)
    demo = build()
    cleaner = CacheCleaner(demo)
    limiter = Middleware(Limiter, on_bytes=cleaner.note, waiting=lambda: queue_length(demo))
    demo.launch(
        theme=THEME, css_paths=HERE / "page.css", js=(HERE / "page.js").read_text(),
        max_file_size=limits.FILE, enable_monitoring=False, run_history=False, mcp_server=True,
        footer_links=["api", "gradio", "settings"],
        state_session_capacity=limits.SESSIONS,
        app_kwargs={"middleware": [limiter], "lifespan": cleaner.lifespan},
    )  # fmt: skip
