"""Every private part of Gradio 6.31 that the demo touches.

``tests/demo/test_gradio_internals.py`` has a contract test for each, so that an upgrade fails with
a name. What ``page.js`` and ``page.css`` select in Gradio's markup is for the browser tests.
"""

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Protocol

import gradio as gr
import httpx
from fastapi import HTTPException
from gradio import processing_utils
from gradio.blocks import BlockFunction
from gradio.components.api_component import Api
from gradio.components.base import server
from gradio.components.image_editor import EditorData, EditorValue
from gradio.context import LocalContext
from gradio.processing_utils import get_upload_folder

__all__ = [
    "EditorFiles",
    "EditorUploads",
    "EditorValue",
    "FileEditor",
    "PatientBlocks",
    "event_is_wanted",
    "forget_files",
    "get_upload_folder",
    "kept_files",
    "queue_length",
    "replace_fetch",
]


def replace_fetch(fetch: Callable[[str], Coroutine[Any, Any, httpx.Response]]) -> None:
    """Let everything that Gradio fetches for a request be fetched by ``fetch``."""
    processing_utils.async_ssrf_protected_get = fetch  # type: ignore[assignment]


def queue_length(blocks: gr.Blocks) -> int:
    """Number of requests that wait in an app's queue."""
    return len(blocks._queue)


def event_is_wanted() -> bool:
    """Whether the client of the running event still waits; True outside of an event.

    Gradio notices that a client has left, but cannot stop a function.
    """
    blocks, number = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if not (blocks and number):
        return True
    event = blocks._queue.event_ids_to_events.get(number)
    return event is not None and event.alive


def kept_files(blocks: gr.Blocks) -> set[str]:
    """Paths of files in Gradio's folder that belong to the page itself."""
    return {path for block in blocks.blocks.values() for path in block.keep_in_cache}


def forget_files(blocks: gr.Blocks, removed: set[str]) -> None:
    """Tell Gradio that temporary files of an app are gone."""
    for paths in blocks.temp_file_sets:
        paths -= removed


class PatientBlocks(gr.Blocks):
    """A page whose endpoint serves calls from before its newest parameters.

    Where values come by position, Gradio wants all of them, although its own description of the
    endpoint names defaults.
    """

    async def preprocess_data(
        self, block_fn: BlockFunction, inputs: list[Any], *arguments: Any, **options: Any
    ) -> list[Any]:
        """The values that the function gets; what the last parameters lack is their default."""
        missing = block_fn.inputs[len(inputs) :]
        defaults = [block.value for block in missing if isinstance(block, Api)]
        if len(defaults) == len(missing):  # else it is an event of the page itself
            inputs = [*inputs, *defaults]
        values: list[Any] = await super().preprocess_data(block_fn, inputs, *arguments, **options)
        return values


class EditorFiles(NamedTuple):
    """Paths of what a browser sent of an editor: background and layers."""

    background: str | None
    layers: list[str]


class EditorUploads(Protocol):
    """Storage for what an editor sends ahead of a request, by a name that the browser made up."""

    def put(self, name: str, part: str, content: bytes) -> None:
        """Keep one part: "background", or "layer 0" and so on."""

    def take(self, name: str) -> dict[str, str] | None:
        """Paths of all parts under a name, by part; once."""


class FileEditor(gr.ImageEditor):
    """Gradio's editor, whose value arrives as files instead of decoded pictures.

    Its own way clips 16-bit pictures, ignores EXIF rotation, answers a broken file with a bare
    "Error", decodes everything three times over, and keeps in memory, without end, what a browser
    sends ahead of a request.
    """

    uploads: EditorUploads  # of the class: Gradio makes an editor anew for every visitor
    most_layers: int
    unknown_part: str  # what a request with other parts is told

    def get_block_name(self) -> str:
        """The component that the page's script knows."""
        return "imageeditor"

    @server
    def accept_blobs(self, data: Any) -> None:
        """Keep a part of the value that the browser is about to name in a request.

        Raises:
            HTTPException: 400, for what no editor of ours sends.
        """
        fields, files = data.data, data.files
        kind, name, index = (str(fields.get(key)) for key in ("type", "id", "index"))
        layers = [str(number) for number in range(self.most_layers)]
        if len(files) != 1 or len(name) > 64 or kind == "layer" and index not in layers:
            raise HTTPException(400, self.unknown_part)
        if kind in ("background", "layer"):  # the composite is never looked at
            part = f"layer {index}" if kind == "layer" else kind
            self.uploads.put(name, part, files[0][1])

    def files(self, payload: EditorData | None) -> EditorFiles:
        """Paths of the files that the browser sent."""
        if payload is None:
            return EditorFiles(None, [])
        if payload.id is not None:
            parts = dict(self.uploads.take(payload.id) or {})
            return EditorFiles(parts.pop("background", None), list(parts.values()))
        background = payload.background.path if payload.background else None
        layers = [layer.path for layer in payload.layers[: self.most_layers] if layer]
        return EditorFiles(background, layers)
