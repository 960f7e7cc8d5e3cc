"""Every limit, against the running app: locally and as a Space; and endpoints that are none."""

import asyncio
import base64
import json
import os
import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from inpainting.demo import component, limits, middleware
from tests.endpoint import file_data, fill, result, upload
from tests.robustness.attacking import LEAK, PICTURE, TOOLS, call, join
from tests.robustness.odd_files import png_file
from tests.running_app import PATIENCE, running_app

pytestmark = [pytest.mark.slow]
PARTS = int(os.environ.get("PARTS", "300"))  # of a flood, 1 MB each


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
    stored = file_data(upload(app, PICTURE))
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
    stored = file_data(upload(app, PICTURE))
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
        assert answer.status_code == 413 and answer.json()["detail"] == middleware.TOO_LARGE


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
    stored = file_data(upload(app, PICTURE))
    body = {"image": stored, "mask_image": stored, "strategy": "crop", "feather": 0}

    async def flood() -> list[httpx.Response]:
        limit = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=app.base_url, timeout=PATIENCE, limits=limit) as many:
            posts = (
                many.post("/gradio_api/call/v2/fill", json=body) for _ in range(5 * limits.WAITING)
            )
            return await asyncio.gather(*posts)

    answers = asyncio.run(flood())
    busy = [answer for answer in answers if answer.status_code == 503]
    assert busy and {answer.json()["detail"] for answer in busy} == {middleware.BUSY}
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


def test_the_page_alone_names_what_is_fetched_beside_it(app):
    assert app.get("/").headers.get_list("link") == [component.links()]
    for path in ("/config", "/gradio_api/info", "/nothing", f"/{component.FILES}/main.js"):
        assert "link" not in app.get(path).headers
    for address in re.findall("<(.+?)>", component.links()):
        assert app.get(address).status_code == 200


def server(app: httpx.Client) -> psutil.Process:
    port = urlsplit(str(app.base_url)).port
    for process in psutil.Process().children():
        if any(c.laddr.port == port for c in process.net_connections() if c.status == "LISTEN"):
            return process
    raise LookupError("the app is not a child of this process")


@pytest.mark.parametrize(
    "app", ["local", pytest.param("space", marks=pytest.mark.nightly)], indirect=True
)
def test_a_flood_of_large_requests_fills_no_memory(app):
    process = server(app)
    png = base64.b64encode(bytes(3 * 2**18)).decode()  # 1 MB, and no picture
    stored = upload(app, PICTURE)

    def send(number: int) -> None:
        data = {"number": number, "photo": stored, "patches": [], "box": [0, 0, 3, 3], "png": png}
        answer = call(app, "select", data | {"what": "object"})
        assert answer.json()["error"].startswith("The given file is not a picture"), answer.text

    for number in range(20):
        send(number)
    before = process.memory_info().rss
    for number in range(PARTS):
        send(number)
    grown = (process.memory_info().rss - before) / 2**20
    print(f"{PARTS} requests: {grown:.0f} MB")
    assert grown < min(256, PARTS / 2)
    start = time.monotonic()
    assert app.get("/config").status_code == 200 and time.monotonic() - start < 10


EXAMPLE = {"number": 1, "photo": "example:1_scratches", "patches": []}
ODD = (
    None, 1, "fill", [], [[]], {}, {"number": 1}, {"number": {"a": [1]}, "photo": 1, "patches": 1},
    EXAMPLE | {"number": 10**30},
    EXAMPLE | {"photo": "example:\ud800"},
    EXAMPLE | {"patches": [{"box": [2**70, 0, 1, 1], "path": ""}]},
    EXAMPLE | {"patches": {"box": 1}},
    EXAMPLE | {"box": [0, 0, 9, 9], "png": "%"},
    EXAMPLE | {"grow": 1e9},
)  # fmt: skip


@pytest.mark.parametrize("data", ODD, ids=range(len(ODD)))
def test_requests_of_no_canvas_are_refused_in_a_sentence(app, data):
    for name in TOOLS:
        answer = call(app, name, data)
        assert answer.status_code == 200 and set(answer.json()) - {"gone"} == {"error"}, answer.text
        assert not LEAK.search(answer.text), answer.text
    told = join(app, "fill_painted", event_data=data)
    answer, *shown = told["output"]["data"]
    assert told["success"] and set(answer) - {"gone"} == {"number", "error"}, told
    assert not LEAK.search(json.dumps(told)) and len(shown) == 5
    told = join(app, "compare", [data])
    assert not told["success"] and not LEAK.search(json.dumps(told)), told


def test_a_part_that_is_a_bomb_is_refused_at_once(app):
    side = int(limits.PIXELS**0.5) + 10
    bomb = png_file(side, side, 1, 0, bytes((side // 8 + 2) * side))
    stored, place = upload(app, PICTURE), {"box": [0, 0, 3, 3]}
    data = {"number": 1, "photo": stored, "patches": [], "what": "object"}
    start = time.monotonic()
    for change in (
        place | {"png": base64.b64encode(bomb).decode()},
        {"patches": [place | {"path": upload(app, bomb)}]},
        {"photo": upload(app, bomb)},
    ):
        assert "more than 50 megapixels" in call(app, "select", data | change).json()["error"]
        told = join(app, "fill_painted", event_data=data | change)
        assert "more than 50 megapixels" in told["output"]["data"][0]["error"]
    assert time.monotonic() - start < 20


def test_who_leaves_in_mid_request_leaves_nothing_in_the_log(tmp_path):
    log = tmp_path / "log.txt"
    variables = {"GRADIO_TEMP_DIR": str(tmp_path / "gradio"), "HF_HUB_OFFLINE": "1"}
    with running_app(log, **variables) as url, httpx.Client(base_url=url, timeout=PATIENCE) as app:
        parts = urlsplit(url)
        for path, kind in (
            ("/gradio_api/upload", "multipart/form-data; boundary=x"),
            ("/gradio_api/component_server", "application/json"),
            ("/gradio_api/queue/join", "application/json"),
            ("/gradio_api/call/v2/fill", "application/json"),
        ):
            head = (
                f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {kind}\r\n"
                "Content-Length: 900000\r\n\r\n--x\r\n"
                'Content-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
            )
            with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
                connection.sendall(head.encode() + bytes(9000))
                time.sleep(0.3)  # it is being read
        stored = upload(app, PICTURE)  # and the app goes on
        assert call(app, "open_photo", {"path": stored}).json()["photo"] == stored
        time.sleep(0.5)
    words = log.read_text()
    assert "Traceback" not in words and "Disconnect" not in words and "Error" not in words, words


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
