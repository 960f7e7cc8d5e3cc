"""Thousands of odd and broken files: read as they should be, or refused in one of our sentences."""

import json
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from inpainting.errors import InvalidImage
from inpainting.images import decode
from tests.endpoint import file_data, fill, upload
from tests.odd_answers import MASK_FILE, check_answer, check_refusal, refusal_of
from tests.odd_files import OddFile, odd_files, reference
from tests.running_app import ROOT

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow warns of much that it reads


def test_every_odd_file_is_read_right_or_refused():
    outcomes: Counter[str] = Counter()
    for file in odd_files():
        start = time.monotonic()
        try:
            image = decode(file.content)
        except InvalidImage as error:
            assert file.expected is None, f"{file.name}: {error}"
            sentence = refusal_of(str(error))
            assert sentence is not None, f"{file.name}: {error}"
            outcomes[f"refused {sentence}"] += 1
            continue
        finally:
            assert time.monotonic() - start < 10, f"{file.name} hangs"
        assert not image.info and not image.getexif()
        for expected in (file.expected, reference(file.content)):
            if expected is not None:
                assert (image.size, image.mode) == (expected.size, expected.mode), file.name
                assert image.tobytes() == expected.tobytes(), file.name
        outcomes["read"] += 1
        outcomes["read, and known before"] += file.expected is not None
    assert outcomes.total() - outcomes["read, and known before"] >= 2000
    assert outcomes["read"] > 500 and outcomes["read, and known before"] > 100
    assert len(outcomes) > 6, "too few ways to be refused"


def test_the_files_are_the_same_for_the_same_seed():
    files = odd_files()
    assert files == odd_files() and len({file.name for file in files}) == len(files)


@pytest.mark.slow
def test_the_endpoint_fills_or_explains_every_odd_file(address):
    def send(file: OddFile) -> str:
        with httpx.Client(base_url=address, timeout=10) as client:  # what takes longer hangs
            picture = file_data(upload(client, file.content, file.name))
            event, data = fill(
                client, image=picture, mask_image=file_data(upload(client, MASK_FILE))
            )
            if event == "error":
                check_refusal(file, data["error"])
            else:
                check_answer(file, client.get(data[0]["url"]).content)
            return event

    with ThreadPoolExecutor(4) as threads:
        outcomes = Counter(threads.map(send, odd_files()))
    assert outcomes["complete"] > 500 and outcomes["error"] > 1000 and len(outcomes) == 2


@pytest.fixture(scope="module")
def odd_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    for file in odd_files():
        if "webp_large" not in file.name:  # 88 megapixels: no app takes it, a folder takes a minute
            (folder / file.name).write_bytes(file.content)
    return folder


def script(*command: str | Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, *map(str, command)], cwd=ROOT, capture_output=True, text=True,
        timeout=600, errors="replace",
    )  # fmt: skip
    assert "Traceback" not in done.stderr + done.stdout, done.stderr[-3000:]
    assert done.returncode >= 0, "killed"
    return done


@pytest.mark.slow
def test_a_folder_of_odd_files_is_filled_and_every_refusal_is_in_the_report(
    odd_folder, tiny_checkpoint, tmp_path
):
    (tmp_path / "mask.png").write_bytes(MASK_FILE)
    done = script(
        "-m", "inpainting", "fill", odd_folder, "--mask", tmp_path / "mask.png",
        "--out", tmp_path / "out", "--checkpoint", tiny_checkpoint, "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 1
    files = {file.name: file for file in odd_files()}
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert len(report) > 2000
    for record in report:
        file = files[Path(record["image"]).name]
        if "error" in record:
            check_refusal(file, record["error"])
        else:
            check_answer(file, Path(record["output"]).read_bytes())


@pytest.mark.slow
def test_training_passes_over_what_it_cannot_read_and_counts_it(
    odd_folder, tiny_checkpoint, tmp_path
):
    done = script(
        "train.py", "--data", odd_folder, "--init-from", tiny_checkpoint, "--size=32", "--crop=16",
        "--batch-size=16", "--cpu", "--mixed-precision=no", "--num-workers=2", "--max-steps=40",
        "--max-corrupt=1", "--logging-steps=40", "--validation-images=2", "--validation-steps=40",
        "--output-dir", tmp_path / "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = re.findall(r"skipped picture \d+ of epoch \d+: (.*)", done.stderr)
    assert len(told) > 100 and all(refusal_of(words) is not None for words in told)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert max(json.loads(line).get("skipped_files", 0) for line in lines) == len(told)


@pytest.mark.slow
def test_evaluation_names_what_it_cannot_read(odd_folder, tiny_checkpoint, tmp_path):
    done = script(
        "eval.py", "--checkpoint", tiny_checkpoint, "--data", odd_folder, "--size=32",
        "--output-dir", tmp_path / "scores", "--methods", "model", "--protocols", "lines",
    )  # fmt: skip
    assert done.returncode != 0 and re.search(
        r"eval\.py: .*\.(png|jpg|webp|gif|bmp|tif)", done.stderr
    )
