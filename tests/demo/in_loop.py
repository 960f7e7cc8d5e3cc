"""Gradio's objects made in tests."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def in_loop(function: Callable[[], T]) -> T:
    """Call inside a running event loop; elsewhere Gradio opens one per lock and leaves it open."""

    async def call() -> T:
        return function()

    return asyncio.run(call())
