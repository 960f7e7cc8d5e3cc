"""What a browser sends of the editor before it asks for something: pictures under a made-up name.

Gradio 6.31 keeps them in memory until they are asked for, which may be never, and makes a list as
long as the layer's number that the browser gives.
"""

import threading
from uuid import uuid4

from .pictures import keep_file
from .recent import Recent


class Blobs:
    """Parts of the editor's value as files, by name; the oldest names are forgotten first."""

    def __init__(self) -> None:
        self._parts: Recent[str, dict[str, str]] = Recent()
        self._lock = threading.Lock()

    def put(self, name: str, part: str, content: bytes) -> None:
        """Keep one part, "background" or "layer 0" to the last of ``limits.LAYERS``."""
        path = keep_file(content, uuid4().hex, "part")
        with self._lock:
            self._parts[name] = {**self._parts.get(name, {}), part: path}

    def take(self, name: str) -> dict[str, str] | None:
        """All parts under a name, once."""
        with self._lock:
            return self._parts.pop(name, None)
