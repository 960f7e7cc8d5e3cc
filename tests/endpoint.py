"""The endpoint for programs, in single requests."""

import json
from typing import Any

import httpx


def file_data(path: str, **fields: Any) -> dict[str, Any]:
    """How the endpoint is told of an uploaded file."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **fields}


def upload(app: httpx.Client, content: bytes, name: str = "a.png") -> str:
    """The path that the file is kept at."""
    answer = app.post("/gradio_api/upload", files={"files": (name, content)})
    assert answer.status_code == 200, (name, answer.text)
    path: str = answer.json()[0]
    return path


def fill(app: httpx.Client, **arguments: Any) -> tuple[str, Any]:
    """Event and data of the endpoint's last word."""
    answer = app.post("/gradio_api/call/v2/fill", json=arguments)
    assert answer.status_code == 200, answer.text
    return result(app, answer.json()["event_id"])


def result(app: httpx.Client, event: str, name: str = "fill") -> tuple[str, Any]:
    """The last word on a call: "complete" or "error", and the data."""
    last = app.get(f"/gradio_api/call/{name}/{event}").text.strip().split("\n\n")[-1]
    kind, data = last.split("\n", 1)
    return kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))
