"""Undo and redo of what replaces the whole mask."""

import gradio as gr
import pytest

from inpainting.demo import mask_steps
from inpainting.demo.events import change_size, invert
from inpainting.demo.mask_steps import MOST, NONE, MaskSteps, redo, undo
from tests.demo.visitor import box_mask, layer, shown_in, value

SIZE = 30, 20


@pytest.fixture
def photo(noise):
    return noise(*SIZE)


def sent(photo, mask_image):
    """What the browser sends when that is painted."""
    return value(photo, layer(mask_image))


def test_a_step_is_undone_and_redone(photo):
    first = box_mask(SIZE, (10, 5, 20, 15))
    update, steps, html = change_size(sent(photo, first), None, NONE, 2)
    grown = shown_in(update)[1]
    assert html == '<i data-undo="1" data-redo="0"></i>' and grown != first
    update, steps, _ = invert(sent(photo, grown), None, steps)
    inverted = shown_in(update)[1]
    for mask_image, expected in ((inverted, grown), (grown, first)):
        update, steps, html = undo(sent(photo, mask_image), None, steps)
        assert shown_in(update) == (photo, expected)
    assert html == '<i data-undo="0" data-redo="2"></i>'
    for mask_image, expected in ((first, grown), (grown, inverted)):
        update, steps, html = redo(sent(photo, mask_image), None, steps)
        assert shown_in(update) == (photo, expected)
    assert html == '<i data-undo="2" data-redo="0"></i>'


def test_a_redo_never_replaces_what_was_painted_since(photo):
    first = box_mask(SIZE, (10, 5, 20, 15))
    update, steps, _ = change_size(sent(photo, first), None, NONE, 2)
    _, steps, _ = undo(sent(photo, shown_in(update)[1]), None, steps)
    more = first.copy()
    more.paste(255, (0, 0, 3, 3))
    update, steps, html = redo(sent(photo, more), None, steps)
    assert update == gr.skip() and html == NONE.html()


def test_without_steps_nothing_happens(photo):
    for way in (undo, redo):
        update, steps, _ = way(sent(photo, box_mask(SIZE, (1, 1, 5, 5))), None, NONE)
        assert update == gr.skip() and steps == NONE


def test_a_step_that_is_refused_is_none(photo):
    with pytest.raises(gr.Error, match="Nothing is left"):
        change_size(sent(photo, box_mask(SIZE, (1, 1, 5, 5))), None, NONE, -9)


def test_steps_are_bounded_and_files_that_are_gone_are_told(photo):
    state, steps = sent(photo, box_mask(SIZE, (1, 1, 5, 5))), NONE
    for _ in range(MOST + 3):
        _, steps, _ = change_size(state, None, steps, 1)
    assert len(steps.before) == MOST
    with pytest.raises(gr.Error, match="not kept any more"):
        undo(state, None, MaskSteps(before=("/nowhere/mask.png",)))
    assert mask_steps.GONE.endswith("after an hour.")
