"""How the demo is put together: its files, its endpoints, its limits, its network."""

import asyncio
import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from gradio.components.image_editor import EditorData
from gradio.data_classes import FileData
from PIL import Image

import app
from inpainting import InpaintingPipeline
from inpainting.baselines import BASELINES
from inpainting.checkpoint import BUNDLED
from inpainting.errors import EmptyHole
from inpainting.metrics import score


@pytest.fixture(autouse=True)
def tiny_pipeline(tiny_model, monkeypatch):
    pipeline = InpaintingPipeline(tiny_model, device="cpu")
    monkeypatch.setattr(app, "load_pipeline", lambda: pipeline)
    return pipeline


def in_loop(function):
    """Call inside a running event loop; elsewhere Gradio opens one per lock and leaves it open."""

    async def call():
        return function()

    # In a thread of its own: a browser test before this one leaves its loop in the main thread.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(call())).result()


@pytest.fixture
def demo() -> gr.Blocks:
    return in_loop(app.build)


def editor_in(blocks: gr.Blocks) -> gr.ImageEditor:
    return next(block for block in blocks.blocks.values() if isinstance(block, gr.ImageEditor))


def test_editor_reads_files_faithfully(tmp_path, demo):
    ramp = np.linspace(0, 65535, 60 * 40).reshape(40, 60).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "grey16.png")
    part = editor_in(demo)
    value = part.preprocess(EditorData(background=FileData(path=str(tmp_path / "grey16.png"))))
    assert value["layers"] == [] and value["composite"] is None
    grey = np.array(value["background"])[..., 0]
    assert grey.min() == 0 and grey.max() == 255 and abs(grey.mean() - 127.5) < 1

    photo = Image.new("RGB", (30, 20))
    photo.getexif()[0x0112] = 6  # to be turned a quarter
    photo.save(tmp_path / "turned.jpg", exif=photo.getexif())
    value = part.preprocess(EditorData(background=FileData(path=str(tmp_path / "turned.jpg"))))
    assert value["background"].size == (20, 30)


def test_broken_files_are_refused_in_words(tmp_path, demo):
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n...")
    with pytest.raises(gr.Error, match="broken.png is not a picture"):
        editor_in(demo).preprocess(EditorData(background=FileData(path=str(path))))
    with pytest.raises(gr.Error, match="broken.png is not a picture"):
        app.open_photo(str(path))


# The page


def test_only_fill_is_a_public_endpoint(demo):
    assert set(demo.get_api_info()["named_endpoints"]) == {"/fill_editor"}


def test_pictures_travel_without_loss(demo):
    formats = [
        block.format
        for block in demo.blocks.values()
        if isinstance(block, gr.Image | gr.ImageEditor | gr.ImageSlider)
    ]
    assert len(formats) >= 4 and set(formats) == {"png"}


def test_the_page_is_private_and_bounded(monkeypatch):
    launched = {}
    monkeypatch.setattr(gr.Blocks, "launch", lambda self, **kw: launched.update(kw, demo=self))
    in_loop(app.main)
    demo = launched["demo"]
    assert demo.analytics_enabled is False
    assert demo.delete_cache == (600, 3600)
    assert demo._queue.max_size == 20 and demo.api_open is False
    assert launched["enable_monitoring"] is False and launched["run_history"] is False
    assert launched["max_file_size"] == "100mb"
    assert not {"server_name", "server_port", "share", "allowed_paths"} & set(launched)


# The network


def test_environment_selects_the_checkpoint(tiny_checkpoint, tiny_pipeline, monkeypatch, noise):
    monkeypatch.setenv("INPAINTING_CHECKPOINT", str(tiny_checkpoint))
    load_pipeline = fresh_app().load_pipeline
    assert load_pipeline() is load_pipeline()
    assert load_pipeline().model.config == tiny_pipeline.model.config


def test_a_wrong_checkpoint_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTING_CHECKPOINT", str(tmp_path))
    with pytest.raises(SystemExit, match="config.json"):
        fresh_app().main()


def test_bundled_checkpoint_beats_the_mean(monkeypatch):
    assert (BUNDLED / "model.safetensors").is_file()
    monkeypatch.delenv("INPAINTING_CHECKPOINT", raising=False)
    pipeline = fresh_app().load_pipeline()
    image, mask_image = app.read_example(app.EXAMPLES[0])
    original, hole = np.array(image), np.array(mask_image) > 0
    ours = score(original, np.array(pipeline(image, mask_image)), hole)
    mean = score(original, BASELINES["mean"](original, hole), hole)
    assert ours.hole_psnr > mean.hole_psnr + 6  # at most half the error


def test_zero_gpu_lends_a_short_slice(monkeypatch):
    claims = []

    def gpu(duration):
        claims.append(duration)
        return lambda function: function

    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=gpu))
    module = fresh_app()
    assert claims == [module.GPU_SECONDS] and module.GPU_SECONDS <= 15
    # What is raised on the GPU's process must travel back as Gradio's own error.
    monkeypatch.setattr(module, "load_pipeline", lambda: lambda *_: raise_(EmptyHole()))
    with pytest.raises(gr.Error, match="marks nothing"):
        module.run_model(None, None)


def raise_(error):
    raise error


def fresh_app():
    """``app.py`` as its own module, nothing cached or patched."""
    spec = importlib.util.spec_from_file_location("fresh_app", app.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
