"""Known attacks on Gradio, and every limit, against the running app: locally and as a Space."""

import asyncio
import json
import os
import re
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from demo import downloads, guard, limits
from tests.endpoint import file_data, fill, result, upload
from tests.odd_files import noise, png_file, saved
from tests.running_app import PATIENCE, ROOT

pytestmark = [pytest.mark.slow]
PARTS = int(os.environ.get("PARTS", "500"))  # of a flood, 1 MB each
LEAK = re.compile(r"Traceback|File \"|/root/|/home/|/usr/|\.venv|site-packages|root:x:0")


@pytest.fixture(params=["address", "space_address"], ids=["local", "space"])
def app(request) -> Iterator[httpx.Client]:
    url = request.getfixturevalue(request.param)
    with httpx.Client(base_url=url, timeout=PATIENCE) as client:
        yield client


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


def picture() -> bytes:
    from PIL import Image

    return saved(Image.fromarray(noise(3)), "PNG")


def join(app: httpx.Client, name: str, data: list, session: str = "attack") -> str:
    """Everything that is told of an event of the page."""
    config = app.get("/config").json()
    number = next(d["id"] for d in config["dependencies"] if name in (d["api_name"] or ""))
    body = {"data": data, "fn_index": number, "session_hash": session, "event_data": None}
    answer = app.post("/gradio_api/queue/join", json=body)
    assert answer.status_code == 200, answer.text
    with app.stream("GET", f"/gradio_api/queue/data?session_hash={session}") as stream:
        lines = []
        for line in stream.iter_lines():
            lines.append(line)
            if "process_completed" in line or "close_stream" in line:
                break
    return "\n".join(lines)


# Files of this machine


@pytest.mark.parametrize(
    "path",
    [
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
        "demo/guard.py",
        f"{ROOT}/.git/config",
        f"{ROOT}/requirements.txt",
        f"{ROOT}/APP.PY",
        "C:\\\\Windows\\\\win.ini",
        "\\\\\\\\host\\\\share\\\\x",
        "/etc/passwd%00.png",
    ],
)
@pytest.mark.parametrize(
    "route",
    ["/gradio_api/file=", "/file=", "/file/", "/static/", "/assets/", "/gradio_api/download_file="],
)
def test_no_file_of_the_machine_is_served(app, route, path):
    answer = app.get(route + path)
    assert answer.status_code in (400, 403, 404, 405), answer.text
    assert (
        "root:" not in answer.text and "import" not in answer.text and "[core]" not in answer.text
    )


def test_traversal_from_the_cache_and_other_cache_names_are_refused(app):
    stored = upload(app, picture())
    assert app.get(f"/gradio_api/file={stored}").content == picture()
    folder = stored.rsplit("/", 2)[0]
    for path in (
        f"{folder}/../../../../etc/passwd",
        f"{folder}/",
        f"{stored}/../../..",
        f"{stored}x",
    ):
        assert app.get(f"/gradio_api/file={path}").status_code in (400, 403, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        f"{ROOT}/examples/1_scratches.jpg",
        "../examples/1_scratches.jpg",
        "file:///etc/passwd",
        "/proc/self/environ",
        "",
        "/",
        "\0",
    ],
)
@pytest.mark.parametrize("extra", [{}, {"url": "file:///etc/passwd"}, {"is_stream": True}])
def test_no_file_of_the_machine_is_an_input(app, path, extra):
    stored = upload(app, picture())
    for image, mask_image in ((path, stored), (stored, path)):
        event, data = fill(app, image=file_data(image, **extra), mask_image=file_data(mask_image))
        assert event == "error"
        assert not LEAK.search(json.dumps(data).replace(path, "")), data


def test_neither_by_name_nor_by_meta(app):
    body = {"data": [{"path": f"{ROOT}/examples/1_scratches.jpg"}] * 2 + ["crop", 0]}
    answer = app.post("/gradio_api/call/fill", json=body)
    event, data = result(app, answer.json()["event_id"])
    assert event == "error" and "was uploaded in the last hour" in data["error"]


def test_the_page_s_own_events_take_no_file_of_the_machine(app):
    path = f"{ROOT}/examples/1_scratches.jpg"
    for name, data in (
        ("open_photo", [file_data(path)]),
        ("go_on", [file_data(path), None]),
        ("compare", [[file_data(path)] * 3]),
        ("bring_mask", [file_data(path), {"background": file_data(path), "layers": []}, None]),
    ):
        told = join(app, name, data, f"attack-{name}")
        assert '"success":false' in told.replace(" ", ""), told
        assert not LEAK.search(told.replace(path, "")), told


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


@pytest.mark.parametrize("key", ["path", "url"])
def test_no_url_of_the_inner_network_is_an_input(app, inside, key):
    url, asked = inside
    stored = upload(app, picture())
    port = urlsplit(url).port
    for target in (
        f"{url}/a.png",
        f"http://localhost:{port}/a.png",
        f"http://0.0.0.0:{port}/a.png",
        f"http://[::1]:{port}/a.png",
        f"http://2130706433:{port}/a.png",
        f"http://127.1:{port}/a",
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/",
        f"http://user@127.0.0.1:{port}/a.png",
    ):
        event, data = fill(
            app, image=file_data(**{"path": target, key: target}), mask_image=file_data(stored)
        )
        assert event == "error" and downloads.REFUSED in json.dumps(data), (target, data)
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
        stored = upload(app, picture(), name)
        assert ".." not in Path(stored).parts and len(Path(stored).name) < 256
        assert re.fullmatch("[0-9a-f]{64}", Path(stored).parent.name)
    assert not escaped.exists()


# Endpoints and limits


@pytest.mark.parametrize(
    "path",
    [
        "/run/fill",
        "/gradio_api/run/fill",
        "/api/fill",
        "/gradio_api/api/fill",
        "/gradio_api/run/predict",
    ],
)
def test_no_way_around_the_queue(app, path):
    stored = file_data(upload(app, picture()))
    assert app.post(path, json={"data": [stored, stored, "crop", 0]}).status_code in (400, 404, 405)


@pytest.mark.parametrize(
    "path",
    ["/monitoring", "/gradio_api/monitoring", "/gradio_api/monitoring/summary", "/gradio_api/runs"],
)
def test_nobody_watches_the_others(app, path):
    assert app.get(path).status_code in (403, 404, 405)


def test_private_parts_are_not_listed_and_help_nobody(app):
    assert list(app.get("/gradio_api/info").json()["named_endpoints"]) == ["/fill"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/gradio_api/call/nothing", {"data": []}),
        ("/gradio_api/call/v2/nothing", {}),
        ("/gradio_api/call/fill", {"data": "x"}),
        ("/gradio_api/call/fill", []),
        ("/gradio_api/call/v2/fill", {"strange": 1}),
        ("/gradio_api/queue/join", {"fn_index": 9999, "data": [], "session_hash": "a"}),
        ("/gradio_api/queue/join", {"fn_index": -1, "data": [], "session_hash": "a"}),
        ("/gradio_api/queue/join", {"data": [], "session_hash": "a"}),
        (
            "/gradio_api/component_server",
            {"component_id": 9999, "data": 1, "session_hash": "a", "fn_name": "x"},
        ),
        (
            "/gradio_api/component_server",
            {"component_id": 1, "data": 1, "session_hash": "a", "fn_name": "__init__"},
        ),
        ("/gradio_api/component_server", {}),
        ("/gradio_api/cancel", {}),
        ("/gradio_api/reset", {"event_id": "x"}),
    ],
)
def test_requests_that_fit_nothing_are_the_client_s_error(app, path, body):
    answer = app.post(path, json=body)
    assert answer.status_code < 500, answer.text
    assert not LEAK.search(answer.text), answer.text


def test_arguments_of_other_types_are_refused_in_words(app):
    stored = file_data(upload(app, picture()))
    for options in (
        {"feather": 1e30},
        {"feather": "soft"},
        {"feather": None},
        {"feather": [1]},
        {"strategy": None},
        {"strategy": ["crop"]},
        {"strategy": {}},
    ):
        event, data = fill(app, image=stored, mask_image=stored, **options)
        assert event == "error" and data["error"], (options, data)
    for wrong in (None, 1, [], "a.png", {"path": 1}, {}):
        event, data = fill(app, image=wrong, mask_image=stored)
        assert event == "error" and not LEAK.search(json.dumps(data)), data


def test_a_large_request_is_refused_declared_or_not(app):
    many = limits.JSON + 1
    for content in (b"x" * many, (b"x" * 2**16 for _ in range(many // 2**16 + 1))):
        answer = app.post("/gradio_api/queue/join", content=content)
        assert answer.status_code == 413 and answer.json()["detail"] == guard.TOO_LARGE


def test_a_file_above_the_limit_is_refused_and_so_are_many(app):
    block = bytes(2**20)
    count = limits.FILE // 2**20

    def parts(files: int, blocks: int) -> Iterator[bytes]:
        for _ in range(files):
            yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
            yield from (block for _ in range(blocks))
            yield b"\r\n"
        yield b"--x--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=x"}
    for content in (parts(1, count + 1), parts(count + 4, 1)):
        answer = app.post("/gradio_api/upload", content=content, headers=headers)
        assert answer.status_code == 413, answer.text


def test_pixels_above_the_limit_are_refused_at_once(app):
    side = int(limits.PIXELS**0.5) + 10
    stored = upload(app, png_file(side, side, 1, 0, bytes((side // 8 + 2) * side)))
    start = time.monotonic()
    event, data = fill(app, image=file_data(stored), mask_image=file_data(stored))
    assert event == "error" and "more than 50 megapixels" in data["error"]
    assert time.monotonic() - start < 10


def test_the_whole_picture_at_once_has_a_limit_of_its_own(app):
    side = int(limits.PIXELS_AT_ONCE**0.5) + 10
    stored = upload(app, png_file(side, side, 1, 0, bytes((side // 8 + 2) * side)))
    event, data = fill(
        app, image=file_data(stored), mask_image=file_data(stored), strategy="original"
    )
    assert event == "error" and "at most 4 megapixels" in data["error"]


def test_a_flood_is_told_to_come_back(app):
    stored = file_data(upload(app, picture()))
    body = {"image": stored, "mask_image": stored, "strategy": "crop", "feather": 0}

    async def flood() -> list[httpx.Response]:
        limit = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=app.base_url, timeout=PATIENCE, limits=limit) as many:
            posts = (many.post("/gradio_api/call/v2/fill", json=body) for _ in range(200))
            return await asyncio.gather(*posts)

    answers = asyncio.run(flood())
    busy = [answer for answer in answers if answer.status_code == 503]
    assert busy and {answer.json()["detail"] for answer in busy} == {guard.BUSY}
    assert {answer.status_code for answer in answers} == {200, 503}
    for answer in answers:
        if answer.status_code == 200:
            result(app, answer.json()["event_id"])
    event, _ = fill(app, image=stored, mask_image=stored)  # and afterwards all is well
    assert event in ("complete", "error")


def test_every_answer_has_the_headers_that_the_hub_can_frame(app):
    for path in ("/", "/config", "/gradio_api/info", "/nothing", "/gradio_api/file=http://a"):
        headers = app.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "https://huggingface.co" in headers["content-security-policy"]
        assert "x-frame-options" not in headers


def server(app: httpx.Client) -> psutil.Process:
    port = urlsplit(str(app.base_url)).port
    for process in psutil.Process().children():
        if any(c.laddr.port == port for c in process.net_connections() if c.status == "LISTEN"):
            return process
    raise LookupError("the app is not a child of this process")


def editor_id(app: httpx.Client) -> int:
    components = app.get("/config").json()["components"]
    return next(c["id"] for c in components if c["type"] == "imageeditor")


def test_a_flood_of_parts_fills_no_memory(app):
    process, editor = server(app), editor_id(app)
    content = bytes(2**20)

    def send(name: str, index: str, size: int = len(content)) -> int:
        fields = {
            "component_id": str(editor),
            "session_hash": "flood",
            "fn_name": "accept_blobs",
            "type": "layer",
            "index": index,
            "id": name,
        }
        files = {"file": ("blob", content[:size])}
        return app.post("/gradio_api/component_server", data=fields, files=files).status_code

    for _ in range(20):
        send("warm", "0")
    before = process.memory_info().rss
    for index in ("1000000000", "20000000", "-1"):
        assert send("far", index, 1) == 400
    for number in range(PARTS):
        assert send(str(number), "0") == 200
    print(f"{PARTS} parts: {(process.memory_info().rss - before) / 2**20:.0f} MB")
    assert process.memory_info().rss - before < 256 * 2**20
    start = time.monotonic()
    assert app.get("/config").status_code == 200 and time.monotonic() - start < 10


def test_a_broken_head_ends_no_process(app):
    parts = urlsplit(str(app.base_url))
    for raw in (
        b"\x00" * 100,
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /" + b"a" * 10**6 + b" HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
            connection.sendall(raw)
    assert app.get("/config").status_code == 200
