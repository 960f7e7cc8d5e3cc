"""Errors as visitors and programs read them."""

import gradio as gr
import pytest

from inpainting.demo.errors import plain_errors, readable_errors, user_error
from inpainting.errors import InvalidImage

MARKUP = "<img src=x onerror=alert(1)> & co."


def fail(error: Exception) -> None:
    raise error


def test_messages_are_escaped_for_the_page_and_plain_for_programs():
    with pytest.raises(gr.Error) as caught:
        readable_errors(fail)(InvalidImage(MARKUP))
    assert caught.value.message == "&lt;img src=x onerror=alert(1)&gt; &amp; co."
    assert not caught.value.print_exception
    for error in (InvalidImage(MARKUP), user_error(MARKUP)):
        with pytest.raises(gr.Error) as caught:
            plain_errors(fail)(error)
        assert caught.value.message == MARKUP and not caught.value.print_exception


@pytest.mark.parametrize("wrapper", [readable_errors, plain_errors])
def test_bugs_are_not_swallowed(wrapper):
    with pytest.raises(ZeroDivisionError):
        wrapper(fail)(ZeroDivisionError())
