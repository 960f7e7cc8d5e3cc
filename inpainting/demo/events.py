"""The events of the page: what the canvas asks for, and what the page shows then.

A visitor who asks again does not wait for the earlier answer: every request has a number, and
before each run of the network it is seen whether that is still the visitor's last.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gradio as gr

from inpainting.demo import checkpoint, comparison, service
from inpainting.demo.asked import (
    Asked,
    guide_of,
    hole_of,
    lines_of,
    number_of,
    original_of,
    picture_of,
    read_asked,
)
from inpainting.demo.errors import UserError, sentence, user_error
from inpainting.demo.examples import Example, read_mask_image, read_photo
from inpainting.demo.images import difference_map, error_map
from inpainting.demo.patches import cut, lines_path
from inpainting.demo.report import fill_name, filled_with, has_texture, report_html, runs
from inpainting.demo.requests import Overtaken, Requests, check_wanted
from inpainting.demo.tools import refusal
from inpainting.errors import InpaintingError
from inpainting.evaluation.fill_report import measure
from inpainting.inference.result import InpaintingResult, OnPass, Pass
from inpainting.io.images import alpha_of
from inpainting.masks.convert import hole_from_mask_image, mask_image_from_hole

REQUESTS = Requests()

NOTHING_TO_COMPARE = "There is nothing to compare yet: fill something first."

Shapes = list[dict[str, Any]]  # of checkpoint.described
Outputs = tuple[Any, ...]  # of fill: the canvas's answer, and what Measure shows
SHOWN_IN_MEASURE = 5  # report, two maps, levels, comparison


def give_up(event: gr.EventData, request: gr.Request) -> None:
    """Nobody waits for a fill any more; outside of the queue, so that it ends at once.

    The event carries a ``number`` after that of the fill.
    """
    number = number_of(event._data)
    if number is not None:
        REQUESTS.note(request.session_hash, number)


def fill(
    event: gr.EventData,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio looks for it here
) -> Outputs:
    """Fill what is painted.

    Returns:
        The answer for the canvas: ``number`` of the request, and either its ``error`` in a
        sentence or ``box`` and ``path`` of the patch, ``seconds``, ``words`` on the fill,
        ``notes``, whether there is ``another`` try, and the path of a picture of the ``lines`` in
        the box, or None. Then what Measure shows, where that is wanted.
    """
    nothing = [gr.skip()] * SHOWN_IN_MEASURE
    visitor, number = request.session_hash, number_of(event._data)
    try:
        asked = read_asked(event._data)
        REQUESTS.note(visitor, asked.number)
        REQUESTS.check(visitor, asked.number)
        served = serve(asked, watcher(visitor, asked.number, progress))
        REQUESTS.check(visitor, asked.number)
        shown = measured(served, asked) if asked.measured else nothing
        return answer_of(served, asked.number), *shown
    except InpaintingError as error:
        return refusal(error) | {"number": number}, *nothing
    except UserError as error:
        return {"number": number, "error": sentence(error)}, *nothing
    except Overtaken:
        return gr.skip(), *nothing


def serve(asked: Asked, on_pass: OnPass | None = None) -> service.ServedFill:
    """The fill that was asked for; an example as it is bundled is filled once."""
    picture = picture_of(asked)
    hole = hole_of(asked, picture.size)
    example = asked.example
    if example and asked.is_plain:
        bundled = filled_example(example, asked.mode)
        if (bundled.result.hole == hole).all():
            return bundled
    return service.fill(
        picture, hole, feather=asked.feather, on_pass=on_pass, mode=asked.mode, seed=asked.seed,
        guide=guide_of(asked, hole), lines=lines_of(asked, hole), network=asked.network,
        passes=asked.passes,
    )  # fmt: skip


@functools.cache
def filled_example(example: Example, mode: str) -> service.ServedFill:
    """The fill of a bundled photo as it comes, made once in each mode."""
    picture = read_photo(example)
    hole = hole_from_mask_image(read_mask_image(example), picture.size)
    return service.fill(picture, hole, mode=mode)


def watcher(visitor: str | None, number: int, progress: gr.Progress) -> OnPass:
    """Called before every run of the network: ends an overtaken request, shows a long one."""
    count = 0

    def on_pass(run: Pass) -> None:
        nonlocal count
        REQUESTS.check(visitor, number)
        check_wanted()
        count += 1
        if count > 1:
            progress((count, None), desc=f"at 1/{run.scale:g} of the resolution", unit="crops")

    return on_pass


def answer_of(served: service.ServedFill, number: int) -> dict[str, Any]:
    """A fill as the canvas takes it."""
    result, patch = served.result, cut(served.result)
    return {
        "number": number,
        "box": list(patch.box),
        "path": patch.path,
        "whole": alpha_of(result.image) is not None,
        "seconds": round(served.seconds, 2),
        "device": served.device,
        "name": fill_name(result),
        "words": filled_with(result),
        "ran": runs(result),
        "notes": list(result.notes),
        "another": has_texture(result),
        "lines": lines_path(result, patch.box),
    }


def measured(served: service.ServedFill, asked: Asked) -> Outputs:
    """What Measure shows of a fill: report, two maps, mask propagation, an empty comparison."""
    from inpainting.demo import mask_propagation  # loads torch, which has been loaded by now

    result, known = with_known_original(served.result, asked)
    window = comparison.Window.around_hole(result)
    return (
        report_html(served._replace(result=result), measure(result), known),
        difference_map(result.original, result.image),
        error_map(result.expected_error),
        mask_propagation.levels(checkpoint.local_pipeline().predictor.model, window),
        [],  # a comparison with an earlier fill would mislead
    )


def with_known_original(result: InpaintingResult, asked: Asked) -> tuple[InpaintingResult, bool]:
    """A fill beside what was there before the damage, and whether that is known."""
    original = None if asked.patches else original_of(asked)
    if original is None:
        return result, asked.known
    whole = result.original.copy()  # outside of the hole the picture that was filled
    whole.paste(original.convert(whole.mode), mask=mask_image_from_hole(result.hole))
    return result._replace(original=whole), True


def compare(data: Any) -> Iterator[list[comparison.Captioned]]:
    """A hole in the network's two modes, after each of its passes, by the other networks and by
    classical methods, one after the other.

    Args:
        data: of the fill that is shown, as it was asked for; None before the first.
    """
    if not data:
        raise user_error(NOTHING_TO_COMPARE)
    try:
        asked, shapes = read_asked(data), checkpoint.described()
        given = serve(asked, while_wanted).result
        other = asked._replace(mode=asked.other_mode())
        result, known = with_known_original(given, asked)
        yield from comparison.comparison(
            result, known, lambda: serve(other, while_wanted).result,
            _served(earlier_passes(asked, shapes)), _served(other_networks(asked, shapes)),
        )  # fmt: skip
    except InpaintingError as error:
        raise user_error(str(error)) from error
    except Overtaken:
        return


def earlier_passes(asked: Asked, shapes: Shapes) -> dict[str, Asked]:
    """What asks for a network's fill after each pass before its last one, by the pass's number."""
    [most] = [shape["passes"] for shape in shapes if shape["name"] == asked.network]
    passes = range(1, asked.passes or most)
    return {str(number): asked._replace(passes=number) for number in passes}


def other_networks(asked: Asked, shapes: Shapes) -> dict[str, Asked]:
    """What asks the other networks for the same, by name; lines only those that see them."""
    plain = asked._replace(passes=None)
    return {
        shape["name"]: plain._replace(
            network=shape["name"], lines=asked.lines if shape["lines"] else None
        )
        for shape in shapes
        if shape["name"] != asked.network
    }


def _served(asked: Mapping[str, Asked]) -> dict[str, Callable[[], service.ServedFill]]:
    return {name: functools.partial(serve, one, while_wanted) for name, one in asked.items()}


def while_wanted(_: Pass) -> None:
    """Called before every run of the network: ends a request that nobody waits for any more."""
    check_wanted()


def showing(parts: int) -> Callable[[gr.EventData], list[dict[str, Any]]]:
    """The event that shows every part that measures, of so many, or hides it."""

    def show_measure(event: gr.EventData) -> list[dict[str, Any]]:
        data = event._data
        return [gr.update(visible=isinstance(data, Mapping) and data.get("on") is True)] * parts

    return show_measure


def leave(request: gr.Request) -> None:
    """The visitor has closed the page: what still runs for them ends."""
    REQUESTS.forget(request.session_hash)
