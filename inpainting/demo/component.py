"""The canvas that the visitor paints on, as a component of the page.

A ``gr.HTML`` with a template and a script, not a package of its own: what such a package adds, a
build step and a version to publish, brings the visitor nothing. The script is plain ES modules in
``canvas/``, which the browser fetches as they lie there.
"""

import base64
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from inpainting.demo import limits, tools
from inpainting.demo.checkpoint import described as described_networks
from inpainting.demo.examples import EXAMPLES, Example, examples_folder, read_mask_image, read_photo
from inpainting.demo.images import COLOURS, mark, preview

FOLDER = Path(__file__).with_name("canvas")
SERVED = {
    path.name: path
    for folder in (FOLDER, examples_folder())
    for path in sorted(folder.iterdir())
    if path.suffix in (".js", ".css", ".jpg", ".png")
}


def version(files: Mapping[str, Path]) -> str:
    """Changes with the files and their names: what has it in its address may be kept."""
    content = hashlib.sha256()
    for name, path in files.items():
        content.update(f"{name} {path.stat().st_size} ".encode() + path.read_bytes())
    return content.hexdigest()[:12]


VERSION = version(SERVED)
FILES = f"canvas/{VERSION}"  # below the page's address
KEEP = {"cache-control": "public, max-age=31536000, immutable"}
PASSING = {"cache-control": "no-store"}  # for an older page, whose address means other files
THUMBNAIL = 160  # pixels

SCRIPT = f"""
// What it triggers, for Gradio to know: "fill", "give_up", "measure".
import(new URL("{FILES}/main.js", document.baseURI)).then(({{ mount }}) =>
    mount({{ element, trigger, props, server, upload, watch }}));
"""


def canvas() -> gr.HTML:
    """The component; its events, see ``SCRIPT``, carry what is asked for as event data."""
    return gr.HTML(
        elem_id="canvas",
        html_template=(FOLDER / "canvas.html").read_text(),
        js_on_load=SCRIPT,
        apply_default_css=False,
        server_functions=[
            tools.open_photo, tools.select, tools.open_mask_file, tools.damage, tools.save,
        ],
        colours=COLOURS,
        limits={"file": limits.FILE},
        networks=described_networks(),
        examples=[described(example) for example in EXAMPLES],
    )  # fmt: skip


def described(example: Example) -> dict[str, Any]:
    """An example as the gallery shows it, its files by their addresses below the page's."""
    return {
        "name": example.name,
        "title": example.title,
        "caption": example.caption,
        "alt": example.alt,
        "known": example.known,
        "photo": f"{FILES}/{example.photo.name}",
        "mask_image": f"{FILES}/{example.mask_image.name}",
        "thumbnail": thumbnail(example),
    }


def thumbnail(example: Example) -> str:
    """A small picture of an example as a data URL; what is removed, and not damage, is tinted."""
    photo = read_photo(example)
    if example.original is None:
        photo = mark(photo, read_mask_image(example))
    stream = io.BytesIO()
    preview(photo, THUMBNAIL).convert("RGB").save(stream, "WEBP", quality=70)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"


async def send(request: Request) -> FileResponse:
    """A file of ``SERVED`` by its name.

    Raises:
        HTTPException: 404, for any other.
    """
    path = SERVED.get(request.path_params["name"])
    if path is None:
        raise HTTPException(404)
    is_current = request.path_params["version"] == VERSION
    return FileResponse(path, headers=KEEP if is_current else PASSING)


# No ``Mount``: behind a proxy that strips a prefix it does not find its files.
ROUTES = [Route("/canvas/{version}/{name}", send)]


def links() -> str:
    """Value of the header ``Link`` of the page: what a browser fetches beside Gradio's own files.

    Gradio's ``head`` comes with its configuration, long after the page.
    """
    scripts = [f"<{FILES}/{name}>; rel=modulepreload" for name in SERVED if name.endswith(".js")]
    style = f"<{FILES}/canvas.css>; rel=preload; as=style"
    photo = f"<{FILES}/{EXAMPLES[0].photo.name}>; rel=preload; as=fetch; crossorigin"
    return ", ".join([style, photo, *scripts])


def head() -> str:
    """The style of the canvas as a tag; Gradio would rewrite its rules."""
    return f'<link rel="stylesheet" href="{FILES}/canvas.css">'
