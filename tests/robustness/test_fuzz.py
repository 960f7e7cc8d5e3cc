"""The fuzzing target runs, and finds what it is there to find; ``make fuzz`` is the long run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running_app import ROOT

pytestmark = pytest.mark.slow
pytest.importorskip("atheris")


def fuzz(corpus: Path, *arguments: str, code: str = "pass") -> subprocess.CompletedProcess[str]:
    """The target, in a process of its own; ``code`` runs in it first."""
    start = f"import runpy; {code}; runpy.run_module('tests.robustness.fuzz', run_name='__main__')"
    # By way of a small process: libFuzzer's limit is on ru_maxrss, into which Linux counts the
    # memory of the process that started one.
    small = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", small, sys.executable, "-c", start,
         "--corpus", str(corpus), *arguments],
        cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=300,
    )  # fmt: skip


def test_a_few_seconds_find_nothing(tmp_path):
    done = fuzz(tmp_path / "corpus", "--runs", "2000")
    findings = list(tmp_path.glob("corpus-*"))
    # The run itself does not say how it failed.
    assert not findings, fuzz(tmp_path / "corpus", "--replay", str(findings[0])).stderr[-3000:]
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(re.search(r"number_of_executed_units: (\d+)", done.stderr)[1]) >= 2000


def test_what_is_neither_read_nor_refused_is_found_and_kept(tmp_path):
    fault = "import inpainting.io.images as i; i.DECODE_ERRORS = (MemoryError,)"
    done = fuzz(tmp_path / "corpus", "--runs", "2000", code=fault)
    assert done.returncode == 77, done.stderr[-3000:]  # libFuzzer's word for a finding
    (kept,) = tmp_path.glob("corpus-crash-*")
    again = fuzz(tmp_path / "corpus", "--replay", str(kept), code=fault)
    assert again.returncode == 1 and "Traceback" in again.stderr
    assert fuzz(tmp_path / "corpus", "--replay", str(kept)).returncode == 0
