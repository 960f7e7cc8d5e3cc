"""The Hub during training: checked before the first step, pushed to in the background."""

import logging
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import TypeVar

from huggingface_hub import CommitOperationAdd, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

from inpainting.errors import HubError, first_line
from inpainting.models.bundled import WEIGHTS
from inpainting.models.checkpoint import CONFIG
from inpainting.training.hub_internals import limit_waiting
from inpainting.training.model_card import CARD, is_generated

log = logging.getLogger(__name__)

PUBLISHED = (
    CONFIG, WEIGHTS, CARD, "samples.png", "loss.png", "metrics.jsonl", "args.yaml",
    "eval/results.json", "eval/table.md", "eval/*.png",
)  # fmt: skip
PASSING = (408, 409, 412, 429)  # and 5xx: errors of HTTP that may be gone at the next try
SECRET = re.compile(r"\bhf_\w+|(?<=Bearer )\S+")

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """Timeouts and delays between attempts, in seconds."""

    answer: float = 60  # of one request
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
        user = _retry(api.whoami, patience)["name"]
        full = repo_id if "/" in repo_id else f"{user}/{repo_id}"
        _retry(lambda: api.create_repo(full, private=private, exist_ok=True), patience)
        _retry(lambda: api.auth_check(full, write=True), patience)
        public = private and not _retry(lambda: api.model_info(full), patience).private
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
        patience: see :class:`Patience`.
    """

    def __init__(
        self,
        folder: Path,
        repo_id: str,
        token: str | None = None,
        patience: Patience = LONG,
    ) -> None:
        self.folder, self.repo_id, self.patience = folder, repo_id, patience
        self._api = _api(token, patience)
        self._lock = Lock()  # of the two below
        self._waiting: _Snapshot | None = None
        self._thread: Thread | None = None
        self._outcome: str | Exception = ""  # commit of the last upload, or why there is none
        self._finishing = self._failing = self._kept = False

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
                self._outcome = _retry(lambda: self._upload(snapshot), self.patience)  # noqa: B023
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
        files = snapshot.files()
        if CARD in there and CARD in files:
            theirs = self._card_there(head.sha)
            if not is_generated(theirs):
                self._keep(theirs, files.pop(CARD))
        commit = self._api.create_commit(
            self.repo_id,
            [CommitOperationAdd(name, path) for name, path in files.items()],
            commit_message=snapshot.message,
            parent_commit=head.sha,
        )
        return commit.oid

    def _keep(self, theirs: str, ours: Path) -> None:
        """Log, once, that a card that somebody edited there is not replaced by ours."""
        if not self._kept and ours.read_text(encoding="utf-8", errors="replace") != theirs:
            self._kept = True
            log.info("%s of %s was edited and is kept as it is.", CARD, self.repo_id)

    def _card_there(self, revision: str | None) -> str:
        with TemporaryDirectory() as folder:
            path = self._api.hf_hub_download(
                self.repo_id, CARD, revision=revision, local_dir=folder
            )
            return Path(path).read_text(encoding="utf-8", errors="replace")

    def _complain(self, error: Exception) -> None:
        if not (self._failing or self._finishing):
            self._failing = True
            log.info(
                "The upload to %s failed (%s): training goes on, what comes next will be tried "
                "too.", self.repo_id, _reason(error),
            )  # fmt: skip


class _Snapshot:
    """A copy of the published files of a folder, in which training goes on writing."""

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
        """Paths of the copies, by name in the repository."""
        top = Path(self._copy.name)
        paths = (path for path in sorted(top.rglob("*")) if path.is_file())
        return {path.relative_to(top).as_posix(): path for path in paths}

    def drop(self) -> None:
        """Delete the copy."""
        self._copy.cleanup()


def _api(token: str | None, patience: Patience) -> HfApi:
    limit_waiting(patience.answer)
    return HfApi(token=token)


def _retry(call: Callable[[], T], patience: Patience) -> T:
    """Call again, a few times, after errors that may be gone then."""
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
    """HTTP status of the Hub's answer, which may be wrapped; None where there was none."""
    while error is not None:
        if isinstance(error, HfHubHTTPError):
            return error.response.status_code
        error = error.__cause__
    return None


def _reason(error: BaseException) -> str:
    """The reason of an error in a few words, without a token."""
    while error.__cause__ is not None and not isinstance(error, HfHubHTTPError):
        error = error.__cause__
    words = first_line(error)
    if isinstance(error, HfHubHTTPError):
        words = f"{error.response.status_code} {error.response.reason_phrase}"
        words += f", {error.server_message}" if error.server_message else ""
    return SECRET.sub("***", " ".join(words.split()))[:200]
