"""Every private part of Gradio 6.31 that the demo touches.

``tests/demo/test_gradio_internals.py`` has a contract test for each, so that an upgrade fails with
a name. What the canvas and ``page.css`` expect of Gradio's markup is for the browser tests.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import gradio as gr
import httpx
from gradio import processing_utils
from gradio.blocks import BlockFunction
from gradio.components.api_component import Api
from gradio.context import LocalContext
from gradio.processing_utils import get_upload_folder

__all__ = [
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
