"""The middleware before Gradio; the whole app is attacked in tests/robustness/test_attacks.py."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from inpainting.demo import limits
from inpainting.demo.middleware import BUSY, NO_PROXY, TOO_LARGE, UNFIT, Limiter
from tests.running_app import PATIENCE


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
    method: str, path: str, seen: list | None = None, waiting: int = 0, links: str = "", **options
) -> httpx.Response:
    routes = [
        Route(f"/{handler.__name__}{{rest:path}}", handler, methods=["GET", "POST"])
        for handler in (echo, swallow, fail, full)
    ]
    routes.append(Route("/", echo))
    told = (seen if seen is not None else []).append
    limited = Middleware(Limiter, on_bytes=told, waiting=lambda: waiting, links=links)
    app = Starlette(routes=routes, middleware=[limited])

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
        assert answer.status_code == 413 and answer.json() == {"detail": TOO_LARGE}
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
    assert answer.status_code == 403 and answer.json() == {"detail": NO_PROXY}
    assert ask("GET", "/echo/file=/a/b.png").status_code == 200


def test_a_full_queue_says_busy():
    answer = ask("POST", "/full")
    assert answer.status_code == 503 and answer.json() == {"detail": BUSY}
    assert "try again" in BUSY and answer.headers["retry-after"] == "5"
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize(
    "path",
    ["/echo/call/v2/fill", "/echo/queue/join", "/echo/call/fill/", "/echo/component_server",
     "/echo/COMPONENT_SERVER/"],
)  # fmt: skip
def test_nobody_joins_a_full_queue(path):
    answer = ask("POST", path, waiting=limits.WAITING)
    assert answer.status_code == 503 and answer.json() == {"detail": BUSY}
    assert ask("POST", path, waiting=limits.WAITING - 1).status_code == 200
    assert ask("GET", path, waiting=limits.WAITING).status_code == 200
    assert ask("POST", "/echo/queue/joined", waiting=limits.WAITING).status_code == 200


async def read_whole(receive) -> None:
    while (await receive()).get("more_body"):
        pass


def client_of(app) -> httpx.AsyncClient:
    """Of an application behind the middleware, whose queue is empty."""
    transport = httpx.ASGITransport(Limiter(app, lambda _: None, lambda: 0))
    return httpx.AsyncClient(transport=transport, base_url="http://app")


def test_who_is_on_the_way_into_the_queue_counts(monkeypatch):
    monkeypatch.setattr(limits, "WAITING", 3)

    async def burst() -> list[int]:
        go = asyncio.Event()

        async def slow(scope, receive, send) -> None:
            await read_whole(receive)
            await go.wait()
            await PlainTextResponse("")(scope, receive, send)

        async with client_of(slow) as client, asyncio.timeout(PATIENCE):
            posts = [asyncio.create_task(client.post("/call/fill")) for _ in range(9)]
            while sum(post.done() for post in posts) < 6:
                await asyncio.sleep(0)
            go.set()
            first = await asyncio.gather(*posts)
            return [answer.status_code for answer in [*first, await client.post("/call/fill")]]

    codes = asyncio.run(burst())
    assert codes.count(503) == 6 and codes[-1] == 200


def test_who_is_slow_to_ask_keeps_nobody_out(monkeypatch):
    monkeypatch.setattr(limits, "WAITING", 2)

    async def call() -> int:
        begun: list[int] = []

        async def endless():
            yield b"{"
            begun.append(1)
            await asyncio.Event().wait()

        async def app(scope, receive, send) -> None:
            await read_whole(receive)
            await PlainTextResponse("")(scope, receive, send)

        async with client_of(app) as client, asyncio.timeout(PATIENCE):
            slow = [asyncio.create_task(client.post("/call/fill", content=endless()))
                    for _ in range(5)]  # fmt: skip
            while len(begun) < len(slow):
                await asyncio.sleep(0)
            answer = await client.post("/call/fill", content=b"{}")
            for task in slow:
                task.cancel()
            return answer.status_code

    assert asyncio.run(call()) == 200


def test_what_is_not_there_is_the_client_s_error_and_logged(caplog):
    answer = ask("POST", "/fail")
    assert answer.status_code == 400 and answer.json() == {"detail": UNFIT}
    assert "no such component" in caplog.text


@pytest.mark.parametrize("path", ["/echo", "/full", "/fail", "/echo/proxy=http://a"])
def test_every_answer_has_the_headers(path):
    headers = ask("GET", path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'self' https://huggingface.co" in headers["content-security-policy"]
    assert "x-frame-options" not in headers  # the Hub frames its Spaces
    assert len(headers.get_list("referrer-policy")) == 1


def test_the_page_alone_says_what_to_fetch_beside_it():
    links = "<a.js>; rel=modulepreload, <b.css>; rel=preload; as=style"
    assert ask("GET", "/", links=links).headers.get_list("link") == [links]
    for path in ("/echo", "/full", "/fail", "/nothing", "/echo/"):
        assert "link" not in ask("GET", path, links=links).headers
    assert "link" not in ask("GET", "/").headers


def test_who_leaves_in_mid_request_is_no_failure_of_ours(caplog):
    sent = []

    async def receive() -> dict:
        return {"type": "http.disconnect"}

    async def send(message) -> None:
        sent.append(message)

    async def app(scope, receive, send) -> None:
        await Request(scope, receive, send).body()

    scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": []}
    asyncio.run(Limiter(app, lambda _: None, lambda: 0)(scope, receive, send))
    assert not sent and not caplog.records

    async def read() -> None:
        await Request(scope, receive, send).body()

    with pytest.raises(ClientDisconnect):
        asyncio.run(read())
