"""The Hub while training: asked before, pushed to in the background, never in the way."""

import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import TypeVar

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi, get_token, set_client_factory
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled
from huggingface_hub.utils import disable_progress_bars, logging
from huggingface_hub.utils._http import default_client_factory

from inpainting.card import ASIDE, CARD, is_generated
from inpainting.checkpoint import CONFIG, WEIGHTS
from inpainting.errors import HubError, first_line

PUBLISHED = (
    CONFIG, WEIGHTS, CARD, ASIDE, "samples.png", "loss.png", "metrics.jsonl", "args.yaml",
    "eval/results.json", "eval/table.md", "eval/*.png",
)  # fmt: skip
PASSING = (408, 409, 412, 429)  # and 5xx: somebody else was at it, too many requests, not now
SECRET = re.compile(r"\bhf_\w+|(?<=Bearer )\S+")

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long the Hub is waited for, in seconds."""

    answer: float = 60  # to one request: any longer is a timeout
    delays: tuple[float, ...] = (2, 10, 30, 60)  # after each attempt but the last
    limit: float = 900  # at the end, for everything


LONG = Patience()
BRIEF = Patience(answer=20, delays=(1, 4))  # somebody waits for training to begin


def check(
    repo_id: str, token: str | None = None, private: bool = False, patience: Patience = BRIEF
) -> str:
    """Make sure, before the first step, that a repository can be pushed to; make it if need be.

    Args:
        repo_id: ``user/name``, or a name in the user's own namespace.
        token: default: that of ``hf auth login`` or ``HF_TOKEN``.
        private: whether nobody else may see it.

    Returns:
        The whole ``user/name``.

    Raises:
        HubError: no token, one that is refused or may not write, no such name, no answer.
    """
    login = "log in with `hf auth login` or set HF_TOKEN"
    try:
        if not (token or get_token()):
            raise HubError(f"Pushing to {repo_id} needs a token and there is none: {login}.")
        api = _api(token, patience)
        user = _insist(api.whoami, patience)["name"]
        full = repo_id if "/" in repo_id else f"{user}/{repo_id}"
        _insist(lambda: api.create_repo(full, private=private, exist_ok=True), patience)
        _insist(lambda: api.auth_check(full, write=True), patience)
        public = private and not _insist(lambda: api.model_info(full), patience).private
    except HFValidationError:
        raise HubError(
            f"{repo_id!r} is no name of a repository: give user/name, of letters, digits, '-', "
            "'_' and '.'."
        ) from None
    except HubError:
        raise
    except Exception as error:  # without its chain, in which a token may stand
        if _status(error) in (401, 402, 403, 404):
            needed = f"a token that may write there is needed: {login}, or name another repository."
        else:
            needed = "try again later, or train without pushing and upload afterwards."
        raise HubError(f"{repo_id} cannot be pushed to ({_reason(error)}): {needed}") from None
    if public:
        raise HubError(f"{full} is public already: make it private there, or name another.")
    return full


class Pusher:
    """Uploads of one folder, one at a time, in a thread of their own.

    Args:
        folder: of the run; what is uploaded of it is listed in ``PUBLISHED``.
        repo_id: from :func:`check`.
        token: as for :func:`check`.
        say: is told, in a sentence, when uploads begin to fail, and of a card that is kept.
        patience: see :class:`Patience`.
    """

    def __init__(
        self,
        folder: Path,
        repo_id: str,
        token: str | None = None,
        say: Callable[[str], None] = print,
        patience: Patience = LONG,
    ) -> None:
        self.folder, self.repo_id, self.say, self.patience = folder, repo_id, say, patience
        self._api = _api(token, patience)
        self._lock = Lock()  # of the two below
        self._waiting: _Snapshot | None = None
        self._thread: Thread | None = None
        self._outcome: str | Exception = ""  # commit of the last upload, or why there is none
        self._finishing = self._failing = self._set_aside = False

    def push(self, message: str) -> None:
        """Upload what the folder holds now, after the upload under way; returns at once.

        Of several that wait only the newest is uploaded. Nothing is raised.
        """
        try:
            self._enqueue(message)
        except (OSError, RuntimeError) as error:  # a full disk, no more threads
            self._complain(error)

    def finish(self, message: str) -> str:
        """Upload what the folder holds now and wait for it, ``patience.limit`` at most.

        Returns:
            The commit's id, to be used as ``revision``.

        Raises:
            HubError: when it failed; the files are kept.
        """
        self._finishing = True
        try:
            thread = self._enqueue(message)
            thread.join(self.patience.limit)
            if thread.is_alive():
                self._outcome = TimeoutError(f"no end after {self.patience.limit:g} seconds")
        except (OSError, RuntimeError) as error:
            self._outcome = error
        if isinstance(self._outcome, str):
            return self._outcome
        raise HubError(
            f"The upload to {self.repo_id} failed ({_reason(self._outcome)}): the files are kept "
            f"in {self.folder}; upload them with `hf upload {self.repo_id} {self.folder} . "
            "--exclude 'state/*' --exclude 'samples/*'`."
        )

    def _enqueue(self, message: str) -> Thread:
        snapshot = _Snapshot(self.folder, message)
        with self._lock:
            older, self._waiting = self._waiting, snapshot
            thread = self._thread
            if thread is None:  # a daemon: it does not keep the process from ending
                thread = Thread(target=self._work, name="hub", daemon=True)
                thread.start()
                self._thread = thread
        if older:
            older.drop()
        return thread

    def _work(self) -> None:
        while snapshot := self._next():
            try:
                self._outcome = _insist(lambda: self._upload(snapshot), self.patience)  # noqa: B023
                self._failing = False
            except Exception as error:  # whatever it is, training goes on
                self._outcome = error
                self._complain(error)
            snapshot.drop()

    def _next(self) -> "_Snapshot | None":
        with self._lock:
            snapshot, self._waiting = self._waiting, None
            if snapshot is None:
                self._thread = None
        return snapshot

    def _upload(self, snapshot: "_Snapshot") -> str:
        """One commit, on top of the very state in which the card there was looked at."""
        head = self._api.model_info(self.repo_id)
        there = {file.rfilename for file in head.siblings or ()}
        theirs = self._card_there(head.sha) if CARD in there else None
        files = snapshot.files()
        if theirs is not None and not is_generated(theirs) and CARD in files:
            files = self._beside(files, theirs)
        commit = self._api.create_commit(
            self.repo_id,
            [CommitOperationAdd(name, path) for name, path in files.items()],
            commit_message=snapshot.message,
            parent_commit=head.sha,
        )
        return commit.oid

    def _card_there(self, revision: str | None) -> str:
        with TemporaryDirectory() as folder:
            path = self._api.hf_hub_download(
                self.repo_id, CARD, revision=revision, local_dir=folder
            )
            return Path(path).read_text(encoding="utf-8", errors="replace")

    def _beside(self, files: dict[str, Path], theirs: str) -> dict[str, Path]:
        """The same files without a card that would replace a person's."""
        ours = files.pop(CARD)
        text = ours.read_text(encoding="utf-8", errors="replace")
        if text == theirs:
            return files
        if not self._set_aside:
            self._set_aside = True
            self.say(f"{CARD} of {self.repo_id} was edited and is kept: ours is {ASIDE} there.")
        return files | ({ASIDE: ours} if is_generated(text) else {})

    def _complain(self, error: Exception) -> None:
        if not (self._failing or self._finishing):
            self._failing = True
            self.say(
                f"The upload to {self.repo_id} failed ({_reason(error)}): training goes on, "
                "what comes next will be tried too."
            )


class _Snapshot:
    """A copy of what is published of a folder: training may go on writing there."""

    def __init__(self, folder: Path, message: str) -> None:
        self.message = message
        self._copy = TemporaryDirectory(prefix="push-", ignore_cleanup_errors=True)
        try:
            for pattern in PUBLISHED:
                for path in folder.glob(pattern):
                    copy = Path(self._copy.name, path.relative_to(folder))
                    copy.parent.mkdir(exist_ok=True)
                    shutil.copyfile(path, copy)
        except OSError:
            self.drop()
            raise

    def files(self) -> dict[str, Path]:
        """Name in the repository and path of each."""
        top = Path(self._copy.name)
        paths = (path for path in sorted(top.rglob("*")) if path.is_file())
        return {path.relative_to(top).as_posix(): path for path in paths}

    def drop(self) -> None:
        """Delete the copy."""
        self._copy.cleanup()


def _api(token: str | None, patience: Patience) -> HfApi:
    """A client of the Hub that waits for no answer longer than that, and is quiet: we speak."""

    def bound(request: httpx2.Request) -> None:
        limits = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {
            each: limits.get(each) or patience.answer
            for each in ("connect", "read", "write", "pool")
        }

    def client() -> httpx2.Client:  # its own have no timeout, or are given none with a request
        made = default_client_factory()
        made.event_hooks["request"].append(bound)
        return made

    set_client_factory(client)
    disable_progress_bars()
    logging.set_verbosity_error()
    return HfApi(token=token)


def _insist(call: Callable[[], T], patience: Patience) -> T:
    """Call again after errors that may pass, a few times."""
    for delay in patience.delays:
        try:
            return call()
        except Exception as error:
            if not _passes(error):
                raise
        time.sleep(delay)
    return call()


def _passes(error: Exception) -> bool:
    if isinstance(error, HFValidationError | OfflineModeIsEnabled):
        return False
    status = _status(error)
    return status is None or status in PASSING or status >= 500


def _status(error: BaseException | None) -> int | None:
    """Of the Hub's answer, which may be wrapped; None where there was none."""
    while error is not None:
        if isinstance(error, HfHubHTTPError):
            return error.response.status_code
        error = error.__cause__
    return None


def _reason(error: BaseException) -> str:
    """Why, in a few words, without a token."""
    while error.__cause__ is not None and not isinstance(error, HfHubHTTPError):
        error = error.__cause__
    words = first_line(error)
    if isinstance(error, HfHubHTTPError):
        words = f"{error.response.status_code} {error.response.reason_phrase}"
        words += f", {error.server_message}" if error.server_message else ""
    return SECRET.sub("***", " ".join(words.split()))[:200]
