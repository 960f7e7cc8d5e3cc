"""The page: the canvas, and below it what measures a fill, which most visitors never open."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
from PIL import Image
from starlette.middleware import Middleware

from inpainting.demo import api, component, events, limits
from inpainting.demo.cache_cleanup import CacheCleaner
from inpainting.demo.checkpoint import load_pipeline, may_follow_the_page, networks
from inpainting.demo.downloads import fetch
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

SCALE = f"Black = equal, pale yellow = {HEAT_MAP_RANGE} of 255 grey levels apart, or more."
PROPAGATION = (
    "A partial convolution looks at known pixels only, and what it reaches is known afterwards: "
    "level by level the hole closes from its edges. Grey = unknown."
)
MEASURING = (
    "**How good is a fill?** Where the original is known (the examples marked so, and test "
    "damage), these numbers compare the fill with it."
)

SETTLED = "() => window.inpainting.settled()"
DAMAGED = "(kind, percent, seed) => { window.inpainting.damage(kind, percent, seed); }"
LAST_FILL = "() => [window.inpainting.asked()]"


def build() -> gr.Blocks:
    """Lay out the page and connect its events."""
    with PatientBlocks(
        title="Remove things from photos, and repair them", analytics_enabled=False, fill_width=True
    ) as demo:
        canvas = component.canvas()
        progress = gr.HTML(elem_id="progress")
        with gr.Column(elem_id="measure"):
            shown = measuring()

        # Whatever opens pictures shares one limit: memory is for so many at once.
        shared: dict[str, Any] = {"concurrency_id": "pictures", "concurrency_limit": limits.FILLS}
        private: dict[str, Any] = {"api_visibility": "private"}
        filling = canvas.fill(
            events.fill, None,
            [canvas, shown.report, *shown.maps, shown.levels, shown.compared],
            api_name="fill_painted",  # "fill" is for programs
            trigger_mode="multiple", show_progress="full", show_progress_on=progress, **private,
            **shared,
        )  # fmt: skip
        canvas.give_up(events.give_up, None, queue=False, trigger_mode="multiple", **private)
        filling.then(None, js=SETTLED)
        filling.failure(None, js=SETTLED)  # of which then is not told: the queue was full, a bug
        showing = events.showing(len(shown.all))
        canvas.measure(showing, None, shown.all, queue=False, **private)
        shown.damage.click(None, [shown.kind, shown.percent, shown.seed], js=DAMAGED)
        shown.compare.click(
            events.compare, canvas, shown.compared, js=LAST_FILL, **private, **shared
        )
        demo.unload(events.leave)
        gr.api(api.fill, api_name="fill", **shared)
    return demo.queue(max_size=limits.WAITING, api_open=False)


def measuring() -> SimpleNamespace:
    """Numbers of a fill, maps, other fills, mask propagation, and test damage.

    All of it is invisible at first, part by part: of a part inside a hidden one, the browser would
    still fetch the program.
    """
    hidden: dict[str, Any] = {"visible": False}
    intro = gr.Markdown(MEASURING, **hidden)
    with gr.Row(equal_height=False):
        with gr.Column():
            report = gr.HTML(elem_id="report", **hidden)
        with gr.Column():
            with gr.Row():
                kind = gr.Radio(list(DAMAGE), value="lines", label="Damage my photo, by", **hidden)
                percent = gr.Slider(1, 60, 10, step=1, label="Percent missing", **hidden)
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, min_width=90, **hidden)
            damage = gr.Button("Damage and fill", size="sm", elem_id="damage", **hidden)
    with gr.Accordion("Where it differs from the original, and where the network expects to",
                      open=False, elem_id="maps", **hidden) as differences:  # fmt: skip
        scale = gr.Markdown(SCALE, **hidden)
        with gr.Row():
            maps = [heat_map("Difference from the original"), heat_map("Expected difference")]
    with gr.Accordion("The same hole, filled in other ways", open=False, elem_id="comparison",
                      **hidden) as others:  # fmt: skip
        compare = gr.Button("Fill this hole in other ways, too", size="sm", **hidden)
        compared = gallery("Other fills", columns=4)
    with gr.Accordion("How a partial convolution closes the hole", open=False, elem_id="levels",
                      **hidden) as closing:  # fmt: skip
        propagation = gr.Markdown(PROPAGATION, **hidden)
        levels = gallery("Levels", columns=6)
    return SimpleNamespace(
        report=report, kind=kind, percent=percent, seed=seed, damage=damage, maps=maps,
        compare=compare, compared=compared, levels=levels,
        all=[intro, report, kind, percent, seed, damage, differences, scale, *maps, others,
             compare, compared, closing, propagation, levels],
    )  # fmt: skip


def heat_map(label: str) -> gr.Image:
    """A map of differences, invisible at first."""
    return gr.Image(
        label=label, format="png", interactive=False, height=260, buttons=["fullscreen"],
        visible=False,
    )  # fmt: skip


def gallery(label: str, columns: int) -> gr.Gallery:
    """A gallery of pictures with captions, without a fixed height, invisible at first."""
    return gr.Gallery(
        label=label, show_label=False, columns=columns, height="auto", fit_columns=False,
        interactive=False, format="png", object_fit="contain", buttons=["fullscreen"],
        visible=False,
    )  # fmt: skip


def launch() -> None:
    """Serve the page; a network that may be wrong comes first: it is one sentence, and no page."""
    if not may_follow_the_page():
        load_networks()
    Image.MAX_IMAGE_PIXELS = limits.PIXELS
    replace_fetch(fetch)
    demo = build()
    cleaner = CacheCleaner(demo)
    limiter = Middleware(
        Limiter, on_bytes=cleaner.note, waiting=lambda: queue_length(demo), links=component.links()
    )
    demo.launch(
        theme=THEME, css_paths=HERE / "page.css", head=component.head(),
        max_file_size=limits.FILE, enable_monitoring=False, run_history=False, mcp_server=True,
        footer_links=["api", "gradio", "settings"],
        state_session_capacity=limits.SESSIONS,
        app_kwargs={
            "middleware": [limiter], "lifespan": cleaner.lifespan, "routes": component.ROUTES,
        },
        prevent_thread_lock=True,
    )  # fmt: skip
    load_networks()
    demo.block_thread()


def load_networks() -> None:
    """Load every network, once; a wrong one ends the program with a sentence."""
    try:
        for network in networks():
            load_pipeline(network=network)
    except InpaintingError as error:
        sys.exit(str(error))
