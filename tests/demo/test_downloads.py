"""Pictures at URLs: fetched from public addresses, within limits of size and time."""

import asyncio
import zlib

import gradio as gr
import httpx
import pytest

from inpainting.demo import downloads, limits
from inpainting.demo.downloads import fetch


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
