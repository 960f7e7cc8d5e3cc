"""Folders of pictures: which are sources, and how processes share them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from PIL import Image

from inpainting import InpaintingPipeline
from inpainting.cli import folders
from inpainting.cli.folders import Options, fill_all, find_jobs, mask_for
from inpainting.distributed import SingleProcess
from inpainting.errors import InpaintingError, InvalidImage, InvalidMask
from inpainting.io.files import read_records
from inpainting.io.images import decode
from tests.cli.conftest import files_of, report, without_seconds
from tests.running_app import PATIENCE


def test_a_folder_keeps_its_structure_and_every_result_is_a_png(photos, tmp_path):
    out = tmp_path / "out"
    jobs = find_jobs([photos, photos / "a.png"], out)
    assert [job.image.relative_to(photos).as_posix() for job in jobs] == [
        "a.png", "deep/b.tif", "deep/er/c.bmp",
    ]  # fmt: skip
    assert [job.output.relative_to(out).as_posix() for job in jobs] == [
        "a.png", "deep/b.png", "deep/er/c.png",
    ]  # fmt: skip


def test_results_are_no_sources(photos):
    (photos / "out").mkdir()
    Image.new("RGB", (3, 3)).save(photos / "out" / "old.png")
    assert len(find_jobs([photos], photos / "out")) == 3


def test_a_missing_source_and_two_results_of_one_name_are_refused(photos, tmp_path):
    with pytest.raises(InvalidImage, match="no file or folder .*nowhere"):
        find_jobs([photos / "nowhere"], tmp_path / "out")
    decode(photos / "a.png").save(photos / "a.bmp")
    with pytest.raises(InvalidImage, match="would both be written to"):
        find_jobs([photos], tmp_path / "out")


def test_a_mask_is_a_file_for_all_or_the_one_of_the_same_name(photos, tmp_path):
    image, masks = photos / "a.png", tmp_path / "masks"
    assert mask_for(image, tmp_path / "mask.png") == tmp_path / "mask.png"
    masks.mkdir()
    with pytest.raises(InvalidMask, match="and nothing was found"):
        mask_for(image, masks)
    (masks / "a.bmp").touch()
    assert mask_for(image, masks) == masks / "a.bmp"
    (masks / "a.png").touch()
    with pytest.raises(InvalidMask, match="and a.png, a.bmp was found: one file is needed"):
        mask_for(image, masks)


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
    pipe = InpaintingPipeline.from_pretrained(tiny_checkpoint, device="cpu")
    options = Options(tmp_path / "mask.png")
    jobs = find_jobs([photos], shared)
    got = in_threads(size, lambda team: fill_all(pipe, jobs, shared, options, team))
    assert all(records == got[0] for records in got)
    written = report(shared)
    assert without_seconds(written) == without_seconds(report(tmp_path / "out")) and code == 1
    assert files_of(shared) == {"a.png", "report.json"}


def test_what_one_process_cannot_write_ends_all(photos, tmp_path, monkeypatch):
    for name in "defgh":
        decode(photos / "a.png").save(photos / f"{name}.png")
    jobs, options = find_jobs([photos], tmp_path / "out"), Options(tmp_path / "mask.png")
    tried = []

    def fill_one(pipe, job, options):
        tried.append(job)
        if job is jobs[1]:
            raise OSError(28, "No space left on device")
        return {}

    monkeypatch.setattr(folders, "fill_one", fill_one)
    got = in_threads(2, lambda team: fill_all(None, jobs, tmp_path / "out", options, team))
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
        fill_all(None, find_jobs([photos], tmp_path / "out"), tmp_path / "out",
                 Options(tmp_path / "mask.png"))  # fmt: skip
