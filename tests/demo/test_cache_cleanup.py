"""Clean-up of Gradio's folder: by age, and by size."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pytest

from inpainting.demo import limits
from inpainting.demo.cache_cleanup import CacheCleaner, delete_old
from tests.demo.in_loop import in_loop
from tests.running_app import PATIENCE


def test_old_files_go_then_the_oldest_until_the_rest_fits(tmp_path):
    now = time.time()
    for number, age in enumerate((4000, 3000, 2000, 1000, 0)):
        path = tmp_path / f"folder{number}" / "picture.png"
        path.parent.mkdir()
        path.write_bytes(bytes(100))
        os.utime(path, (now - age, now - age))
    kept = {str(tmp_path / "folder0" / "picture.png")}
    assert delete_old(tmp_path, 3500, 1000, kept) == set()
    assert delete_old(tmp_path, 2500, 1000, kept) == {str(tmp_path / "folder1" / "picture.png")}
    assert not (tmp_path / "folder1").exists()
    removed = delete_old(tmp_path, 2500, 200, kept)
    assert removed == {str(tmp_path / "folder2" / "picture.png")}
    assert sorted(path.parent.name for path in tmp_path.rglob("*.png")) == [
        "folder0", "folder3", "folder4"
    ]  # fmt: skip


def run(cleaner: CacheCleaner, gone: Path, meanwhile: Callable[[], None]) -> None:
    """Call a function while the cleaner is at work, then wait until a file is gone."""

    async def until_gone() -> None:
        async with cleaner.lifespan(None), asyncio.timeout(PATIENCE):
            meanwhile()
            while gone.exists():
                await asyncio.sleep(0.01)

    asyncio.run(until_gone())


@pytest.fixture
def blocks() -> gr.Blocks:
    def build() -> gr.Blocks:
        with gr.Blocks(analytics_enabled=False) as blocks:
            gr.Image()
        return blocks

    return in_loop(build)


def test_a_flood_is_deleted_at_once_and_gradio_forgets_it_too(kept, blocks, monkeypatch):
    monkeypatch.setattr(limits, "DISK", 1000)
    kept.mkdir()
    thumbnail, upload = kept / "thumbnail.png", kept / "upload.png"
    for path in (thumbnail, upload):
        path.write_bytes(bytes(900))
    (image,) = (block for block in blocks.blocks.values() if isinstance(block, gr.Image))
    image.keep_in_cache = {str(thumbnail)}
    blocks.upload_file_set.add(str(upload))
    cleaner = CacheCleaner(blocks)

    def flood() -> None:
        cleaner.note(limits.DISK // 8)
        assert not cleaner._due.is_set()  # so little waits for the next look
        (kept / "more.png").write_bytes(bytes(900))
        cleaner.note(1)

    run(cleaner, upload, flood)
    assert thumbnail.exists()
    assert str(upload) not in blocks.upload_file_set


def test_old_files_go_without_a_flood(kept, blocks, monkeypatch):
    monkeypatch.setattr(limits, "CLEANUP_SECONDS", 0.01)
    kept.mkdir()
    old, new = kept / "old.png", kept / "new.png"
    for path in (old, new):
        path.write_bytes(b"")
    changed = time.time() - limits.AGE - 1
    os.utime(old, (changed, changed))
    run(CacheCleaner(blocks), old, lambda: None)
    assert new.exists()
