"""What attacks on the running app have in common."""

import itertools
import json
import re
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from tests.robustness.odd_files import noise, saved
from tests.running_app import ROOT

MODES = {"local": "address", "space": "space_address"}  # fixtures of the app's URL
PICTURE = saved(Image.fromarray(noise(3)), "PNG")
LEAK = re.compile(  # what no answer may tell
    rf"Traceback|File \"|/root/|/home/|/usr/|{re.escape(str(ROOT))}|\.venv|site-packages|root:x:0"
)


def rotating(ways: Sequence[Any], attacks: Sequence[Any]) -> list[Any]:
    """Parameters (mode, way, attack): every attack in every mode on one way, in turn.

    That covers every way in every mode, if there are no fewer attacks than ways. All combinations
    are tried at night.
    """
    assert len(attacks) >= len(ways)

    def param(m: int, w: int, a: int) -> Any:
        usual = w == (a + m) % len(ways)
        marks = () if usual else pytest.mark.nightly
        return pytest.param(list(MODES)[m], ways[w], attacks[a], marks=marks)

    every = itertools.product(range(len(MODES)), range(len(ways)), range(len(attacks)))
    return [param(m, w, a) for m, w, a in every]


TOOLS = ("open_photo", "select", "open_mask_file", "damage", "save")  # of the canvas


def canvas_id(app: httpx.Client) -> int:
    """The number of the canvas among the page's components."""
    components = app.get("/config").json()["components"]
    number: int = next(c["id"] for c in components if c["props"].get("elem_id") == "canvas")
    return number


def call(app: httpx.Client, name: str, data: Any, **fields: Any) -> httpx.Response:
    """Call a function of the canvas, as the page's script does."""
    body = {"component_id": canvas_id(app), "session_hash": "attack", "fn_name": name}
    return post(app, "/gradio_api/component_server", body | {"data": data} | fields)


def post(app: httpx.Client, path: str, body: Any) -> httpx.Response:
    """Send JSON in ASCII, whatever it says."""
    headers = {"content-type": "application/json"}
    return app.post(path, content=json.dumps(body), headers=headers)


def join(app: httpx.Client, name: str, data: Sequence[Any] = (), event_data: Any = None) -> Any:
    """The last word on an event of the page: whether it went well, and what it shows."""
    functions = app.get("/config").json()["dependencies"]
    number = next(d["id"] for d in functions if d["api_name"] == name)
    body = {"data": data, "fn_index": number, "session_hash": uuid4().hex, "event_data": event_data}
    answer = post(app, "/gradio_api/queue/join", body)
    assert answer.status_code == 200, answer.text
    last = None
    path = f"/gradio_api/queue/data?session_hash={body['session_hash']}"
    with app.stream("GET", path) as stream:
        for line in stream.iter_lines():
            if "process_completed" in line:
                last = json.loads(line.removeprefix("data: "))
            if last or "close_stream" in line:
                break
    assert last, "the event did not end"
    return last
