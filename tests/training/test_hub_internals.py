"""What is private to huggingface_hub and used here: it is there, and does what it is used for.

An update of the library that changes one of these must fail here, and not in somebody's training.
"""

import ast
import logging
import subprocess
import sys
import time

import httpx2
import pytest
from huggingface_hub import HfApi, get_session
from huggingface_hub.utils import are_progress_bars_disabled
from huggingface_hub.utils._http import default_client_factory

from inpainting.training.hub_internals import limit_waiting
from tests.running_app import ROOT


def test_the_default_client_can_be_made_and_given_hooks():
    """``default_client_factory``: no arguments, a client of httpx2 whose hooks are a list."""
    with default_client_factory() as client:
        assert isinstance(client, httpx2.Client)
        hooks = client.event_hooks["request"]
        assert isinstance(hooks, list) and hooks, "the library's own hook is gone: is it needed?"
        hooks.append(print)
        assert client.event_hooks["request"][-1] is print


def test_a_hook_of_the_default_client_decides_the_timeout(hub):
    """The request's ``extensions["timeout"]``, as read after the hooks have run."""
    seen = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.extensions["timeout"])
        return httpx2.Response(200)

    def bound(request: httpx2.Request) -> None:
        request.extensions["timeout"] = {**request.extensions["timeout"], "read": 7}

    with default_client_factory() as client:
        client._transport = httpx2.MockTransport(answer)
        client.event_hooks["request"].append(bound)
        client.get("http://localhost")
    assert seen == [{"connect": None, "read": 7, "write": None, "pool": None}]


def test_every_request_is_limited_and_one_that_is_already_stays(hub):
    limit_waiting(0.2)
    seen = []

    def note(request: httpx2.Request) -> None:
        if request.url.path == "/api/whoami-v2":  # the library asks for other things, too
            seen.append(request.extensions["timeout"])

    get_session().event_hooks["request"].append(note)
    HfApi().whoami(token="hf_canary")
    get_session().get(f"{hub.url}/api/whoami-v2", timeout=9)
    assert [limits["read"] for limits in seen] == [0.2, 9]
    assert all(set(limits) == {"connect", "read", "write", "pool"} for limits in seen)


def test_silence_ends_a_request(hub):
    limit_waiting(0.2)
    hub.fail("whoami", "hang")
    start = time.monotonic()
    with pytest.raises(httpx2.TimeoutException):
        get_session().get(f"{hub.url}/api/whoami-v2")
    assert time.monotonic() - start < 5


def test_the_librarys_own_hook_stays_and_it_is_quiet(hub):
    own = default_client_factory().event_hooks["request"]
    limit_waiting(1)
    assert get_session().event_hooks["request"][: len(own)] == own
    assert are_progress_bars_disabled()
    assert logging.getLogger("huggingface_hub").getEffectiveLevel() == logging.ERROR


def test_nothing_else_private_of_the_library_is_used():
    users = {
        path.name
        for path in (ROOT / "inpainting").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("huggingface_hub")
        if "._" in node.module or any(alias.name.startswith("_") for alias in node.names)
    }
    assert users == {"hub_internals.py"}


def test_training_without_a_push_does_not_touch_the_librarys_client():
    code = "import sys, inpainting.training.loop, inpainting.cli.train; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    loaded = done.stdout.split()
    assert "inpainting.training.publisher" in loaded
    assert not {"inpainting.training.hub", "inpainting.training.hub_internals"} & set(loaded)
