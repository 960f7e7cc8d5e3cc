"""``python -m inpainting fill``: folders, masks by name, going on, bad files, processes."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import psutil
import pytest
from PIL import Image

from inpainting import InpaintingPipeline, folders
from inpainting.__main__ import main
from inpainting.errors import InpaintingError
from inpainting.folders import Options, fill_all, find_jobs
from inpainting.images import decode
from inpainting.metrics import score
from inpainting.processes import Alone, launched_alone

from .running_app import PATIENCE, free_port


def box_mask(size=(30, 20), box=(5, 5, 12, 11)) -> Image.Image:
    mask_image = Image.new("L", size)
    mask_image.paste(255, box)
    return mask_image


@pytest.fixture
def photos(tmp_path, noise):
    folder = tmp_path / "photos"
    (folder / "deep" / "er").mkdir(parents=True)
    noise(30, 20).save(folder / "a.png")
    noise(30, 20).convert("RGBA").save(folder / "deep" / "b.tif")
    noise(60, 40).save(folder / "deep" / "er" / "c.bmp")
    box_mask().save(tmp_path / "mask.png")
    return folder


@pytest.fixture
def run(tmp_path, tiny_checkpoint, capsys):
    def call(*arguments) -> tuple[int, str]:
        common = ["--out", tmp_path / "out", "--checkpoint", tiny_checkpoint, "--device", "cpu"]
        code = main([str(part) for part in ["fill", *arguments, *common]])
        return code, "".join(capsys.readouterr())

    return call


def report(tmp_path) -> list[dict]:
    return json.loads((tmp_path / "out" / "report.json").read_text())


def test_a_folder_is_filled_with_one_mask(photos, run, tmp_path):
    code, output = run(photos, "--mask", tmp_path / "mask.png")
    assert code == 0 and "3 of 3 filled" in output
    results = sorted(
        p.relative_to(tmp_path / "out").as_posix() for p in tmp_path.rglob("out/**/*.png")
    )
    assert results == ["a.png", "deep/b.png", "deep/er/c.png"]
    first, second, third = report(tmp_path)
    original, filled = (np.array(decode(first[key])) for key in ("image", "output"))
    hole = np.array(box_mask()) > 0
    assert np.array_equal(original[~hole], filled[~hole]) and first["untouched_pixels_equal"]
    expected = score(original, filled, hole)
    assert first["scores"]["hole_psnr"] == pytest.approx(expected.hole_psnr, abs=1e-4)
    assert first["hole_ratio"] == pytest.approx(42 / 600, abs=1e-6) and first["passes"]
    assert decode(second["output"]).mode == "RGBA"
    assert "resized from 30×20 to 60×40" in third["notes"][0]
    assert not list(tmp_path.rglob("*.partial"))


def test_masks_by_name_and_bad_files(photos, run, tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()
    box_mask().save(masks / "a.png")
    box_mask().save(masks / "b.bmp")
    (photos / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    box_mask().save(masks / "broken.png")
    code, output = run(photos, "--mask", masks)
    assert code == 1 and "2 of 4 filled" in output
    assert "skipped" in output and "broken.png is not a picture" in output
    assert "c.png or another picture file of that name, and nothing was found" in output
    assert [("error" in record) for record in report(tmp_path)] == [False, True, False, True]


def test_a_second_run_goes_on(photos, run, tmp_path):
    run(photos, "--mask", tmp_path / "mask.png")
    first = report(tmp_path)
    (tmp_path / "out" / "a.png").unlink()
    stamp = (tmp_path / "out" / "deep" / "b.png").stat().st_mtime_ns
    assert run(photos, "--mask", tmp_path / "mask.png")[0] == 0
    assert (tmp_path / "out" / "a.png").exists()
    assert (tmp_path / "out" / "deep" / "b.png").stat().st_mtime_ns == stamp
    assert [r["scores"] for r in report(tmp_path)] == [r["scores"] for r in first]
    run(photos, "--mask", tmp_path / "mask.png", "--grow", "2")  # other settings: all again
    assert (tmp_path / "out" / "deep" / "b.png").stat().st_mtime_ns != stamp
    assert report(tmp_path)[0]["hole_ratio"] > first[0]["hole_ratio"]


def test_a_run_over_some_files_keeps_the_report_of_the_others(photos, run, tmp_path):
    run(photos, "--mask", tmp_path / "mask.png")
    run(photos / "a.png", "--mask", tmp_path / "mask.png")
    assert len(report(tmp_path)) == 3


def test_inverted_masks(photos, run, tmp_path):
    Image.eval(box_mask(), lambda level: 255 - level).save(tmp_path / "inverse.png")
    run(photos / "a.png", "--mask", tmp_path / "inverse.png", "--invert-mask")
    assert report(tmp_path)[0]["hole_ratio"] == pytest.approx(42 / 600, abs=1e-6)
    assert report(tmp_path)[0]["notes"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere", "--mask", "mask.png"), "no file or folder nowhere"),
        (("photos", "--mask", "nowhere.png"), "no mask file or folder nowhere.png"),
        (("photos", "--mask", "mask.png", "--checkpoint", "photos"), "config.json"),
        (("empty", "--mask", "mask.png"), "no picture in what was given"),
    ],
)
def test_wrong_usage_is_one_sentence(photos, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert main(["fill", *arguments, "--out", "out"]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and not (tmp_path / "out").exists()


def test_two_results_of_one_name_are_refused(photos, run, tmp_path):
    decode(photos / "a.png").save(photos / "a.bmp")
    code, output = run(photos, "--mask", tmp_path / "mask.png")
    assert code == 2 and "would both be written" in output


def test_results_are_no_sources(photos):
    (photos / "out").mkdir()
    Image.new("RGB", (3, 3)).save(photos / "out" / "old.png")
    assert len(find_jobs([photos], photos / "out")) == 3


def test_a_folder_that_cannot_be_written_is_said(photos, tmp_path, capsys):
    (tmp_path / "out").write_text("a file")
    arguments = ["fill", photos, "--mask", tmp_path / "mask.png", "--out", tmp_path / "out"]
    assert main([str(part) for part in arguments]) == 2
    assert "out" in capsys.readouterr().err


def test_the_module_runs():
    command = [sys.executable, "-m", "inpainting", "fill", "--help"]
    assert "--mask" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def without_seconds(records) -> list[dict]:
    """What two runs have in common, below whichever folder they wrote to."""
    return [
        {**record, "output": Path(record["output"]).name, "seconds": None} for record in records
    ]


def files_of(out: Path) -> set[str]:
    return {path.name for path in out.iterdir() if path.is_file()}


def test_a_stopped_run_goes_on_from_its_journal(photos, run, tmp_path, monkeypatch):
    out, real = tmp_path / "out", folders.fill_one

    def stopped_at_c(pipe, job, options):
        if job.image.stem == "c":
            raise KeyboardInterrupt
        return real(pipe, job, options)

    monkeypatch.setattr(folders, "fill_one", stopped_at_c)
    with pytest.raises(KeyboardInterrupt):
        run(photos, "--mask", tmp_path / "mask.png")
    assert files_of(out) == {"a.png", "report-0.jsonl"}
    journal = out / "report-0.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    assert len(lines) == 2
    journal.write_bytes(lines[0] + lines[1][:-20])  # a kill while the second one was written
    stamps = [(out / name).stat().st_mtime_ns for name in ("a.png", "deep/b.png")]
    monkeypatch.setattr(folders, "fill_one", real)
    assert run(photos, "--mask", tmp_path / "mask.png")[0] == 0
    again = [(out / name).stat().st_mtime_ns for name in ("a.png", "deep/b.png")]
    assert again[0] == stamps[0] and again[1] > stamps[1]
    assert [Path(record["image"]).stem for record in report(tmp_path)] == ["a", "b", "c"]
    assert files_of(out) == {"a.png", "report.json"}


def test_journals_of_two_processes_become_the_report(photos, run, tmp_path):
    out = tmp_path / "out"
    run(photos, "--mask", tmp_path / "mask.png")
    whole = (out / "report.json").read_bytes()
    first, second, third = (json.dumps(record) + "\n" for record in report(tmp_path))
    old = json.loads(second) | {"error": "of an earlier run"}
    (out / "report.json").write_text(json.dumps([old]))
    (out / "report-0.jsonl").write_text(first + third)
    (out / "report-1.jsonl").write_text(second + third[:7])
    stamp = (out / "deep" / "b.png").stat().st_mtime_ns
    assert run(photos, "--mask", tmp_path / "mask.png")[0] == 0
    assert (out / "report.json").read_bytes() == whole
    assert (out / "deep" / "b.png").stat().st_mtime_ns == stamp
    assert files_of(out) == {"a.png", "report.json"}


def test_the_report_is_written_before_the_journals_go(photos, run, tmp_path, monkeypatch):
    run(photos, "--mask", tmp_path / "mask.png")
    journal = tmp_path / "out" / "report-0.jsonl"
    journal.write_text("".join(json.dumps(record) + "\n" for record in report(tmp_path)))
    before = (tmp_path / "out" / "report.json").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, output = run(photos, "--mask", tmp_path / "mask.png")
    assert code == 2 and "No space left" in output
    assert journal.exists() and (tmp_path / "out" / "report.json").read_bytes() == before


class Thread(Alone):
    """A process of several, played by a thread."""

    def __init__(self, rank: int, met: Barrier, slots: dict, counts: Alone) -> None:
        self.rank, self.size = rank, met.parties
        self.met, self.slots, self.counts = met, slots, counts

    def gather(self, items):
        self.slots[self.rank] = items
        self.met.wait(PATIENCE)
        everything = [item for rank in range(self.size) for item in self.slots[rank]]
        self.met.wait(PATIENCE)
        return everything

    def count(self, name, more):
        return self.counts.count(name, more)


def in_threads(size: int, work) -> list:
    """What ``work`` of each of ``size`` teammates returned or raised."""
    met, slots, counts = Barrier(size), {}, Alone()
    with ThreadPoolExecutor(size) as pool:
        futures = [pool.submit(work, Thread(rank, met, slots, counts)) for rank in range(size)]
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
    written = json.loads((shared / "report.json").read_text())
    assert without_seconds(written) == without_seconds(report(tmp_path)) and code == 1
    assert files_of(shared) == {"a.png", "report.json"}


def test_what_one_process_cannot_write_ends_all(photos, tmp_path, monkeypatch):
    for name in "defgh":
        decode(photos / "a.png").save(photos / f"{name}.png")
    jobs, options = find_jobs([photos], tmp_path / "out"), Options(tmp_path / "mask.png")
    tried = []

    def work(team):
        def fill_one(pipe, job, options):
            tried.append(job)
            if job is jobs[1]:
                while jobs[0] not in tried:
                    time.sleep(0.01)
                raise OSError(28, "No space left on device")
            while not team.failed:
                time.sleep(0.01)
            return {}

        monkeypatch.setattr(folders, "fill_one", fill_one)
        return fill_all(None, jobs, tmp_path / "out", options, team)

    got = in_threads(2, work)
    assert [type(error) for error in got] == [InpaintingError] * 2
    assert str(got[0]) == str(got[1]) and "d.png ([Errno 28] No space left" in str(got[0])
    assert sorted(tried) == jobs[:2]  # the other one ended after its picture, which is kept
    assert len((tmp_path / "out" / "report-0.jsonl").read_text().splitlines()) == 1


def test_one_process_where_several_were_asked_for_is_told(monkeypatch, photos, run, tmp_path):
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    assert not launched_alone()
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    monkeypatch.setenv("MASTER_PORT", "29500")
    assert launched_alone()
    code, output = run(photos, "--mask", tmp_path / "mask.png")
    assert code == 0 and "add --multi_gpu" in output
    monkeypatch.setenv("LOCAL_RANK", "0")
    assert not launched_alone()


def test_a_plain_run_does_not_import_accelerate():
    code = "import sys, inpainting.__main__; assert 'accelerate' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_no_thread_of_the_group_is_left_to_abort_the_end():
    code = """if True:
        import os
        from pathlib import Path
        from inpainting.processes import processes

        def threads():
            return [path.read_text() for path in Path("/proc/self/task").glob("*/comm")]

        with processes() as team:
            team.gather([1])
            import torch.distributed.nn.functional  # as torch does by itself some time
            assert any("gloo" in name for name in threads())
        assert not any("gloo" in name for name in threads()), threads()
    """
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    place |= {"LOCAL_RANK": "0", "RANK": "0", "WORLD_SIZE": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | place)


@pytest.fixture
def start(tmp_path, tiny_checkpoint):
    """A function that starts the real command, in one process or several; they are ended."""
    started = []

    def call(size: int, *arguments, out: str = "out") -> subprocess.Popen:
        launcher = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", str(size),
                    "--main_process_port", "0", "-m"]  # fmt: skip
        command = [sys.executable, "-m", *(launcher if size > 1 else []), "inpainting", "fill",
                   *arguments, "--out", tmp_path / out,
                   "--checkpoint", tiny_checkpoint]  # fmt: skip
        # Threads change sums in the last bit, so both have one; no GPU, so both have none.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        started.append(
            subprocess.Popen(
                list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, env=environment, cwd=Path(__file__).parents[1],
            )
        )  # fmt: skip
        return started[-1]

    yield call
    for process in started:
        kill_tree(process)
        process.communicate()


def kill_tree(process: subprocess.Popen) -> None:
    """SIGKILL for the launcher first, so that it cannot end the others gently."""
    if process.poll() is None:
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in children:
            child.kill()
        psutil.wait_procs(children, PATIENCE)


def finished(process: subprocess.Popen) -> tuple[int, str, str]:
    output, error = process.communicate(timeout=2 * PATIENCE)
    return process.returncode, output, error


@pytest.mark.slow
def test_two_processes_do_what_one_does(photos, start, tmp_path):
    (photos / "broken.png").write_bytes(b"")
    arguments = [photos, "--mask", tmp_path / "mask.png"]
    one, said, _ = finished(start(1, *arguments, out="one"))
    _, both_said, errors = finished(start(2, *arguments))
    assert one == 1 and errors.count("exitcode  : 1 ") == 2, errors
    assert both_said == said.replace(str(tmp_path / "one"), str(tmp_path / "out"))
    assert said.count("skipped ") == 1
    expected = json.loads((tmp_path / "one" / "report.json").read_text())
    assert without_seconds(report(tmp_path)) == without_seconds(expected)
    for record in expected:
        path = Path(record["output"])
        if "error" not in record:
            other = tmp_path / "out" / path.relative_to(tmp_path / "one")
            assert other.read_bytes() == path.read_bytes()
    assert files_of(tmp_path / "out") == {"a.png", "report.json"}


@pytest.mark.slow
def test_an_error_in_one_process_ends_the_launch(photos, start, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "deep").write_text("a file where the second picture wants a folder")
    _, said, errors = finished(start(2, photos, "--mask", tmp_path / "mask.png"))
    assert errors.count("exitcode  : 2 ") == 2 and not said, errors
    assert errors.count("b.png ([Errno 17] File exists") == 1, errors
    assert files_of(tmp_path / "out") >= {"a.png", "report-0.jsonl"}


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["all", "one", "launcher"])
def test_a_killed_launch_goes_on_in_one_process(victim, photos, start, run, tmp_path):
    for i in range(300):
        decode(photos / "a.png").save(photos / f"more{i:03}.png")
    arguments, out = [photos, "--mask", tmp_path / "mask.png"], tmp_path / "out"
    process = start(2, *arguments)
    journals = [out / "report-0.jsonl", out / "report-1.jsonl"]
    deadline = time.monotonic() + 2 * PATIENCE
    while not all(path.exists() and path.stat().st_size for path in journals):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    workers = psutil.Process(process.pid).children()
    if victim == "all":
        kill_tree(process)
    elif victim == "one":
        workers[-1].kill()
        assert finished(process)[0] == 1
    else:
        process.kill()  # nobody ends the others: they notice
        assert not psutil.wait_procs(workers, PATIENCE)[1]
        assert "or its launcher" in finished(process)[2]
    done = [
        json.loads(x)
        for path in journals
        for x in path.read_text().splitlines(True)
        if x[-1] == "\n"
    ]
    assert 2 <= len(done) < 303 and not (out / "report.json").exists()
    stamps = {record["output"]: os.stat(record["output"]).st_mtime_ns for record in done}
    assert run(*arguments)[0] == 0
    assert all(os.stat(path).st_mtime_ns == stamp for path, stamp in stamps.items())
    expected = [str(job.output) for job in find_jobs([photos], out)]
    assert [record["output"] for record in report(tmp_path)] == expected
    assert all(Path(path).exists() for path in expected)
    assert not list(out.rglob("*.partial")) and not list(out.glob("*.jsonl"))
