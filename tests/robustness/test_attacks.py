"""Known attacks on Gradio, against the running app: locally and as a Space."""

import json
import re
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from inpainting.demo import downloads
from inpainting.io.images import decode
from tests.demo.visitor import box_mask, painted
from tests.endpoint import file_data, fill, result, upload
from tests.robustness.attacking import LEAK, PICTURE, TOOLS, call, join, rotating
from tests.running_app import ROOT

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def inside() -> Iterator[tuple[str, list[str]]]:
    """A server of the inner network, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"secret")

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


# Files of this machine


ROUTES = ("/gradio_api/file=", "/file=", "/file/", "/static/", "/assets/",
          "/gradio_api/download_file=")  # fmt: skip
SERVED = (
    "/etc/passwd",
    "//etc/passwd",
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "/proc/self/environ",
    "/proc/self/cmdline",
    "file:///etc/passwd",
    f"{ROOT}/app.py",
    "app.py",
    "inpainting/demo/middleware.py",
    f"{ROOT}/.git/config",
    f"{ROOT}/requirements.txt",
    f"{ROOT}/APP.PY",
    "C:\\\\Windows\\\\win.ini",
    "\\\\\\\\host\\\\share\\\\x",
    "/etc/passwd%00.png",
)


@pytest.mark.parametrize(("app", "route", "path"), rotating(ROUTES, SERVED), indirect=["app"])
def test_no_file_of_the_machine_is_served(app, route, path):
    answer = app.get(route + path)
    assert answer.status_code in (400, 403, 404, 405), answer.text
    assert (
        "root:" not in answer.text and "import" not in answer.text and "[core]" not in answer.text
    )


def test_traversal_from_the_cache_and_other_cache_names_are_refused(app):
    stored = upload(app, PICTURE)
    assert app.get(f"/gradio_api/file={stored}").content == PICTURE
    folder = stored.rsplit("/", 2)[0]
    for path in (
        f"{folder}/../../../../etc/passwd",
        f"{folder}/",
        f"{stored}/../../..",
        f"{stored}x",
    ):
        assert app.get(f"/gradio_api/file={path}").status_code in (400, 403, 404)


FIELDS = ({}, {"url": "file:///etc/passwd"}, {"is_stream": True})  # beside the path
GIVEN = (
    "/etc/passwd",
    f"{ROOT}/examples/1_scratches.jpg",
    "../examples/1_scratches.jpg",
    "file:///etc/passwd",
    "/proc/self/environ",
    "",
    "/",
    "\0",
)


@pytest.mark.parametrize(("app", "fields", "path"), rotating(FIELDS, GIVEN), indirect=["app"])
def test_no_file_of_the_machine_is_an_input(app, fields, path):
    stored = upload(app, PICTURE)
    for image, mask_image in ((path, stored), (stored, path)):
        event, data = fill(app, image=file_data(image, **fields), mask_image=file_data(mask_image))
        assert event == "error"
        assert not LEAK.search(json.dumps(data).replace(path, "")), data


def test_neither_by_name_nor_by_meta(app):
    body = {"data": [{"path": f"{ROOT}/examples/1_scratches.jpg"}] * 2 + ["crop", 0]}
    answer = app.post("/gradio_api/call/fill", json=body)
    event, data = result(app, answer.json()["event_id"])
    assert event == "error" and "was uploaded in the last hour" in data["error"]


@pytest.mark.parametrize("path", GIVEN)
def test_the_canvas_takes_no_file_of_the_machine(app, path):
    stored = upload(app, PICTURE)
    size = decode(PICTURE).size
    rest = {"number": 1, "what": "object", "kind": "lines", "percent": 9, "seed": 0, "name": "a"}
    painted_ = painted(box_mask(size, (1, 1, 4, 4)))
    patch = {"box": [0, 0, *size], "path": path}
    as_photo = rest | {"photo": path, "path": path, "patches": [], **painted_}
    as_patch = rest | {"photo": stored, "path": path, "patches": [patch], **painted_}
    for data in (as_photo, as_patch):
        for name in TOOLS:
            answer = call(app, name, data)
            assert answer.status_code == 200, answer.text
            assert answer.json() == {"error": answer.json()["error"], "gone": True}, answer.text
            assert not LEAK.search(answer.text.replace(path or "-", "")), answer.text
        told = join(app, "fill_painted", event_data=data)
        # Gradio itself refuses what names a file of the machine as one of its own.
        shown = told["output"]["data"][0] if told["success"] else {"error": ""}
        assert "error" in shown and "path" not in shown, told
        assert not LEAK.search(json.dumps(told).replace(path or "-", "")), told
        told = join(app, "compare", [data])
        assert not told["success"] and not LEAK.search(json.dumps(told).replace(path or "-", ""))


# Other machines


@pytest.mark.parametrize(
    "route",
    [
        "/gradio_api/file=",
        "/file=",
        "/gradio_api/proxy=",
        "/proxy=",
        "/gradio_api/FILE=",
        "/gradio_api/file=%68ttp",
    ],
)
def test_nothing_is_fetched_for_a_caller(app, inside, route):
    url, asked = inside
    for target in (
        f"{url}/secret",
        "http://169.254.169.254/latest/meta-data/",
        "https://example.com/",
    ):
        target = target.removeprefix("http") if route.endswith("%68ttp") else target
        answer = app.get(route + target)
        assert answer.status_code in (403, 404) and "secret" not in answer.text
    assert not asked


INNER = (
    "http://127.0.0.1:{port}/a.png",
    "http://localhost:{port}/a.png",
    "http://0.0.0.0:{port}/a.png",
    "http://[::1]:{port}/a.png",
    "http://2130706433:{port}/a.png",
    "http://127.1:{port}/a",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/",
    "http://user@127.0.0.1:{port}/a.png",
)


@pytest.mark.parametrize(
    ("app", "key", "target"), rotating(("path", "url"), INNER), indirect=["app"]
)
def test_no_url_of_the_inner_network_is_an_input(app, inside, key, target):
    url, asked = inside
    stored, target = upload(app, PICTURE), target.format(port=urlsplit(url).port)
    image = file_data(**{"path": target, key: target})
    event, data = fill(app, image=image, mask_image=file_data(stored))
    assert event == "error" and downloads.REFUSED in json.dumps(data), data
    assert not asked


def test_other_origins_get_nothing_that_a_cookie_would_protect(app):
    for origin in ("null", "https://evil.example", "http://localhost.evil.example"):
        headers = {"origin": origin, "host": "localhost:7860", "cookie": "session=1"}
        answer = app.get("/config", headers=headers)
        assert answer.headers.get("access-control-allow-origin") != origin


def test_no_open_redirect(app):
    for path in (
        "//evil.example",
        "/login?_target_url=https://evil.example",
        "/logout",
        "/login/huggingface?_target_url=https://evil.example",
        "/gradio_api/logout",
    ):
        answer = app.get(path, follow_redirects=False)
        assert "evil.example" not in answer.headers.get("location", "")


def test_what_is_uploaded_is_never_a_page(app):
    for name in ("x.html", "x.svg", "x.js", "x.xhtml", "x.png"):
        stored = upload(app, b"<script>alert(1)</script>", name)
        answer = app.get(f"/gradio_api/file={stored}")
        kind = answer.headers["content-type"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert kind.startswith("image/png") or "attachment" in answer.headers["content-disposition"]
        assert "html" not in kind and "svg" not in kind and "script" not in kind


def test_names_of_files_lead_nowhere(app):
    escaped = Path(tempfile.gettempdir(), "escaped.png")
    for name in (
        f"../../../..{escaped}",
        str(escaped),
        "..\\..\\escaped.png",
        "a" * 300,
    ):
        stored = upload(app, PICTURE, name)
        assert ".." not in Path(stored).parts and len(Path(stored).name) < 256
        assert re.fullmatch("[0-9a-f]{64}", Path(stored).parent.name)
    assert not escaped.exists()
