"""A Hub on loopback: the HTTP routes that ``huggingface_hub`` calls to create, commit and read."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FakeHub(ThreadingHTTPServer):
    """``files[repo][commit]`` are the repositories, ``log`` the requests (never a token)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, dict[str, dict[str, bytes]]] = {}
        self.log: list[str] = []
        self.refuse_with: int | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def resolve(self, repo: str, revision: str) -> tuple[str, dict[str, bytes]]:
        commits = self.files[repo]
        commit = list(commits)[-1] if revision == "main" else revision
        return commit, commits[commit]


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub

    def do_POST(self) -> None:
        self.server.log.append(f"POST {self.path}")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.refuse_with:
            return self._json({"error": "refused"}, self.server.refuse_with)
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            repo = "/".join(filter(None, (asked.get("organization"), asked["name"])))
            self.server.files.setdefault(repo, {})
            return self._json({"url": f"{self.server.url}/{repo}"})
        if self.path == "/api/validate-yaml":
            return self._json({"errors": [], "warnings": []})
        _, _, _, user, name, action, *_ = self.path.split("/")
        repo = f"{user}/{name}"
        if action == "preupload":
            mode = {"uploadMode": "regular", "shouldIgnore": False}
            files = [{"path": f["path"]} | mode for f in json.loads(body)["files"]]
            return self._json({"files": files})
        assert action == "commit", self.path
        oid = hashlib.sha1(body).hexdigest()
        lines = [json.loads(line) for line in body.splitlines()]
        self.server.files[repo][oid] = {
            line["value"]["path"]: base64.b64decode(line["value"]["content"])
            for line in lines
            if line["key"] == "file"
        }
        url = f"{self.server.url}/{repo}/commit/{oid}"
        return self._json({"success": True, "commitOid": oid, "commitUrl": url})

    def do_HEAD(self) -> None:
        self._file(with_body=False)

    def do_GET(self) -> None:
        self._file(with_body=True)

    def _file(self, with_body: bool) -> None:
        self.server.log.append(f"{self.command} {self.path}")
        try:
            _, user, name, _, revision, path = self.path.split("?")[0].split("/", 5)
            commit, files = self.server.resolve(f"{user}/{name}", revision)
            data = files[path]
        except (KeyError, ValueError, IndexError):
            return self._json({"error": "not found"}, 404, {"X-Error-Code": "EntryNotFound"})
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{hashlib.sha1(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", commit)
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def _json(self, value: dict, status: int = 200, headers: dict | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, header in (headers or {}).items():
            self.send_header(name, header)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *args) -> None:
        """Silent: the requests are in ``log``."""


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """A running Hub, stopped at the end."""
    hub = FakeHub()
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()
