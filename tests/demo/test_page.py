"""How the page is put together: its endpoints, its limits, its events."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from PIL import Image
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from inpainting.demo import component, downloads, events, limits, page
from inpainting.demo.asked import UNFIT
from inpainting.demo.checkpoint import loaded
from inpainting.demo.middleware import Limiter
from tests.demo.in_loop import in_loop
from tests.endpoint import upload


@pytest.fixture(scope="module")
def demo() -> gr.Blocks:
    return in_loop(page.build)


def test_only_fill_is_a_public_endpoint(demo):
    info = demo.get_api_info()
    assert set(info["named_endpoints"]) == {"/fill"} and not info["unnamed_endpoints"]
    names = [p["parameter_name"] for p in info["named_endpoints"]["/fill"]["parameters"]]
    assert names[:6] == ["image", "mask_image", "strategy", "feather", "mode", "seed"]
    assert names[6:] == ["guide", "passes", "lines", "network"]


def test_pictures_travel_without_loss(demo):
    formats = [
        block.format for block in demo.blocks.values() if isinstance(block, gr.Image | gr.Gallery)
    ]
    assert formats == ["png"] * 4


def test_the_page_is_private_and_bounded(monkeypatch, tiny_pipeline):
    launched = {}
    monkeypatch.setattr(gr.Blocks, "launch", lambda self, **kw: launched.update(kw, demo=self))
    monkeypatch.setattr(page, "replace_fetch", lambda fetch: launched.update(fetch=fetch))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    monkeypatch.setattr(gr.Blocks, "block_thread", lambda self: launched.update(blocked=self))
    in_loop(page.launch)
    demo = launched["demo"]
    assert launched["blocked"] is demo and launched["prevent_thread_lock"] is True
    assert demo.analytics_enabled is False
    assert Image.MAX_IMAGE_PIXELS == limits.PIXELS and launched["fetch"] is downloads.fetch
    assert demo._queue.max_size == limits.WAITING and demo.api_open is False
    assert launched["enable_monitoring"] is False and launched["run_history"] is False
    assert launched["mcp_server"] is True
    assert launched["max_file_size"] == limits.FILE
    (limiter,) = launched["app_kwargs"]["middleware"]
    assert launched["state_session_capacity"] == limits.SESSIONS
    assert limiter.cls is Limiter and launched["app_kwargs"]["lifespan"]
    assert limiter.kwargs["links"] == component.links()
    assert launched["app_kwargs"]["routes"] == component.ROUTES
    assert launched["head"] == component.head()
    assert not {"server_name", "server_port", "share", "allowed_paths"} & set(launched)


def test_whatever_opens_pictures_shares_one_limit(demo):
    alone = {"leave"}
    functions = [function for function in demo.fns.values() if function.fn and function.queue]
    for function in functions:
        shared = (function.concurrency_id, function.concurrency_limit)
        assert (shared == ("pictures", limits.FILLS)) == (function.name not in alone), function.name
    assert [function.name for function in functions] == ["fill", "compare", "leave", "fill"]


def event_of(demo, name) -> Any:
    """The first event of the page with a function of that name."""
    return next(function for function in demo.fns.values() if function.name == name)


def test_a_fill_is_given_up_outside_of_the_queue(demo):
    give_up = event_of(demo, "give_up")
    assert give_up.fn is events.give_up and not give_up.queue
    assert give_up.trigger_mode == event_of(demo, "fill").trigger_mode == "multiple"


def test_a_fill_is_one_request(demo):
    (fill,) = [f for f in demo.fns.values() if (f.targets[0][1] if f.targets else "") == "fill"]
    assert fill.fn is events.fill


def test_every_event_gives_as_much_as_it_shows(demo):
    assert len(event_of(demo, "fill").outputs) == 1 + events.SHOWN_IN_MEASURE
    show = event_of(demo, "show_measure")
    for on in (True, False):
        updates = show.fn(SimpleNamespace(_data={"on": on}))
        assert len(updates) == len(show.outputs) == len(set(show.outputs))
        assert all(update["visible"] is on for update in updates)


def test_all_of_what_measures_is_hidden_at_first_and_shown_then(demo):
    def parts(block) -> Iterator[Any]:
        for child in getattr(block, "children", []):
            if not isinstance(child, gr.Row | gr.Column):
                yield child
            yield from parts(child)

    (column,) = [b for b in demo.blocks.values() if getattr(b, "elem_id", "") == "measure"]
    hidden = set(parts(column))
    hidden = {part for part in hidden if part.get_block_name() != "form"}
    assert hidden == set(event_of(demo, "show_measure").outputs)
    assert not any(part.visible for part in hidden)
    assert set(event_of(demo, "fill").outputs[1:]) < hidden


# Over HTTP


@pytest.fixture(params=["", "/user/app"], ids=["at the root", "below a prefix"])
def client(demo, kept, request) -> Iterator[TestClient]:
    """A browser of the page behind its middleware; a prefix comes with a proxy that strips it."""
    limiter = Middleware(
        Limiter, on_bytes=lambda _: None, waiting=lambda: 0, links=component.links()
    )
    demo.max_file_size = limits.FILE
    kwargs = {"middleware": [limiter], "routes": component.ROUTES}
    app = in_loop(lambda: gr.routes.App.create_app(demo, app_kwargs=kwargs))
    yield TestClient(app, root_path=request.param)


def test_the_canvas_s_files_are_served_and_only_the_page_names_them(client):
    script = client.get(f"/{component.FILES}/main.js")
    assert script.content == component.SERVED["main.js"].read_bytes()
    for path in ("/config", "/gradio_api/info", "/nothing", f"/{component.FILES}/main.js"):
        assert "link" not in client.get(path).headers


def call(client, name: str, data: Any, **fields: Any) -> Any:
    """What a function of the canvas answers to the page's script."""
    config = client.get("/config").json()["components"]
    number = next(c["id"] for c in config if c["props"].get("elem_id") == "canvas")
    body = {"component_id": number, "session_hash": "s", "fn_name": name, "data": data, **fields}
    return client.post("/gradio_api/component_server", json=body)


def test_the_page_s_script_calls_these_functions(client, noise, tmp_path):
    config = client.get("/config").json()["components"]
    canvas = next(c["props"] for c in config if c["props"].get("elem_id") == "canvas")
    names = ["open_photo", "select", "open_mask_file", "damage", "save"]
    assert canvas["server_fns"] == names
    noise(30, 20).save(tmp_path / "a.png")
    path = upload(client, (tmp_path / "a.png").read_bytes())
    answer = call(client, "open_photo", {"path": path}).json()
    assert (answer["photo"], answer["width"], answer["height"]) == (path, 30, 20)
    for name in names:
        assert call(client, name, None).json() == {"error": UNFIT}


@pytest.mark.parametrize(
    "fields",
    [{"fn_name": "nothing"}, {"fn_name": "__init__"}, {"fn_name": "preprocess"},
     {"fn_name": ["save"]}, {"component_id": 9999}, {"component_id": -1}, {"component_id": "a"},
     {"session_hash": None}, {"session_hash": ["s"]}],
)  # fmt: skip
def test_no_other_function_is_called(client, fields):
    assert 400 <= call(client, "save", {}, **fields).status_code < 500


def test_a_wrong_checkpoint_is_one_sentence_and_no_page(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTING_CHECKPOINT", str(tmp_path))
    monkeypatch.setattr(page, "build", None)
    loaded.cache_clear()
    with pytest.raises(SystemExit, match="config.json"):
        page.launch()
