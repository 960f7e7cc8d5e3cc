"""What the demo takes from Gradio's inside, item by item: an upgrade that changes one is named."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import copy_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio import processing_utils
from gradio.context import LocalContext
from PIL import Image

from inpainting.demo.gradio_internals import (
    PatientBlocks,
    event_is_wanted,
    forget_files,
    get_upload_folder,
    kept_files,
    queue_length,
    replace_fetch,
)
from tests.endpoint import file_data
from tests.running_app import PATIENCE

pytestmark = [
    pytest.mark.usefixtures("kept"),
    # Gradio sums up its queue with what pandas is about to drop.
    pytest.mark.filterwarnings("ignore:.*future.no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]

Visit = Callable[[gr.Blocks, httpx.AsyncClient], Coroutine[Any, Any, None]]


def serve(build: Callable[[], object], visit: Visit, kind: type[gr.Blocks] = gr.Blocks) -> None:
    """Call ``visit`` with an app, to which ``build`` adds what it consists of, and its client."""

    async def run() -> None:
        with kind(analytics_enabled=False) as blocks:
            build()
        async with asyncio.timeout(PATIENCE), client_of(blocks.queue()) as client:
            await visit(blocks, client)

    asyncio.run(run())


@asynccontextmanager
async def client_of(blocks: gr.Blocks) -> AsyncIterator[httpx.AsyncClient]:
    blocks.max_file_size = None  # what ``launch`` sets
    transport = httpx.ASGITransport(gr.routes.App.create_app(blocks))
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        await client.get("/gradio_api/startup-events")  # and asks for
        yield client


async def ask(client: httpx.AsyncClient, name: str, *data: object) -> str:
    """Call a function of the app: the event's id."""
    answer = await client.post(f"/gradio_api/call/{name}", json={"data": data})
    event: str = answer.raise_for_status().json()["event_id"]
    return event


async def answer(client: httpx.AsyncClient, name: str, *data: object) -> str:
    """Call a function of the app: what its stream of events says."""
    event = await ask(client, name, *data)
    return (await client.get(f"/gradio_api/call/{name}/{event}")).text


async def upload(client: httpx.AsyncClient, content: bytes) -> str:
    """The path that an uploaded file is kept at."""
    files = {"files": ("a.png", content)}
    stored = await client.post("/gradio_api/upload", files=files)
    path: str = stored.raise_for_status().json()[0]
    return path


def test_replace_fetch(monkeypatch):
    asked = []

    async def fetch(url: str) -> httpx.Response:
        asked.append(url)
        return httpx.Response(200, content=b"fetched")

    def read(file: gr.FileData) -> str:
        return Path(file["path"]).read_text()

    name = "async_ssrf_protected_get"  # is put back after the test
    monkeypatch.setattr(processing_utils, name, getattr(processing_utils, name))
    replace_fetch(fetch)
    url = "http://public.example/a.png"

    async def visit(_: gr.Blocks, client: httpx.AsyncClient) -> None:
        assert "fetched" in await answer(client, "read", file_data(url, url=url))

    serve(lambda: gr.api(read, api_name="read"), visit)
    assert asked == [url]


@pytest.mark.parametrize(
    ("given", "words"),
    [((1,), '[1, 2, "three"]'), ((1, 5), '[1, 5, "three"]'), ((1, 5, "x"), '[1, 5, "x"]'),
     ((), '[null, 2, "three"]')],
)  # fmt: skip
def test_patient_blocks(given, words):
    def collect(one: int, two: int = 2, three: str = "three") -> list:
        return [one, two, three]

    async def visit(_: gr.Blocks, client: httpx.AsyncClient) -> None:
        assert words in await answer(client, "collect", *given)

    serve(lambda: gr.api(collect, api_name="collect"), visit, PatientBlocks)


def test_patient_blocks_do_not_touch_the_page_s_own_events():
    def build() -> None:
        texts = gr.Textbox("a"), gr.Textbox("b")
        gr.Button().click(lambda *given: "-".join(given), texts, texts[0], api_name="join")

    async def visit(_: gr.Blocks, client: httpx.AsyncClient) -> None:
        assert "x-y" in await answer(client, "join", "x", "y")
        assert "event: error" in await answer(client, "join", "x")

    serve(build, visit, PatientBlocks)


def test_queue_length():
    running, go = threading.Event(), threading.Event()

    def work() -> None:
        running.set()
        go.wait(PATIENCE)

    async def visit(blocks: gr.Blocks, client: httpx.AsyncClient) -> None:
        assert queue_length(blocks) == 0
        events = [await ask(client, "work") for _ in range(3)]
        while not running.is_set():
            await asyncio.sleep(0.01)
        assert queue_length(blocks) == 2
        go.set()
        for event in events:
            await client.get(f"/gradio_api/call/work/{event}")
        assert queue_length(blocks) == 0

    serve(lambda: gr.api(work, api_name="work", concurrency_limit=1), visit)


def test_event_is_wanted():
    told, answering, stop = [], threading.Event(), threading.Event()

    def work() -> None:
        answering.wait(PATIENCE)
        told.append(event_is_wanted())
        while event_is_wanted() and not stop.wait(0.01):
            pass
        told.append(event_is_wanted())

    async def visit(blocks: gr.Blocks, client: httpx.AsyncClient) -> None:
        event = await ask(client, "work")
        stream = asyncio.create_task(listen(blocks, f"/gradio_api/call/work/{event}", answering))
        try:
            async with asyncio.timeout(PATIENCE / 2):
                while not told:
                    await asyncio.sleep(0.01)
                stream.cancel()  # the client leaves
                while len(told) < 2:
                    await asyncio.sleep(0.01)
        finally:
            stop.set()

    assert event_is_wanted()  # outside of an event
    serve(lambda: gr.api(work, api_name="work"), visit)
    assert told == [True, False]


@pytest.mark.parametrize(("events", "wanted"), [
    ({"1": SimpleNamespace(alive=True)}, True), ({"1": SimpleNamespace(alive=False)}, False),
    ({}, False),
], ids=["waits", "has left", "was cancelled"])  # fmt: skip
def test_event_is_wanted_by_the_queue_s_word(events, wanted):
    def ask_inside() -> bool:
        queue = SimpleNamespace(event_ids_to_events=events)
        LocalContext.blocks.set(SimpleNamespace(_queue=queue))
        LocalContext.event_id.set("1")
        return event_is_wanted()

    assert copy_context().run(ask_inside) is wanted


async def listen(blocks: gr.Blocks, path: str, answering: threading.Event) -> None:
    """Ask for a stream of events; ``answering`` is set when the answer begins."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def note(message: Any) -> None:
            answering.set()
            await send(message)

        await blocks.app(scope, receive, note)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        await client.get(f"http://app{path}")


def test_kept_files(kept, tmp_path):
    picture = tmp_path / "picture.png"
    Image.new("RGB", (9, 9)).save(picture)

    def build() -> None:
        gr.Image(picture, format="png")
        image = gr.Image(visible=False, format="png")
        gr.Dataset(components=[image], samples=[[Image.new("RGB", (8, 8), "teal")]])

    async def visit(blocks: gr.Blocks, client: httpx.AsyncClient) -> None:
        await upload(client, b"of a visitor")
        paths = kept_files(blocks)
        assert len(paths) == 2 and all(kept in Path(path).parents for path in paths)
        assert all(Path(path).is_file() for path in paths)

    serve(build, visit)


def test_forget_files(kept):
    def work() -> Image.Image:
        return Image.new("RGB", (9, 9))

    def build() -> None:
        gr.Button().click(work, None, gr.Image(format="png"), api_name="work")

    async def visit(blocks: gr.Blocks, client: httpx.AsyncClient) -> None:
        await upload(client, b"uploaded")
        await answer(client, "work")
        files = {str(path) for path in kept.rglob("*") if path.is_file()}
        assert len(files) == 2 and set().union(*blocks.temp_file_sets) == files
        forget_files(blocks, files)
        assert not any(blocks.temp_file_sets)

    serve(build, visit)


def test_get_upload_folder(kept):
    assert get_upload_folder() == str(kept)

    async def visit(_: gr.Blocks, client: httpx.AsyncClient) -> None:
        assert kept in Path(await upload(client, b"")).parents

    serve(gr.Button, visit)


def test_events_of_an_html_component_carry_data_of_its_script():
    told = []

    def build() -> None:
        html, text = gr.HTML(js_on_load='// "paint"'), gr.Textbox()

        def paint(event: gr.EventData, request: gr.Request) -> str:
            told.append((event._data, request.session_hash))
            return "painted"

        html.paint(paint, None, text)

    async def visit(_: gr.Blocks, client: httpx.AsyncClient) -> None:
        for data in ({"box": [1, 2]}, None, [3]):
            body = {"data": [], "fn_index": 0, "session_hash": "s", "event_data": data}
            (await client.post("/gradio_api/queue/join", json=body)).raise_for_status()
        text = (await client.get("/gradio_api/queue/data?session_hash=s")).text
        assert text.count('"painted"') == 3

    serve(build, visit)
    assert [data for data, _ in told] == [{"box": [1, 2]}, None, [3]]
    assert {visitor for _, visitor in told} == {"s"}


def test_functions_of_an_html_component_are_called_by_name():
    def double(data: Any) -> dict[str, Any]:
        return {"twice": data * 2}

    async def visit(_: gr.Blocks, client: httpx.AsyncClient) -> None:
        (found,) = (await client.get("/config")).json()["components"]
        assert found["props"]["server_fns"] == ["double"]
        body = {"component_id": found["id"], "session_hash": "s", "fn_name": "double", "data": 21}
        answer = await client.post("/gradio_api/component_server", json=body)
        assert answer.json() == {"twice": 42}

    serve(lambda: gr.HTML(server_functions=[double]), visit)


def test_what_a_page_shows_may_be_a_dict_of_ours():
    answer = {"number": 1, "box": [1, 2, 3, 4], "notes": []}
    assert gr.HTML().postprocess(answer) == answer
    assert gr.HTML().preprocess(answer) == answer
