"""Thousands of odd and broken files: read as they should be, or refused in one of our sentences.

All of them are decoded. The whole app and the scripts get a sample, and all of them at night.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from inpainting.cli import eval as eval_command
from inpainting.cli import fill as fill_command
from inpainting.cli import train as train_command
from inpainting.errors import InvalidImage
from inpainting.io.images import decode
from tests.endpoint import file_data, fill, upload
from tests.robustness.odd_answers import MASK_FILE, check_answer, check_refusal, refusal_of
from tests.robustness.odd_files import OddFile, odd_files, reference, sample

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
    odd_files.cache_clear()
    assert files == odd_files() and len({file.name for file in files}) == len(files)


def test_a_sample_has_every_kind_in_every_format():
    some, every = (
        {(file.kind, file.suffix) for file in files} for files in (sample(), odd_files())
    )
    assert some == every and len(every) > 50
    assert len(sample()) < 100


# The app and the scripts


@pytest.fixture(
    params=[sample, pytest.param(odd_files, marks=pytest.mark.nightly)],
    ids=["sample", "all"],
    scope="module",
)
def corpus(request) -> Sequence[OddFile]:
    return request.param()


@pytest.mark.slow
def test_the_endpoint_fills_or_explains_every_odd_file(address, corpus):
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
        outcomes = Counter(threads.map(send, corpus))
    assert set(outcomes) == {"complete", "error"}
    assert min(outcomes.values()) > len(corpus) / 6


@pytest.fixture(scope="module")
def odd_folder(tmp_path_factory, corpus) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    for file in corpus:
        if "webp_large" not in file.name:  # 88 megapixels: no app takes it, a folder takes a minute
            (folder / file.name).write_bytes(file.content)
    return folder


def run(main: Callable[[list[str]], int | None], *arguments: str | Path) -> int | str | None:
    """A script's exit code, or the sentence that it ends with."""
    try:
        return main([*map(str, arguments)])
    except SystemExit as end:
        return end.code


@pytest.mark.slow
def test_a_folder_of_odd_files_is_filled_and_every_refusal_is_in_the_report(
    odd_folder, corpus, tiny_checkpoint, tmp_path
):
    (tmp_path / "mask.png").write_bytes(MASK_FILE)
    code = run(
        fill_command.main, odd_folder, "--mask", tmp_path / "mask.png", "--out", tmp_path / "out",
        "--checkpoint", tiny_checkpoint, "--device", "cpu",
    )  # fmt: skip
    assert code == 1
    files = {file.name: file for file in corpus}
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert len(report) > 2 / 3 * len(files)  # others have no picture's name
    for record in report:
        file = files[Path(record["image"]).name]
        if "error" in record:
            check_refusal(file, record["error"])
        else:
            check_answer(file, Path(record["output"]).read_bytes())


@pytest.mark.slow
def test_training_passes_over_what_it_cannot_read_and_counts_it(
    odd_folder, corpus, tiny_checkpoint, tmp_path, capsys
):
    steps = str(max(10, len(corpus) // 75))  # about a fifth of the corpus, or twice a small one
    code = run(
        train_command.main, "--data", odd_folder, "--init-from", tiny_checkpoint, "--size=32",
        "--crop=16", "--batch-size=16", "--cpu", "--mixed-precision=no", "--num-workers=2",
        "--max-steps", steps, "--logging-steps", steps, "--validation-steps", steps,
        "--max-corrupt=1", "--validation-images=2", "--output-dir", tmp_path / "run",
    )  # fmt: skip
    assert not code
    told = re.findall(r"skipped picture \d+ of epoch \d+: (.*)", capsys.readouterr().err)
    assert len(told) > len(corpus) / 30 and all(refusal_of(words) is not None for words in told)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert max(json.loads(line).get("skipped_files", 0) for line in lines) == len(told)


@pytest.mark.slow
def test_evaluation_names_what_it_cannot_read(odd_folder, tiny_checkpoint, tmp_path):
    sentence = run(
        eval_command.main, "--checkpoint", tiny_checkpoint, "--data", odd_folder, "--size=32",
        "--output-dir", tmp_path / "scores", "--methods", "model", "--protocols", "lines",
    )  # fmt: skip
    assert re.search(r"eval\.py: .*\.(png|jpg|webp|gif|bmp|tif|avif)", str(sentence))
