"""Borders in a real browser: the expected ones are shown, drawn and erased ones are followed."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting import ResidualUNet, save_pretrained
from tests.browser.demo import Demo
from tests.conftest import TINY, serve
from tests.models.networks import follow_guides

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """The app with a second network, which predicts lines and follows them."""
    folder = tmp_path_factory.mktemp("borders")
    torch.manual_seed(0)
    network = ResidualUNet(replace(TINY, norm="none", structure=(4, 4), passes=3))
    with torch.no_grad():
        network.structure.head.bias[-4:] = 0.0  # half expected everywhere
        torch.nn.init.normal_(network.head.weight, std=0.3)
        follow_guides(network)
    save_pretrained(network, folder)
    with serve(tmp_path_factory, INPAINTING_NETWORKS=f"borders={folder}") as url:
        yield url


@pytest.fixture(params=["desktop", "phone"])
def mine(visit, tmp_path, request) -> Demo:
    """A photo in whose middle a hole was filled."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(90, 130, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "mine.png")
    demo = visit(request.param)
    demo.open(tmp_path / "mine.png")
    with demo.filling():
        demo.draw((0.4, 0.5), (0.6, 0.5))
    demo.set("mode", "faithful")
    demo.until_rests()
    return demo


def middle(demo: Demo) -> np.ndarray:
    return np.array(demo.download()[0]).astype(float)[140:160, 130:170]


def choose(demo: Demo, on: str) -> None:
    demo.page.locator("[data-menu=line] summary").click()
    demo.page.locator(f"[data-act=line][data-on='{on}']").click()


def test_borders_are_shown_drawn_and_erased(mine, keep):
    demo = mine
    plain = middle(demo)
    choose(demo, "1")
    assert "Draw borders" in demo.status() and demo.js("session.lines") is None
    with demo.filling():
        demo.draw((0.45, 0.49), (0.55, 0.51))
    demo.until(lambda: demo.js("session.lines?.box"))
    keep(demo)
    drawn = middle(demo)
    assert demo.js("session.step.fill.asked.network") == "borders"
    assert not np.array_equal(drawn, plain)
    choose(demo, "0")
    with demo.filling():
        demo.draw((0.45, 0.49), (0.55, 0.51))
    assert not np.array_equal(middle(demo), drawn)
    demo.press("undo")
    assert np.array_equal(middle(demo), drawn)


def test_a_network_and_its_passes_are_chosen(visit):
    demo = visit("window")
    demo.page.keyboard.press("l")
    assert demo.js("session.tool.kind") == "line"
    demo.page.locator("[data-menu=more] summary").click()
    assert not demo.page.locator(".passes").is_visible()
    demo.page.locator("[data-set=network]").select_option("borders")
    demo.until(lambda: demo.js("session.step.fill.asked.network") == "borders")
    demo.until_rests()
    assert demo.page.locator("[data-set=passes] option").all_inner_texts() == ["1", "2", "3"]
    assert demo.page.locator("[data-set=passes]").input_value() == "3"
    demo.page.locator("[data-set=passes]").select_option("2")
    demo.until(lambda: demo.js("session.step.fill.asked.passes") == 2)
    demo.until_rests()
