"""The one private part of huggingface_hub that is used here: see ``test_hub_internals.py``.

Its HTTP client has no timeout, or is given none with a request: an upload would wait for ever.
"""

import httpx2
from huggingface_hub import set_client_factory
from huggingface_hub.utils import disable_progress_bars, logging
from huggingface_hub.utils._http import default_client_factory


def limit_waiting(seconds: float) -> None:
    """Let every request of this process wait for an answer no longer; and no progress bars."""

    def bound(request: httpx2.Request) -> None:
        limits = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {
            each: limits.get(each) or seconds for each in ("connect", "read", "write", "pool")
        }

    def client() -> httpx2.Client:
        made = default_client_factory()
        made.event_hooks["request"].append(bound)
        return made

    set_client_factory(client)
    disable_progress_bars()
    logging.set_verbosity_error()
