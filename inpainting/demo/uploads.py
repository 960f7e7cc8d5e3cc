"""Files of an editor's value that a browser sends before it asks for something."""

import threading
from uuid import uuid4

from inpainting.demo.bounded import BoundedDict
from inpainting.demo.gradio_internals import EditorUploads
from inpainting.demo.images import keep_file


class BoundedUploads(EditorUploads):
    """Parts of editors' values as files, by name; the oldest names are forgotten first."""

    def __init__(self) -> None:
        self._parts: BoundedDict[str, dict[str, str]] = BoundedDict()
        self._lock = threading.Lock()

    def put(self, name: str, part: str, content: bytes) -> None:
        path = keep_file(content, uuid4().hex, "part")
        with self._lock:
            self._parts[name] = {**self._parts.get(name, {}), part: path}

    def take(self, name: str) -> dict[str, str] | None:
        with self._lock:
            return self._parts.pop(name, None)
