"""A Hub on loopback: the HTTP routes that ``huggingface_hub`` calls to create, commit and read.

Large files go the long way, as on the real one: an LFS batch, a PUT to a storage on another host,
which must never see a token, a check, and a commit that only names them.
"""

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import yaml

CANARY = "hf_canary"  # a token of the user "user", to be looked for where no token may be
EMPTY = "0" * 40  # the commit of a repository without any
LARGE = 10_000_000  # bytes
Files = dict[str, bytes]


@dataclass
class Fault:
    """What befalls requests whose ``METHOD path`` holds ``route``, a regular expression.

    ``do`` is a status to answer with, or "hang": no answer before ``released``, "close": the
    connection breaks, "lose": the same after the request was obeyed, "slow": half a second,
    "block": half of the body is read, ``blocked`` is set, and all waits for ``released``.
    """

    route: str
    do: int | str
    times: float = 1
    blocked: threading.Event = field(default_factory=threading.Event)


class FakeHub(ThreadingHTTPServer):
    """``files[repo][commit]`` are the repositories, ``log`` the requests (never a token)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, dict[str, Files]] = {}
        self.private: set[str] = set()
        self.stored: dict[str, bytes] = {}  # by SHA-256: the LFS storage
        self.users = {CANARY: "user"}  # by token; each may write to a namespace of that name
        self.log: list[str] = []
        self.faults: list[Fault] = []
        self.leaks: list[str] = []  # requests to the storage that had a token
        self.released = threading.Event()
        self.refuse_with: int | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def storage(self) -> str:
        """The same server under the name of another host."""
        return f"http://localhost:{self.server_address[1]}/storage"

    def fail(self, route: str, do: int | str, times: float = 1) -> Fault:
        """Let something befall the next requests to a route."""
        self.faults.append(Fault(route, do, times))
        return self.faults[-1]

    def head(self, repo: str) -> str:
        return list(self.files[repo] or [EMPTY])[-1]

    def newest(self, repo: str) -> Files:
        return self.resolve(repo, "main")[1]

    def resolve(self, repo: str, revision: str) -> tuple[str, Files]:
        commit = self.head(repo) if revision == "main" else revision
        return commit, {} if commit == EMPTY else self.files[repo][commit]

    def add(self, repo: str, changes: Files) -> str:
        """A commit on top of what is there, as by a person in the browser."""
        files = {**self.newest(repo), **changes} if repo in self.files else changes
        number = f"{repo} {len(self.files.setdefault(repo, {}))}"
        oid = hashlib.sha1(number.encode() + repr(files).encode()).hexdigest()
        self.files[repo][oid] = files
        return oid

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silent: clients are killed here."""


class _Refused(Exception):
    def __init__(self, status: int, words: str, code: str = "") -> None:
        self.status, self.words, self.code = status, words, code


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub
    fault: Fault | None = None

    def handle_any(self) -> None:
        request = f"{self.command} {unquote(self.path)}"
        self.server.log.append(request)
        try:
            self.fault = self._befall(request)
            body = self._body()
            for route, answer in ROUTES:
                if found := re.fullmatch(route, request.partition("?")[0]):
                    return answer(self, body, **found.groupdict())
            raise _Refused(404, f"no such route: {request}")
        except _Refused as refused:
            headers = {"X-Error-Code": refused.code} if refused.code else {}
            headers["X-Error-Message"] = refused.words
            self._json({"error": refused.words}, refused.status, headers)

    do_GET = do_HEAD = do_POST = do_PUT = handle_any

    def _befall(self, request: str) -> Fault | None:
        hub = self.server
        for fault in hub.faults:
            if fault.times > 0 and re.search(fault.route, request):
                fault.times -= 1
                if isinstance(fault.do, int):
                    self._body()
                    raise _Refused(fault.do, "as asked by the test")
                if fault.do == "hang":
                    hub.released.wait()
                if fault.do in ("hang", "close"):
                    raise ConnectionAbortedError
                if fault.do == "slow":
                    time.sleep(0.5)
                return fault
        if hub.refuse_with and self.command == "POST":
            raise _Refused(hub.refuse_with, "refused")
        return None

    def _body(self) -> bytes:
        length = int(self.headers.get("Content-Length", 0))
        body = b""
        if self.fault and self.fault.do == "block":
            body = self.rfile.read(length // 2)
            self.fault.blocked.set()
            self.server.released.wait()
        body += self.rfile.read(length - len(body))
        if len(body) < length:
            raise ConnectionResetError("the client went away")
        return body

    # Who asks, and for what

    def _user(self) -> str | None:
        header = self.headers.get("Authorization")
        if header is None:
            return None
        user = self.server.users.get(header.removeprefix("Bearer "))
        if user is None:
            raise _Refused(401, "Invalid credentials in Authorization header")
        return user

    def _named(self) -> str:
        user = self._user()
        if user is None:
            raise _Refused(401, "Invalid username or password.")
        return user

    def _readable(self, repo: str) -> None:
        user, hub = self._user(), self.server
        if repo not in hub.files or (repo in hub.private and user != repo.partition("/")[0]):
            raise _Refused(404 if user else 401, "Repository not found", "RepoNotFound")

    def _writable(self, repo: str) -> None:
        self._named()
        self._readable(repo)
        if self._user() != repo.partition("/")[0]:
            raise _Refused(403, "You don't have the rights to write here")

    def _commit(self, repo: str, revision: str) -> tuple[str, Files]:
        self._readable(repo)
        try:
            return self.server.resolve(repo, unquote(revision))
        except KeyError:
            raise _Refused(404, "Invalid rev id", "RevisionNotFound") from None

    # The routes

    def whoami(self, body: bytes) -> None:
        self._json({"type": "user", "name": self._named()})

    def create(self, body: bytes) -> None:
        asked, user = json.loads(body), self._named()
        repo = f"{asked.get('organization') or user}/{asked['name']}"
        if repo.partition("/")[0] != user:
            raise _Refused(403, "You don't have the rights to create a model under this namespace")
        url = {"url": f"{self.server.url}/{repo}"}
        if repo in self.server.files:
            return self._json({"error": "You already created this model repo", **url}, 409)
        self.server.files[repo] = {}
        if asked.get("visibility") == "private":
            self.server.private.add(repo)
        self._json(url)

    def auth_check(self, body: bytes, repo: str, write: str | None) -> None:
        (self._writable if write else self._readable)(repo)
        self._json({})

    def info(self, body: bytes, repo: str, revision: str | None) -> None:
        commit, files = self._commit(repo, revision or "main")
        about = {"id": repo, "modelId": repo, "sha": commit, "private": repo in self.server.private}
        self._json(about | {"tags": [], "siblings": [{"rfilename": name} for name in files]})

    def tree(self, body: bytes, repo: str, revision: str) -> None:
        files = self._commit(repo, revision)[1].items()
        self._json([{"type": "file", "path": name, "size": len(data), "oid": _git_oid(data)}
                    for name, data in files])  # fmt: skip

    def validate(self, body: bytes) -> None:
        text = json.loads(body)["content"]
        front = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
        try:
            yaml.safe_load(front[1] if front else "")
        except yaml.YAMLError:
            return self._json({"errors": [{"message": "invalid YAML"}], "warnings": []}, 400)
        self._json({"errors": [], "warnings": []})

    def preupload(self, body: bytes, repo: str, revision: str) -> None:
        self._writable(repo)
        there = self._commit(repo, revision)[1]
        files = []
        for file in json.loads(body)["files"]:
            name = file["path"]
            large = name.endswith(".safetensors") or file["size"] > LARGE
            answer = {"path": name, "uploadMode": "lfs" if large else "regular"}
            if name in there:
                answer["oid"] = (_sha256 if large else _git_oid)(there[name])
            files.append(answer | {"shouldIgnore": False})
        self._json({"files": files})

    def batch(self, body: bytes, repo: str) -> None:
        self._writable(repo)
        objects = []
        for asked in json.loads(body)["objects"]:
            actions = {
                "upload": {"href": f"{self.server.storage}/{asked['oid']}"},
                "verify": {"href": f"{self.server.url}/{repo}.git/info/lfs/verify"},
            }
            known = asked["oid"] in self.server.stored
            objects.append(asked | ({} if known else {"actions": actions}))
        self._json({"transfer": "basic", "objects": objects})

    def verify(self, body: bytes, repo: str) -> None:
        self._writable(repo)
        self._stored(json.loads(body)["oid"])
        self._json({})

    def store(self, body: bytes, oid: str) -> None:
        self._no_token()
        if _sha256(body) != oid:
            raise _Refused(400, "BadDigest")
        self.server.stored[oid] = body
        self._json({})

    def commit(self, body: bytes, repo: str, revision: str) -> None:
        self._writable(repo)
        files = dict(self._commit(repo, revision)[1])
        for line in body.splitlines():
            item = json.loads(line)
            key, value = item["key"], item["value"]
            if key == "header" and value.get("parentCommit", self.server.head(repo)) != (
                self.server.head(repo)
            ):
                raise _Refused(412, "A commit has happened since. Please refresh and try again.")
            if key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            if key == "lfsFile":
                files[value["path"]] = self._stored(value["oid"])
            if key == "deletedFile":
                del files[value["path"]]
        oid = self.server.add(repo, files)
        url = f"{self.server.url}/{repo}/commit/{oid}"
        self._json({"success": True, "commitOid": oid, "commitUrl": url})

    def file(self, body: bytes, repo: str, revision: str, path: str) -> None:
        commit, files = self._commit(repo, revision)
        if path not in files:
            raise _Refused(404, "Entry not found", "EntryNotFound")
        data, headers = files[path], {"X-Repo-Commit": commit}
        if (oid := _sha256(data)) not in self.server.stored:
            return self._bytes(data, {**headers, "ETag": f'"{_git_oid(data)}"'})
        linked = {"X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(data))}
        self._bytes(b"", {**headers, **linked, "Location": f"{self.server.storage}/{oid}"}, 302)

    def stored(self, body: bytes, oid: str) -> None:
        self._no_token()
        self._bytes(self._stored(oid), {"ETag": f'"{oid}"'})

    # Small things

    def _stored(self, oid: str) -> bytes:
        if oid not in self.server.stored:
            raise _Refused(404, "the object was not uploaded")
        return self.server.stored[oid]

    def _no_token(self) -> None:
        if self.headers.get("Authorization"):
            self.server.leaks.append(self.path)

    def _json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self._bytes(data, {"Content-Type": "application/json", **(headers or {})}, status)

    def _bytes(self, data: bytes, headers: dict[str, str], status: int = 200) -> None:
        if self.fault and self.fault.do == "lose":
            raise ConnectionAbortedError
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        """Silent: the requests are in ``log``."""


REPO, REVISION = r"(?P<repo>[^/]+/[^/]+?)", r"(?P<revision>[^/]+)"
ROUTES: tuple[tuple[str, Callable[..., None]], ...] = (
    (r"GET /api/whoami-v2", _Handler.whoami),
    (r"POST /api/repos/create", _Handler.create),
    (r"POST /api/validate-yaml", _Handler.validate),
    (rf"GET /api/models/{REPO}/auth-check(?P<write>/write)?", _Handler.auth_check),
    (rf"GET /api/models/{REPO}(/revision/{REVISION})?", _Handler.info),
    (rf"GET /api/models/{REPO}/tree/{REVISION}", _Handler.tree),
    (rf"POST /api/models/{REPO}/preupload/{REVISION}", _Handler.preupload),
    (rf"POST /{REPO}\.git/info/lfs/objects/batch", _Handler.batch),
    (rf"POST /{REPO}\.git/info/lfs/verify", _Handler.verify),
    (r"PUT /storage/(?P<oid>\w+)", _Handler.store),
    (r"(GET|HEAD) /storage/(?P<oid>\w+)", _Handler.stored),
    (rf"POST /api/models/{REPO}/commit/{REVISION}", _Handler.commit),
    (rf"(GET|HEAD) /{REPO}/resolve/{REVISION}/(?P<path>.+)", _Handler.file),
)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """A running Hub, stopped at the end."""
    hub = FakeHub()
    thread = threading.Thread(target=hub.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.released.set()
        hub.shutdown()
        hub.server_close()
        thread.join()
