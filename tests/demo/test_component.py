"""The canvas's own files: served to every browser, at addresses that change with them."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from inpainting.demo import component, limits
from inpainting.demo.component import FILES, FOLDER, SERVED, VERSION, links, thumbnail, version
from inpainting.demo.examples import EXAMPLES, examples_folder, read_mask_image, read_photo
from inpainting.demo.images import COLOURS, mark, preview
from tests.running_app import ROOT

KINDS = {".js": "javascript", ".css": "text/css", ".jpg": "image/jpeg", ".png": "image/png"}


@pytest.fixture(params=["at the root", "below a prefix", "below a prefix that a proxy strips"])
def client(request):
    """A browser of the app, and what its addresses begin with."""
    prefix = "/user/app" if request.param != "at the root" else ""
    client = TestClient(Starlette(routes=component.ROUTES), root_path=prefix)
    client.begin = prefix if request.param == "below a prefix" else ""
    return client


def test_every_file_is_served_as_what_it_is(client):
    for name, path in SERVED.items():
        answer = client.get(f"{client.begin}/{FILES}/{name}")
        assert answer.status_code == 200 and answer.content == path.read_bytes(), name
        assert KINDS[path.suffix] in answer.headers["content-type"]
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert client.head(f"{client.begin}/{FILES}/{name}").status_code == 200


def test_the_folder_and_the_examples_are_served_and_nothing_else(client):
    scripts = {path.name for path in FOLDER.iterdir() if path.suffix in (".js", ".css")}
    pictures = {path.name for path in examples_folder().iterdir()}
    assert set(SERVED) == scripts | pictures - {"examples.json", "LICENSES.md"}
    for name in (
        "nothing.js", "canvas.html", "examples.json", "..", "../component.py",
        "%2e%2e/component.py", "..%2fcomponent.py", "main.js%00", f"{FOLDER}/main.js", "",
    ):  # fmt: skip
        assert client.get(f"{client.begin}/{FILES}/{name}").status_code == 404, name
    assert client.post(f"{client.begin}/{FILES}/main.js").status_code == 405


def test_what_an_older_page_asks_for_is_not_kept(client):
    answer = client.get(f"{client.begin}/canvas/older/main.js")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"


def test_the_address_changes_with_every_file_and_name(tmp_path):
    assert re.fullmatch("[0-9a-f]{12}", VERSION) and version(SERVED) == VERSION
    for name in ("a.js", "b.js"):
        (tmp_path / name).write_bytes(b"one" if name == "a.js" else b"")
    files = {path.name: path for path in sorted(tmp_path.iterdir())}
    seen = {version(files), version({"c.js": files["a.js"], "b.js": files["b.js"]})}
    files["a.js"].write_bytes(b"two")
    seen.add(version(files))
    files["a.js"].write_bytes(b"")
    files["b.js"].write_bytes(b"one")
    seen.add(version(files))
    assert len(seen) == 4


def test_what_is_fetched_beside_the_page_is_there():
    parts = [re.fullmatch(r"<(.+?)>; (rel=.+)", part).groups() for part in links().split(", ")]
    names = [address.removeprefix(f"{FILES}/") for address, _ in parts]
    assert set(names) <= set(SERVED) and len(names) == len(set(names))
    assert {name for name in names if name.endswith(".js")} == {
        path.name for path in FOLDER.glob("*.js")
    }
    kinds = dict(zip(names, (kind for _, kind in parts), strict=True))
    assert kinds["canvas.css"] == "rel=preload; as=style"
    assert kinds["main.js"] == "rel=modulepreload"
    assert kinds[EXAMPLES[0].photo.name] == "rel=preload; as=fetch; crossorigin"
    assert links().isascii() and "\n" not in links()


def test_every_script_that_another_one_imports_is_served():
    for path in FOLDER.glob("*.js"):
        for name in re.findall(r'(?:from|import)\s*\(?\s*"\./([^"]+)"', path.read_text()):
            assert name in SERVED, f"{path.name} imports {name}"
    assert f'"{FILES}/main.js"' in component.SCRIPT
    assert component.head() == f'<link rel="stylesheet" href="{FILES}/canvas.css">'


def test_the_canvas_is_told_what_it_needs():
    canvas = component.canvas()
    assert canvas.elem_id == "canvas" and canvas.server_fns
    config = canvas.get_config()
    told = config["props"] if "props" in config else config
    assert told["colours"] == COLOURS and told["limits"] == {"file": limits.FILE}
    assert [example["name"] for example in told["examples"]] == [each.name for each in EXAMPLES]
    for told_of, example in zip(told["examples"], EXAMPLES, strict=True):
        for address in (told_of["photo"], told_of["mask_image"]):
            assert address.removeprefix(f"{FILES}/") in SERVED
        assert told_of["known"] == example.known and told_of["alt"] == example.alt
    assert str(ROOT) not in repr(told) and "original" not in repr(told).lower().split("caption")[0]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_thumbnails_are_small_and_tint_what_is_removed(example):
    head, _, content = thumbnail(example).partition(",")
    assert head == "data:image/webp;base64" and len(content) < 12_000
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        assert image.format == "WEBP" and max(image.size) == component.THUMBNAIL
        pixels = np.asarray(image.convert("RGB"), float)
    plain, tinted = (
        np.asarray(preview(each, component.THUMBNAIL).convert("RGB"), float)
        for each in (read_photo(example), mark(read_photo(example), read_mask_image(example)))
    )
    near, far = (np.abs(pixels - each).mean() for each in (plain, tinted))
    assert (near < far) == (example.original is not None)
