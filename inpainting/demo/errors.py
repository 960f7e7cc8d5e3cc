"""Errors as the visitor reads them."""

import functools
import html
from collections.abc import Callable
from typing import Any

import gradio as gr

from inpainting.errors import InpaintingError


class UserError(gr.Error):
    """One of our own sentences, shown as a message; everything else is a bug."""


def readable_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Show an :class:`InpaintingError` to the visitor as its sentence; anything else is a bug."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except InpaintingError as error:
            raise user_error(str(error)) from error

    return wrapped


def user_error(message: str) -> UserError:
    """A sentence as an error; Gradio renders messages as HTML."""
    return UserError(html.escape(message), print_exception=False)


def sentence(error: UserError) -> str:
    """The sentence itself, for what is not rendered as HTML."""
    return html.unescape(error.message)


def plain_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Like :func:`readable_errors` for programs, which read text and not HTML."""
    readable = readable_errors(function)

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return readable(*args, **kwargs)
        except UserError as error:
            raise UserError(sentence(error), print_exception=False) from error

    return wrapped
