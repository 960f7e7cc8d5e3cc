"""Folders of pictures: how processes share them, and what ends a run."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from inpainting import InpaintingPipeline
from inpainting.cli import folders
from inpainting.cli.folders import Fill, Options, fill_all
from inpainting.cli.pairs import Job, find_jobs, find_pictures
from inpainting.distributed import SingleProcess
from inpainting.errors import InpaintingError
from inpainting.io.files import read_records
from inpainting.io.images import decode
from inpainting.models.checkpoint import weights_digest
from tests.cli.conftest import files_of, report, without_seconds
from tests.running_app import PATIENCE


def jobs_of(photos: Path, out: Path) -> list[Job]:
    mask = photos.parent / "mask.png"
    return find_jobs(find_pictures([photos], mask, out), mask, out)


class Thread(SingleProcess):
    """A process of several, played by a thread."""

    def __init__(self, rank: int, met: Barrier, slots: dict) -> None:
        self.rank, self.size = rank, met.parties
        self.met, self.slots = met, slots

    def gather(self, items):
        self.slots[self.rank] = items
        self.met.wait(PATIENCE)
        everything = [item for rank in range(self.size) for item in self.slots[rank]]
        self.met.wait(PATIENCE)
        return everything


def in_threads(size: int, work) -> list:
    """What ``work`` of each of ``size`` teammates returned or raised."""
    met, slots = Barrier(size), {}
    with ThreadPoolExecutor(size) as pool:
        futures = [pool.submit(work, Thread(rank, met, slots)) for rank in range(size)]
        return [future.exception(PATIENCE) or future.result() for future in futures]


@pytest.mark.parametrize("size", [2, 5])  # 5: some have nothing to do
def test_processes_share_the_list(size, photos, run, tmp_path, tiny_checkpoint):
    (photos / "broken.png").write_bytes(b"")
    code, _ = run(photos, "--mask", tmp_path / "mask.png")
    shared = tmp_path / "shared"
    digest_of_tiny = weights_digest(tiny_checkpoint)
    pipe = InpaintingPipeline.from_pretrained(tiny_checkpoint, device="cpu")
    jobs = jobs_of(photos, shared)
    got = in_threads(
        size, lambda team: fill_all(pipe, jobs, shared, Options(), digest_of_tiny, team)
    )
    assert all(outcomes == got[0] for outcomes in got)
    written = report(shared)
    assert without_seconds(written) == without_seconds(report(tmp_path / "out")) and code == 1
    assert files_of(shared) == {"a.png", "report.json"}


def test_what_one_process_cannot_write_ends_all(photos, tmp_path, monkeypatch):
    for name in "defgh":
        decode(photos / "a.png").save(photos / f"{name}.png")
    jobs = jobs_of(photos, tmp_path / "out")
    tried = []

    def fill_one(pipe, job, options):
        tried.append(job)
        if job is jobs[1]:
            raise OSError(28, "No space left on device")
        return Fill(b"", {})

    monkeypatch.setattr(folders, "fill_one", fill_one)
    got = in_threads(2, lambda team: fill_all(None, jobs, tmp_path / "out", Options(), "", team))
    assert [type(error) for error in got] == [InpaintingError] * 2
    assert str(got[0]) == str(got[1]) and "d.png ([Errno 28] No space left" in str(got[0])
    assert sorted(tried) == sorted([*jobs[::2], jobs[1]])  # the other one did its share
    kept = [record["image"] for record in read_records(tmp_path / "out" / "report-0.jsonl")]
    assert kept == [str(job.image) for job in jobs[::2]]
    assert not (tmp_path / "out" / "report.json").exists()


def test_what_is_no_error_of_a_picture_is_raised(photos, tmp_path, monkeypatch):
    def broken(pipe, job, options):
        raise ZeroDivisionError

    monkeypatch.setattr(folders, "fill_one", broken)
    with pytest.raises(ZeroDivisionError):
        fill_all(None, jobs_of(photos, tmp_path / "out"), tmp_path / "out", Options())
