"""The modules of the painting canvas in a real browser: their own tests, and Pillow's eyes.

The tests are the exported functions ``test_…`` of ``canvas/*.test.js``; no server is running, the
browser's requests are answered from the checkout.
"""

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Error, Page, Route

from inpainting import demo
from tests.running_app import PATIENCE

pytestmark = pytest.mark.browser

TESTS = Path(__file__).parent / "canvas"
FOLDERS = {"canvas": Path(demo.__file__).parent / "canvas", "tests": TESTS}
ADDRESS = "http://canvas.test"
# A test that waits for what never comes has failed.
RUN = """async ([file, name, patience]) => {
    const late = new Promise((_, fail) => setTimeout(fail, 1000 * patience, new Error("too late")));
    await Promise.race([(await import(`/tests/${file}`))[name](), late]);
}"""
EXPORTS = "async (file) => Object.keys(await import(`/tests/${file}`))"
FUNCTION = re.compile(r"^export (?:async )?function (test_\w+)", re.MULTILINE)

FILES = sorted(path.name for path in TESTS.glob("*.test.js"))
FOUND = {file: FUNCTION.findall((TESTS / file).read_text()) for file in FILES}


def answer(route: Route) -> None:
    """A module from the checkout; anything else is an empty page."""
    _, folder, name = f"{route.request.url.removeprefix(ADDRESS)}/".split("/")[:3]
    if folder not in FOLDERS:
        route.fulfill(content_type="text/html", body="<!doctype html><title>Tests</title>")
    elif (path := FOLDERS[folder] / name).is_file():
        route.fulfill(content_type="text/javascript", body=path.read_text())
    else:
        route.fulfill(status=404, body="")


@pytest.fixture(scope="package")
def blank(chromium: Browser) -> Iterator[Page]:
    """An empty page that can import the modules; one for all tests, they leave nothing in it."""
    context = chromium.new_context()
    context.route(f"{ADDRESS}/**", answer)
    page = context.new_page()
    page.goto(ADDRESS)
    yield page
    context.close()


@pytest.mark.parametrize(("file", "name"), [(file, name) for file in FILES for name in FOUND[file]])
def test_module(blank: Page, file: str, name: str) -> None:
    failure = None
    try:
        blank.evaluate(RUN, [file, name, PATIENCE])
    except Error as error:
        failure = error.message
    if failure:  # not while the error is handled: its trace would be shown a second time
        pytest.fail(failure, pytrace=False)


@pytest.mark.parametrize("file", FILES)
def test_no_test_is_left_out(blank: Page, file: str) -> None:
    exported = [name for name in blank.evaluate(EXPORTS, file) if name.startswith("test_")]
    assert sorted(FOUND[file]) == sorted(exported) != []


def test_every_module_has_tests() -> None:
    source = "".join((TESTS / file).read_text() for file in FILES)
    inner = {"capsule.js", "growth.js", "runs.js", "snapshot.js"}  # tested through hole.js
    page = {"main.js", "stage.js", "strip.js", "toolbar.js"}  # through the page
    modules = {path.name for path in FOLDERS["canvas"].glob("*.js")}
    assert set(re.findall(r'"/canvas/([a-z]+\.js)"', source)) == modules - inner - page


def test_a_failing_test_fails_here(blank: Page) -> None:
    failing = "async () => (await import('/tests/check.js')).equal([1, 2], [1, 3], 'sides')"
    with pytest.raises(Error, match=r"sides: \[1,2\], expected \[1,3\]"):
        blank.evaluate(failing)


def test_pillow_reads_the_mask_image_of_a_large_photo(blank: Page) -> None:
    width, height, radius = 4000, 3000, 250
    encoded = blank.evaluate(
        """async ([width, height, radius]) => {
            const { Hole } = await import("/canvas/hole.js");
            const { encodeHole, toBase64 } = await import("/canvas/png.js");
            const hole = new Hole(width, height);
            hole.stroke(900, 1200, 2900.5, 1200, radius, 1);
            return toBase64(await encodeHole(hole));
        }""",
        [width, height, radius],
    )
    data = base64.b64decode(encoded, validate=True)
    assert len(data) < 20_000
    mask_image = Image.open(io.BytesIO(data))
    assert (mask_image.mode, mask_image.size) == ("1", (width, height))
    y, x = np.mgrid[:height, :width] + 0.5
    away = np.hypot(x - np.clip(x, 900, 2900.5), y - 1200)
    np.testing.assert_array_equal(np.array(mask_image), away <= radius)
