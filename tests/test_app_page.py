"""How the demo is put together: its files, its endpoints, its limits, its network."""

import asyncio
import importlib.util
import io
import re
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from fastapi import HTTPException
from gradio.components.image_editor import EditorData
from gradio.data_classes import DataWithFiles, FileData
from PIL import Image

import app
from demo import events, filling, limits
from demo.editor import read_parts
from demo.guard import Guard
from inpainting import InpaintingPipeline
from inpainting.baselines import BASELINES
from inpainting.checkpoint import BUNDLED
from inpainting.errors import CheckpointError, InvalidImage
from inpainting.metrics import score


@pytest.fixture(autouse=True)
def tiny_pipeline(tiny_model, monkeypatch):
    pipeline = InpaintingPipeline(tiny_model, device="cpu")
    for module in (app, filling):
        monkeypatch.setattr(module, "load_pipeline", lambda device=None: pipeline)
    return pipeline


def in_loop(function):
    """Call inside a running event loop; elsewhere Gradio opens one per lock and leaves it open."""

    async def call():
        return function()

    return asyncio.run(call())


@pytest.fixture
def demo() -> gr.Blocks:
    return in_loop(app.build)


def editor_in(blocks: gr.Blocks) -> gr.ImageEditor:
    return next(block for block in blocks.blocks.values() if isinstance(block, gr.ImageEditor))


def test_editor_reads_files_faithfully(tmp_path, demo):
    ramp = np.linspace(0, 65535, 60 * 40).reshape(40, 60).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "grey16.png")
    image, mask_image = read(demo, tmp_path / "grey16.png")
    grey = np.array(image)[..., 0]
    assert grey.min() == 0 and grey.max() == 255 and abs(grey.mean() - 127.5) < 1
    assert mask_image.size == (60, 40) and not mask_image.getbbox()

    photo = Image.new("RGB", (30, 20))
    photo.getexif()[0x0112] = 6  # to be turned a quarter
    photo.save(tmp_path / "turned.jpg", exif=photo.getexif())
    assert read(demo, tmp_path / "turned.jpg")[0].size == (20, 30)


def read(demo, path, *layers):
    data = EditorData(
        background=FileData(path=str(path)), layers=[FileData(path=str(p)) for p in layers]
    )
    return read_parts(editor_in(demo).preprocess(data))


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "kept"))
    return tmp_path / "kept"


def send(part, content: bytes, **fields) -> None:
    fields = {"id": "1", "index": "null", **fields}
    part.accept_blobs(DataWithFiles(data=fields, files=[("blob", content)]))


def test_what_the_browser_sends_is_read_once_and_forgotten(demo, noise, kept):
    stream, layer = io.BytesIO(), io.BytesIO()
    noise(20, 10).save(stream, "PNG")
    Image.new("RGBA", (20, 10), (255, 0, 0, 153)).save(layer, "PNG")
    part = editor_in(demo)
    send(part, stream.getvalue(), type="background")
    send(part, layer.getvalue(), type="layer", index="1")
    send(part, b"never read", type="composite")
    image, mask_image = read_parts(part.preprocess(EditorData(id="1")))
    assert image.size == (20, 10) and mask_image.getextrema() == (255, 255)
    assert len(list(kept.rglob("part"))) == 2
    assert part.preprocess(EditorData(id="1")) is None


@pytest.mark.parametrize("index", ["-1", "4", "20000000", "null", "one", "1.5"])
def test_layers_that_no_editor_of_ours_has_are_refused(demo, index, kept):
    with pytest.raises(HTTPException, match="400.*4 layers"):
        send(editor_in(demo), b"x", type="layer", index=index)
    assert not kept.exists()


def test_a_flood_of_parts_is_kept_on_the_disk_and_forgotten(demo, monkeypatch, kept):
    monkeypatch.setattr(limits, "VISITORS", 50)
    part = editor_in(demo)
    for number in range(200):
        send(part, b"x" * 1000, type="background", id=str(number))
    assert part.blobs.take("149") is None and part.blobs.take("199") is not None
    with pytest.raises(HTTPException):
        send(part, b"x", type="background", id="n" * 65)


def test_broken_files_are_refused_in_words(tmp_path, demo, noise):
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n...")
    noise(9, 9).save(tmp_path / "good.png")
    with pytest.raises(InvalidImage, match="broken.png is not a picture"):
        read(demo, path)
    with pytest.raises(gr.Error, match="broken.png is not a picture"):
        read(demo, tmp_path / "good.png", path)
    with pytest.raises(gr.Error, match="broken.png is not a picture"):
        events.open_photo(str(path))


# The page


def test_only_fill_is_a_public_endpoint(demo):
    info = demo.get_api_info()
    assert set(info["named_endpoints"]) == {"/fill"} and not info["unnamed_endpoints"]
    names = [p["parameter_name"] for p in info["named_endpoints"]["/fill"]["parameters"]]
    assert names == ["image", "mask_image", "strategy", "feather"]


def test_pictures_travel_without_loss(demo):
    formats = [
        block.format
        for block in demo.blocks.values()
        if isinstance(block, gr.Image | gr.ImageEditor | gr.ImageSlider | gr.Gallery)
    ]
    assert len(formats) >= 8 and set(formats) == {"png"}


def test_the_page_is_private_and_bounded(monkeypatch):
    launched = {}
    monkeypatch.setattr(gr.Blocks, "launch", lambda self, **kw: launched.update(kw, demo=self))
    monkeypatch.setattr(app, "limit_downloads", lambda: launched.update(limited=True))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    in_loop(app.main)
    demo = launched["demo"]
    assert demo.analytics_enabled is False
    assert Image.MAX_IMAGE_PIXELS == limits.PIXELS and launched["limited"]
    assert demo._queue.max_size == limits.WAITING and demo.api_open is False
    assert launched["enable_monitoring"] is False and launched["run_history"] is False
    assert launched["mcp_server"] is True
    assert launched["max_file_size"] == limits.FILE
    (guard,) = launched["app_kwargs"]["middleware"]
    assert launched["state_session_capacity"] == limits.SESSIONS
    assert guard.cls is Guard and launched["app_kwargs"]["lifespan"]
    assert not {"server_name", "server_port", "share", "allowed_paths"} & set(launched)


def test_whatever_opens_pictures_shares_one_limit(demo):
    alone = {"compare", "leave"}
    functions = [function for function in demo.fns.values() if function.fn and function.queue]
    for function in functions:
        shared = (function.concurrency_id, function.concurrency_limit)
        assert (shared == ("pictures", limits.FILLS)) == (function.name not in alone), function.name
    assert len(functions) > 10


# The network


def test_environment_selects_the_checkpoint(tiny_checkpoint, tiny_pipeline, monkeypatch):
    monkeypatch.setenv("INPAINTING_CHECKPOINT", str(tiny_checkpoint))
    module = fresh_filling()
    assert module.load_pipeline() is module.load_pipeline()
    assert module.load_pipeline().model.config == tiny_pipeline.model.config
    assert re.fullmatch(r"tiny, [0-9a-f]{8}", module.checkpoint_name())


def test_a_wrong_checkpoint_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTING_CHECKPOINT", str(tmp_path))
    monkeypatch.setattr(app, "load_pipeline", fresh_filling().load_pipeline)
    with pytest.raises(SystemExit, match="config.json"):
        app.main()


@pytest.mark.parametrize("given", ["user/repo", "user/repo@main", "user/repo@v1", "/no/folder"])
def test_weights_of_the_hub_are_pinned_by_commit(monkeypatch, given):
    monkeypatch.setenv("INPAINTING_CHECKPOINT", given)
    with pytest.raises(CheckpointError, match="a Hub id with a commit"):
        fresh_filling().load_pipeline()
    commit = "0123456789" * 4
    monkeypatch.setenv("INPAINTING_CHECKPOINT", f"user/repo@{commit}")
    monkeypatch.setenv("INPAINTING_SHA256", "ab" * 32)
    assert fresh_filling().checkpoint() == ("user/repo", commit, "ab" * 32)


def test_other_weights_than_expected_are_not_served(tiny_checkpoint, monkeypatch):
    monkeypatch.setenv("INPAINTING_CHECKPOINT", str(tiny_checkpoint))
    monkeypatch.setenv("INPAINTING_SHA256", "ab" * 32)
    with pytest.raises(CheckpointError, match="is expected"):
        fresh_filling().load_pipeline()


def test_bundled_checkpoint_beats_the_mean(monkeypatch):
    assert (BUNDLED / "model.safetensors").is_file()
    monkeypatch.delenv("INPAINTING_CHECKPOINT", raising=False)
    module = fresh_filling()
    assert module.checkpoint_name().startswith("bundled weights, ")
    image, mask_image = events.read_example(events.EXAMPLES[0])
    original, hole = np.array(image), np.array(mask_image) > 0
    ours = score(original, np.array(module.load_pipeline()(image, mask_image)), hole)
    mean = score(original, BASELINES["mean"](original, hole), hole)
    assert ours.hole_psnr > mean.hole_psnr + 6  # at most half the error


@pytest.fixture
def lent_gpu(monkeypatch):
    """A ZeroGPU Space whose GPU does what ``lend`` says; and the seconds it was claimed for."""
    space = SimpleNamespace(claims=[], lend=lambda function, *arguments: function(*arguments))

    def claim(duration):
        space.claims.append(duration)
        return lambda function: lambda *arguments: space.lend(function, *arguments)

    monkeypatch.setattr("demo.spaces", SimpleNamespace(GPU=claim))
    space.module = fresh_filling()
    return space


def test_zero_gpu_lends_a_short_slice(lent_gpu, tiny_pipeline, monkeypatch, noise):
    assert lent_gpu.claims == [lent_gpu.module.GPU_SECONDS] and lent_gpu.module.GPU_SECONDS <= 15
    monkeypatch.setattr(lent_gpu.module, "load_pipeline", lambda device=None: tiny_pipeline)
    image, mask_image = noise(20, 20), Image.new("L", (20, 20))
    # What is raised on the GPU's process must travel back as Gradio's own error.
    with pytest.raises(gr.Error, match="marks nothing"):
        lent_gpu.module.fill(image, mask_image)


def test_without_a_gpu_to_lend_the_cpu_fills(lent_gpu, tiny_pipeline, monkeypatch, noise):
    asked = []

    def load_pipeline(device=None):
        asked.append(device)
        return tiny_pipeline

    def refuse(function, *arguments):
        raise gr.Error("You have exceeded your GPU quota")

    lent_gpu.lend = refuse
    monkeypatch.setattr(lent_gpu.module, "load_pipeline", load_pipeline)
    mask_image = Image.new("L", (20, 20))
    mask_image.paste(255, (5, 5, 9, 9))
    run = lent_gpu.module.fill(noise(20, 20), mask_image)
    assert asked == ["cpu"] and run.filled.image.size == (20, 20)


def fresh_filling():
    """``demo/filling.py`` as its own module, nothing cached or patched."""
    spec = importlib.util.spec_from_file_location("demo.fresh_filling", filling.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
