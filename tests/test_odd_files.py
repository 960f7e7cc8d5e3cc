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
import numpy as np
import pytest
from PIL import Image

from inpainting.errors import EmptyHole, InvalidImage, NothingKnown
from inpainting.images import REFUSALS, decode
from tests.conftest import ROOT
from tests.odd_files import OddFile, odd_files, reference, saved

PATTERNS = [re.compile(re.sub(r"\\\{.*?\}", ".*", re.escape(words)), re.DOTALL)
            for words in REFUSALS]  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow warns of much that it reads


def refusal_of(message: str) -> int:
    """Which of the fixed sentences it is."""
    return next(k for k, pattern in enumerate(PATTERNS) if pattern.fullmatch(message))


def test_every_odd_file_is_read_right_or_refused():
    outcomes: Counter[str] = Counter()
    for file in odd_files():
        start = time.monotonic()
        try:
            image = decode(file.content)
        except InvalidImage as error:
            assert file.expected is None, f"{file.name}: {error}"
            outcomes[f"refused {refusal_of(str(error))}"] += 1
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


MASK = Image.new("L", (8, 8))
MASK.paste(255, (2, 2, 5, 5))
# What a whole fill refuses beside pictures that cannot be read.
UNFILLABLE = {str(EmptyHole()), str(NothingKnown())}


def check_answer(file: OddFile, result: bytes) -> None:
    """The size and the pixels outside the hole are those of a plain decoder."""
    image, expected = decode(result), reference(file.content)
    assert (image.size, image.mode) == (expected.size, expected.mode), file.name
    known = ~np.asarray(MASK.resize(image.size, Image.Resampling.NEAREST)).astype(bool)
    assert np.array_equal(np.asarray(image)[known], np.asarray(expected)[known]), file.name
    assert b"secret" not in result and not image.info


def check_refusal(file: OddFile, words: str) -> None:
    assert words in UNFILLABLE or refusal_of(words) is not None, f"{file.name}: {words}"
    assert file.expected is None or words in UNFILLABLE, f"{file.name}: {words}"


def upload(client: httpx.Client, name: str, content: bytes) -> str:
    answer = client.post("/gradio_api/upload", files={"files": (name, content)})
    assert answer.status_code == 200, (name, answer.text)
    return answer.json()[0]


@pytest.mark.slow
def test_the_endpoint_fills_or_explains_every_odd_file(address):
    mask = saved(MASK, "PNG")

    def send(file: OddFile) -> str:
        with httpx.Client(base_url=address, timeout=10) as client:  # what takes longer hangs
            picture, mask_image = (
                {"path": upload(client, name, content), "meta": {"_type": "gradio.FileData"}}
                for name, content in ((file.name, file.content), ("mask.png", mask))
            )
            body = {"image": picture, "mask_image": mask_image}
            answer = client.post("/gradio_api/call/v2/fill", json=body)
            assert answer.status_code == 200, (file.name, answer.text)
            text = client.get(f"/gradio_api/call/fill/{answer.json()['event_id']}").text
            event, data = re.findall("event: (.*)\ndata: (.*)", text)[-1]
            if event == "error":
                check_refusal(file, json.loads(data)["error"])
                return event
            check_answer(file, client.get(json.loads(data)[0]["url"]).content)
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
    MASK.save(tmp_path / "mask.png")
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
