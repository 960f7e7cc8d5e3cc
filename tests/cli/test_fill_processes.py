"""``inpaint fill`` in several processes: as one does it, whatever is killed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from inpainting.cli.pairs import find_jobs, find_pictures
from inpainting.io.files import read_records
from inpainting.io.images import decode
from tests.cli.conftest import files_of, report, without_seconds
from tests.cli.forked import exit_code, kill, start_pair
from tests.running_app import PATIENCE, ROOT, free_port

MANY = 150  # photos: more than are filled before a kill


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_no_thread_of_the_group_is_left_to_abort_the_end():
    code = """if True:
        import os
        from pathlib import Path
        from inpainting.distributed import processes

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
def launch(tmp_path, tiny_checkpoint):
    """A function that starts the command by ``accelerate launch``; all is ended with the test."""
    started = []

    def call(*arguments) -> subprocess.Popen:
        launcher = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", "2",
                    "--main_process_port", "0", "-m"]  # fmt: skip
        command = [sys.executable, "-m", *launcher, "inpainting", "fill", *arguments,
                   "--out", tmp_path / "out", "--checkpoint", tiny_checkpoint]  # fmt: skip
        # Threads change sums in the last bit: one, as in this process; no GPU, as in this process.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            list(map(str, command)), stdout=pipe, stderr=pipe, text=True, env=environment, cwd=ROOT
        )
        started.append(process)
        return process

    yield call
    for process in started:
        if process.poll() is None:
            children = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            for child in children:
                child.kill()
            psutil.wait_procs(children, PATIENCE)
        process.communicate()


@pytest.fixture
def pair(tmp_path, tiny_checkpoint):
    """A function that starts the command in two processes without a launcher."""
    started = []

    def call(*arguments):
        common = ["--out", tmp_path / "out", "--checkpoint", tiny_checkpoint]
        started.extend(start_pair("fill", [*arguments, *common], tmp_path / "log.txt"))
        return started[-2:]

    yield call
    for process in started:
        kill(process)


def finished(process: subprocess.Popen) -> tuple[int, str, str]:
    output, error = process.communicate(timeout=2 * PATIENCE)
    return process.returncode, output, error


@pytest.mark.slow
def test_two_processes_do_what_one_does(photos, launch, run, tmp_path):
    (photos / "broken.png").write_bytes(b"")
    arguments = [photos, "--mask", tmp_path / "mask.png"]
    code, both_said, errors = finished(launch(*arguments))
    assert code == 1 and errors.count("exitcode  : 1 ") == 2, errors
    out, both = tmp_path / "out", tmp_path / "both"
    out.rename(both)
    code, said = run(*arguments)
    assert code == 1 and both_said.count("skipped ") == 1
    assert both_said and said.startswith(both_said)  # then comes the progress bar
    assert without_seconds(report(both)) == without_seconds(report(out))
    for record in report(out):
        path = Path(record["output"])
        if "error" not in record:
            assert (both / path.relative_to(out)).read_bytes() == path.read_bytes()
    assert files_of(both) == {"a.png", "report.json"}


@pytest.mark.slow
def test_what_cannot_be_written_is_told_by_both(photos, pair, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "deep").write_text("a file where the second picture wants a folder")
    assert [exit_code(one) for one in pair(photos, "--mask", tmp_path / "mask.png")] == [1, 1]
    said = (tmp_path / "log.txt").read_text()
    assert "1 of 3 filled, see" in said and said.count("b.png ([Errno 17] File exists") == 1
    assert ["error" in record for record in report(tmp_path / "out")] == [False, True, True]


@pytest.fixture
def many(photos) -> list:
    """So many photos that a kill finds some that are not filled."""
    for i in range(MANY):
        decode(photos / "a.png").save(photos / f"more{i:03}.png")
    return [photos, "--mask", photos.with_name("mask.png")]


def wait_until_both_have_filled_something(out: Path) -> None:
    logs = [out / "report-0.jsonl", out / "report-1.jsonl"]
    deadline = time.monotonic() + 2 * PATIENCE
    while not all(path.exists() and path.stat().st_size for path in logs):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def goes_on_in_one_process(run, arguments: list, out: Path) -> None:
    """What was filled stays as it is, the rest is filled, the report has all."""
    done = [record for log in out.glob("report-*.jsonl") for record in read_records(log)]
    assert 2 <= len(done) < MANY + 3 and not (out / "report.json").exists()
    written = [record["output"] for record in done if os.path.exists(record["output"])]
    assert len(written) >= len(done) - 2  # each process may have been between record and file
    stamps = {path: os.stat(path).st_mtime_ns for path in written}
    assert run(*arguments)[0] == 0
    assert all(os.stat(path).st_mtime_ns == stamp for path, stamp in stamps.items())
    is_whole(arguments, out)


def is_whole(arguments: list, out: Path) -> None:
    sources, mask = arguments[:1], arguments[2]
    jobs = find_jobs(find_pictures(sources, mask, out), mask, out)
    expected = [str(job.output) for job in jobs]
    assert [record["output"] for record in report(out)] == expected
    assert all(Path(path).exists() for path in expected)
    assert not list(out.rglob("*.partial")) and not list(out.glob("*.jsonl"))


@pytest.mark.slow
@pytest.mark.parametrize("victims", [1, 2])
def test_killed_in_mid_run_it_goes_on_in_one_process(victims, many, pair, run, tmp_path):
    processes = pair(*many)
    wait_until_both_have_filled_something(tmp_path / "out")
    for process in processes[:victims]:
        kill(process)
    for other in processes[victims:]:  # it does its share, and notices
        assert exit_code(other) == 2
        assert "Another process of this run has ended" in (tmp_path / "log.txt").read_text()
    goes_on_in_one_process(run, many, tmp_path / "out")


@pytest.mark.slow
def test_a_process_of_a_launch_is_killed(many, launch, run, tmp_path):
    process = launch(*many)
    wait_until_both_have_filled_something(tmp_path / "out")
    psutil.Process(process.pid).children()[-1].kill()
    assert finished(process)[0] == 1  # the launcher ends the other one
    goes_on_in_one_process(run, many, tmp_path / "out")


@pytest.mark.slow
def test_the_launcher_is_killed_and_its_processes_end_their_work(many, launch, tmp_path):
    process = launch(*many)
    wait_until_both_have_filled_something(tmp_path / "out")
    workers = psutil.Process(process.pid).children()
    assert len(workers) == 2 and not (tmp_path / "out" / "report.json").exists()
    process.kill()
    assert not psutil.wait_procs(workers, PATIENCE)[1]
    is_whole(many, tmp_path / "out")
