"""Clean-up of Gradio's folder: no file older than promised, never more bytes than allowed.

Gradio 6.31 deletes by age what it has handed out itself; what was uploaded and never used, and a
flood within the hour, stay on the disk.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr

from inpainting.demo import limits
from inpainting.demo.gradio_internals import forget_files, get_upload_folder, kept_files


class CacheCleaner:
    """Deletes old files of Gradio's folder, which is this app's alone, as long as the app runs."""

    def __init__(self, blocks: gr.Blocks) -> None:
        self.blocks = blocks
        self._bytes, self._due = 0, asyncio.Event()

    def note(self, size: int) -> None:
        """Count bytes that came in; a flood does not wait for the next clean-up."""
        self._bytes += size
        if self._bytes > limits.DISK // 8:
            self._due.set()

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Any) -> AsyncIterator[None]:
        """Context of the running app, in which files are cleaned up in the background."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._due.wait(), limits.CLEANUP_SECONDS)
            self._bytes = 0
            self._due.clear()
            await asyncio.to_thread(self.clean)

    def clean(self) -> None:
        """Delete what is too old or too much, once."""
        folder = Path(get_upload_folder())
        removed = delete_old(folder, limits.AGE, limits.DISK, kept_files(self.blocks))
        forget_files(self.blocks, removed)


def delete_old(folder: Path, age: float, room: int, kept: set[str]) -> set[str]:
    """Delete what is older than ``age`` seconds, then the oldest until ``room`` bytes are left.

    Args:
        folder: with all that is below it.
        age: in seconds.
        room: in bytes.
        kept: paths that stay, whatever their age, and are not counted.

    Returns:
        The paths of what was deleted.
    """
    found = []
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # gone meanwhile
            if path.is_file() and str(path) not in kept:
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
    total, old, removed = sum(size for _, size, _ in found), time.time() - age, set()
    for changed, bytes_, path in sorted(found):
        if changed >= old and total <= room:
            break
        total -= bytes_
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            removed.add(str(path))
            path.parent.rmdir()  # succeeds when it is empty
    return removed
