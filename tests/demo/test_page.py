"""How the page is put together: its endpoints, its limits, its events."""

import gradio as gr
import pytest
from PIL import Image

from inpainting.demo import downloads, limits, page
from inpainting.demo.checkpoint import load_pipeline
from inpainting.demo.middleware import Limiter
from tests.demo.in_loop import in_loop


@pytest.fixture(scope="module")
def demo() -> gr.Blocks:
    return in_loop(page.build)


def test_only_fill_is_a_public_endpoint(demo):
    info = demo.get_api_info()
    assert set(info["named_endpoints"]) == {"/fill"} and not info["unnamed_endpoints"]
    names = [p["parameter_name"] for p in info["named_endpoints"]["/fill"]["parameters"]]
    assert names == ["image", "mask_image", "strategy", "feather", "mode", "seed"]


def test_pictures_travel_without_loss(demo):
    formats = [
        block.format
        for block in demo.blocks.values()
        if isinstance(block, gr.Image | gr.ImageEditor | gr.ImageSlider | gr.Gallery)
    ]
    assert len(formats) >= 8 and set(formats) == {"png"}


def test_the_page_is_private_and_bounded(monkeypatch, tiny_pipeline):
    launched = {}
    monkeypatch.setattr(gr.Blocks, "launch", lambda self, **kw: launched.update(kw, demo=self))
    monkeypatch.setattr(page, "replace_fetch", lambda fetch: launched.update(fetch=fetch))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    in_loop(page.launch)
    demo = launched["demo"]
    assert demo.analytics_enabled is False
    assert Image.MAX_IMAGE_PIXELS == limits.PIXELS and launched["fetch"] is downloads.fetch
    assert demo._queue.max_size == limits.WAITING and demo.api_open is False
    assert launched["enable_monitoring"] is False and launched["run_history"] is False
    assert launched["mcp_server"] is True
    assert launched["max_file_size"] == limits.FILE
    (limiter,) = launched["app_kwargs"]["middleware"]
    assert launched["state_session_capacity"] == limits.SESSIONS
    assert limiter.cls is Limiter and launched["app_kwargs"]["lifespan"]
    assert not {"server_name", "server_port", "share", "allowed_paths"} & set(launched)


def test_whatever_opens_pictures_shares_one_limit(demo):
    alone = {"compare", "leave"}
    functions = [function for function in demo.fns.values() if function.fn and function.queue]
    for function in functions:
        shared = (function.concurrency_id, function.concurrency_limit)
        assert (shared == ("pictures", limits.FILLS)) == (function.name not in alone), function.name
    assert len(functions) > 10


def test_a_wrong_checkpoint_is_one_sentence_and_no_page(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTING_CHECKPOINT", str(tmp_path))
    monkeypatch.setattr(page, "build", None)
    load_pipeline.cache_clear()
    with pytest.raises(SystemExit, match="config.json"):
        page.launch()
