"""Fills for visitors: so many at once, on the lent GPU where there is one to lend."""

import functools
import importlib.util
import threading
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from inpainting.demo import checkpoint, limits, service
from inpainting.demo.errors import user_error
from tests.running_app import PATIENCE


def square(size: int = 20) -> np.ndarray:
    hole = np.zeros((size, size), bool)
    hole[5:9, 5:9] = True
    return hole


def test_a_fill_says_how_long_and_where_it_ran(noise, tiny_pipeline):
    picture, seen = noise(20, 20), []
    asked = {"mode": "natural", "seed": 3}
    served = service.fill(picture, square(), "original", 2, seen.append, **asked)
    expected = tiny_pipeline.fill_hole(picture, square(), "original", 2, **asked)
    assert served.result.image == expected.image
    assert tuple(seen[: len(expected.passes)]) == expected.passes, "then steps of the copying"
    assert (served.result.mode, served.result.seed) == ("natural", 3)
    assert served.device == "CPU" and served.seconds > 0


def test_only_so_many_fills_run_at_once(noise, tiny_pipeline, monkeypatch):
    running, most, go = [], [], threading.Event()
    fill_hole = tiny_pipeline.fill_hole

    def slow(*arguments, **options):
        running.append(1)
        most.append(len(running))
        go.wait(PATIENCE)
        running.pop()
        return fill_hole(*arguments, **options)

    monkeypatch.setattr(tiny_pipeline, "fill_hole", slow)
    threads = [threading.Thread(target=service.fill, args=(noise(20, 20), square()))
               for _ in range(limits.FILLS + 2)]  # fmt: skip
    for thread in threads:
        thread.start()
    while len(running) < limits.FILLS:
        threads[0].join(0.01)
    assert not service.places.acquire(blocking=False)
    go.set()
    for thread in threads:
        thread.join()
    assert max(most) == limits.FILLS and len(most) == limits.FILLS + 2


# A ZeroGPU Space


@pytest.fixture
def lent_gpu(monkeypatch, tiny_pipeline):
    """A Space: the service there, the devices it loads pipelines for, the seconds it claims a GPU
    for, and what the GPU does."""
    space = SimpleNamespace(
        claims=[],
        devices=[],
        lend=lambda function, *arguments, **options: function(*arguments, **options),
    )

    def claim(duration):
        space.claims.append(duration)
        return lambda function: functools.partial(lend, function)

    def lend(*arguments, **options):
        return space.lend(*arguments, **options)

    def load_pipeline(device=None, network="default"):
        space.devices.append(device)
        return tiny_pipeline

    monkeypatch.setattr("inpainting.demo.spaces", SimpleNamespace(GPU=claim))
    spec = importlib.util.spec_from_file_location("inpainting.demo.service_there", service.__file__)
    space.service = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(space.service)
    space.service.load_pipeline = load_pipeline
    return space


def test_zero_gpu_lends_a_short_slice(lent_gpu, noise):
    assert lent_gpu.claims == [lent_gpu.service.GPU_SECONDS]
    assert lent_gpu.service.GPU_SECONDS <= 15
    served = lent_gpu.service.fill(noise(20, 20), square(), mode="natural", seed=3)
    assert lent_gpu.devices == [None] and served.result.image.size == (20, 20)
    assert (served.result.mode, served.result.seed) == ("natural", 3)


def test_a_refusal_on_the_gpu_s_process_is_not_tried_again(lent_gpu, noise):
    # What is raised there must travel back as Gradio's own error.
    with pytest.raises(gr.Error, match="no strategy"):
        lent_gpu.service.fill(noise(20, 20), square(), "fast")
    assert lent_gpu.devices == [None]
    lent_gpu.lend = lambda *_, **options: (_ for _ in ()).throw(user_error("No."))
    with pytest.raises(gr.Error, match="No."):
        lent_gpu.service.fill(noise(20, 20), square())


def test_without_a_gpu_to_lend_the_cpu_fills(lent_gpu, noise):
    def refuse(function, *arguments, **options):
        raise gr.Error("You have exceeded your GPU quota")

    lent_gpu.lend, seen = refuse, []
    served = lent_gpu.service.fill(noise(20, 20), square(), on_pass=seen.append, seed=3)
    assert served.result.seed == 3
    assert lent_gpu.devices == ["cpu"] and len(seen) == 1
    assert served.result.image.size == (20, 20)


def test_the_pipeline_that_can_always_run_is_on_the_cpu_there(monkeypatch):
    monkeypatch.setattr(checkpoint, "load_pipeline", lambda device=None: device)
    assert checkpoint.local_pipeline() is None
    monkeypatch.setattr(checkpoint, "spaces", SimpleNamespace())
    assert checkpoint.local_pipeline() == "cpu"
