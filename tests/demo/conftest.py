"""What the demo's tests share: a folder for pictures, and a tiny network."""

from pathlib import Path

import pytest
import torch

from inpainting import InpaintingPipeline, ResidualUNet
from inpainting.demo import checkpoint, page, service


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gradio's folder, which is not there before something is kept."""
    folder = tmp_path / "kept"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


@pytest.fixture
def tiny_pipeline(
    tiny_model: ResidualUNet, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> InpaintingPipeline:
    """What every module of the demo loads as the pipeline."""
    pipeline = InpaintingPipeline(tiny_model, device="cpu", dtype=torch.float32)
    for module in (checkpoint, page, service):
        monkeypatch.setattr(module, "load_pipeline", lambda *_, **__: pipeline)
    return pipeline
