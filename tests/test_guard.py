"""What stands before Gradio, part by part; the whole app is attacked in test_attacks.py."""

import asyncio
import os
import time

import gradio as gr
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from demo import downloads, guard, limits
from demo.downloads import fetch
from demo.guard import Guard
from demo.sweeping import Sweeper, sweep


async def echo(request: Request) -> PlainTextResponse:
    body = await request.body()
    return PlainTextResponse(str(len(body)), headers={"referrer-policy": "no-referrer"})


async def swallow(request: Request) -> PlainTextResponse:
    """A handler that takes every failure for the client's."""
    try:
        await request.body()
    except Exception:  # noqa: BLE001
        return PlainTextResponse("bad", status_code=400)
    return PlainTextResponse("good")


async def fail(_: Request) -> PlainTextResponse:
    raise KeyError("no such component")


async def full(_: Request) -> PlainTextResponse:
    return PlainTextResponse("Queue is full. Max size is 20 and size is 20.", status_code=503)


def ask(
    method: str, path: str, seen: list | None = None, waiting: int = 0, **options
) -> httpx.Response:
    routes = [
        Route(f"/{handler.__name__}{{rest:path}}", handler, methods=["GET", "POST"])
        for handler in (echo, swallow, fail, full)
    ]
    told = (seen if seen is not None else []).append
    guarded = Middleware(Guard, on_bytes=told, waiting=lambda: waiting)
    app = Starlette(routes=routes, middleware=[guarded])

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.request(method, path, **options)

    return asyncio.run(call())


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(limits, "JSON", 100)
    monkeypatch.setattr(limits, "BODY", 1000)


async def in_pieces(pieces: int):
    for _ in range(pieces):
        yield b"x" * 40


@pytest.mark.parametrize("path", ["/echo", "/swallow"])
def test_bodies_are_counted_declared_or_not(small, path):
    files = {"content-type": "multipart/form-data; boundary=x"}
    assert ask("POST", path, content=b"x" * 100).status_code == 200
    for content in (b"x" * 101, in_pieces(3)):
        answer = ask("POST", path, content=content)
        assert answer.status_code == 413 and answer.json() == {"detail": guard.TOO_LARGE}
    assert ask("POST", path, content=b"x" * 1000, headers=files).status_code == 200
    for content in (b"x" * 1001, in_pieces(26)):
        assert ask("POST", path, content=content, headers=files).status_code == 413
    lie = {"content-length": "3"}
    assert ask("POST", path, content=in_pieces(9), headers=lie).status_code == 413


def test_every_part_is_told():
    seen: list[int] = []
    ask("POST", "/echo", seen, content=in_pieces(3))
    assert sum(seen) == 120 and len(seen) >= 3


@pytest.mark.parametrize(
    "path",
    ["/echo/file=http://a.b/c", "/echo/file=HTTPS://a.b", "/echo/proxy=https://a.b", "/echo/FILE=ftp://a"],
)  # fmt: skip
def test_nothing_is_handed_on_from_other_machines(path):
    answer = ask("GET", path)
    assert answer.status_code == 403 and answer.json() == {"detail": guard.NO_PROXY}
    assert ask("GET", "/echo/file=/a/b.png").status_code == 200


def test_a_full_queue_says_busy():
    answer = ask("POST", "/full")
    assert answer.status_code == 503 and answer.json() == {"detail": guard.BUSY}
    assert "try again" in guard.BUSY and answer.headers["retry-after"] == "5"
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("path", ["/echo/call/v2/fill", "/echo/queue/join", "/echo/call/fill/"])
def test_nobody_joins_a_full_queue(path):
    answer = ask("POST", path, waiting=limits.WAITING)
    assert answer.status_code == 503 and answer.json() == {"detail": guard.BUSY}
    assert ask("POST", path, waiting=limits.WAITING - 1).status_code == 200
    assert ask("GET", path, waiting=limits.WAITING).status_code == 200
    assert ask("POST", "/echo/queue/joined", waiting=limits.WAITING).status_code == 200


def test_who_is_on_the_way_into_the_queue_counts(monkeypatch):
    monkeypatch.setattr(limits, "WAITING", 3)
    inside, most = 0, 0

    async def slow(scope, receive, send) -> None:
        nonlocal inside, most
        while (await receive()).get("more_body"):
            pass
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.05)
        inside -= 1
        await PlainTextResponse("")(scope, receive, send)

    async def burst() -> list[int]:
        transport = httpx.ASGITransport(Guard(slow, lambda _: None, lambda: 0))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            posts = [client.post("/call/fill") for _ in range(9)]
            first = await asyncio.gather(*posts)
            return [answer.status_code for answer in [*first, await client.post("/call/fill")]]

    codes = asyncio.run(burst())
    assert most == 3 and codes.count(503) == 6 and codes[-1] == 200


def test_who_is_slow_to_ask_keeps_nobody_out(monkeypatch):
    monkeypatch.setattr(limits, "WAITING", 2)

    async def endless():
        yield b"{"
        await asyncio.sleep(60)

    async def call() -> int:
        async def app(scope, receive, send) -> None:
            while (await receive()).get("more_body"):
                pass
            await PlainTextResponse("")(scope, receive, send)

        transport = httpx.ASGITransport(Guard(app, lambda _: None, lambda: 0))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            slow = [asyncio.create_task(client.post("/call/fill", content=endless()))
                    for _ in range(5)]  # fmt: skip
            await asyncio.sleep(0.05)
            answer = await client.post("/call/fill", content=b"{}")
            for task in slow:
                task.cancel()
            return answer.status_code

    assert asyncio.run(call()) == 200


def test_what_is_not_there_is_the_client_s_error_and_logged(caplog):
    answer = ask("POST", "/fail")
    assert answer.status_code == 400 and answer.json() == {"detail": guard.UNFIT}
    assert "no such component" in caplog.text


@pytest.mark.parametrize("path", ["/echo", "/full", "/fail", "/echo/proxy=http://a"])
def test_every_answer_has_the_headers(path):
    headers = ask("GET", path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'self' https://huggingface.co" in headers["content-security-policy"]
    assert "x-frame-options" not in headers  # the Hub frames its Spaces
    assert len(headers.get_list("referrer-policy")) == 1


# What is kept


def test_old_files_go_then_the_oldest_until_the_rest_fits(tmp_path):
    now = time.time()
    for number, age in enumerate((4000, 3000, 2000, 1000, 0)):
        path = tmp_path / f"folder{number}" / "picture.png"
        path.parent.mkdir()
        path.write_bytes(bytes(100))
        os.utime(path, (now - age, now - age))
    kept = {str(tmp_path / "folder0" / "picture.png")}
    assert sweep(tmp_path, 3500, 1000, kept) == set()
    assert sweep(tmp_path, 2500, 1000, kept) == {str(tmp_path / "folder1" / "picture.png")}
    assert not (tmp_path / "folder1").exists()
    removed = sweep(tmp_path, 2500, 200, kept)
    assert removed == {str(tmp_path / "folder2" / "picture.png")}
    assert sorted(path.parent.name for path in tmp_path.rglob("*.png")) == [
        "folder0", "folder3", "folder4"
    ]  # fmt: skip


def test_a_flood_is_swept_at_once_and_gradio_forgets_it_too(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(limits, "DISK", 1000)
    thumbnail, upload = tmp_path / "thumbnail.png", tmp_path / "upload.png"
    for path in (thumbnail, upload):
        path.write_bytes(bytes(900))

    async def run() -> gr.Blocks:
        with gr.Blocks(analytics_enabled=False) as blocks:
            image = gr.Image()
        image.keep_in_cache = {str(thumbnail)}
        blocks.upload_file_set.add(str(upload))
        sweeper = Sweeper(blocks)
        async with sweeper.lifespan(None):
            sweeper.note(100)
            await asyncio.sleep(0.3)
            assert upload.exists()
            (tmp_path / "more.png").write_bytes(bytes(900))
            sweeper.note(100)
            for _ in range(100):
                await asyncio.sleep(0.05)
                if not upload.exists():
                    break
        return blocks

    blocks = asyncio.run(run())
    assert not upload.exists() and thumbnail.exists()
    assert str(upload) not in blocks.upload_file_set


# What is fetched


@pytest.fixture
def internet(monkeypatch):
    """Public machines: a function of a request that answers for all of them."""

    def install(answer) -> None:
        async def public(host: str) -> str:
            if host.startswith("inside"):
                raise ValueError(f"Hostname {host} failed validation")
            return "192.0.2.1"

        monkeypatch.setattr(downloads.safehttpx, "async_validate_url", public)
        monkeypatch.setattr(
            downloads.safehttpx, "AsyncSecureTransport", lambda _: httpx.MockTransport(answer)
        )

    return install


def get(url: str) -> httpx.Response:
    return asyncio.run(fetch(url))


def test_a_picture_at_a_public_address_is_fetched_over_redirects(internet):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/old":
            return httpx.Response(302, headers={"location": "https://cdn.example/new"})
        return httpx.Response(200, content=b"picture")

    internet(answer)
    response = get("https://example/old")
    assert response.status_code == 200 and response.content == b"picture"


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("http://inside.example/a.png", None),
        ("https://example/a.png", "http://inside.example/secret"),
        ("https://example/loop", "https://example/loop"),
        ("file:///etc/passwd", None),
        ("https://", None),
    ],
)
def test_other_addresses_are_refused_in_words(internet, url, location):
    def answer(_: httpx.Request) -> httpx.Response:
        assert location, "asked"
        return httpx.Response(302, headers={"location": location})

    internet(answer)
    with pytest.raises(gr.Error) as caught:
        get(url)
    assert caught.value.message == downloads.REFUSED and not caught.value.print_exception


@pytest.mark.parametrize("compressed", [False, True])
def test_endless_and_slow_answers_are_cut(internet, monkeypatch, compressed):
    import zlib

    monkeypatch.setattr(limits, "FILE", 10_000)
    squeezed = zlib.compress(bytes(10**6))
    headers = {"content-encoding": "deflate"} if compressed else {}
    internet(
        lambda _: httpx.Response(200, headers=headers, content=squeezed * (1 if compressed else 99))
    )
    with pytest.raises(gr.Error):
        get("https://example/a.png")

    async def slow(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(30)
        return httpx.Response(200)

    monkeypatch.setattr(limits, "DOWNLOAD_SECONDS", 0.05)
    internet(slow)
    with pytest.raises(gr.Error):
        get("https://example/a.png")
