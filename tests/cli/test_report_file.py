"""The report of filled folders: a log per process, merged; nothing lost in a stop or a kill."""

import json
import os
from pathlib import Path

import pytest

from inpainting.cli import folders
from tests.cli.conftest import files_of, report


def test_a_stopped_run_goes_on_from_its_log(photos, run, tmp_path, monkeypatch):
    out, real = tmp_path / "out", folders.fill_one

    def stopped_at_c(pipe, job, options):
        if job.image.stem == "c":
            raise KeyboardInterrupt
        return real(pipe, job, options)

    monkeypatch.setattr(folders, "fill_one", stopped_at_c)
    with pytest.raises(KeyboardInterrupt):
        run(photos, "--mask", tmp_path / "mask.png")
    assert files_of(out) == {"a.png", "report-0.jsonl"}
    log = out / "report-0.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    assert len(lines) == 2
    log.write_bytes(lines[0] + lines[1][:-20])  # a kill while the second one was written
    stamps = [(out / name).stat().st_mtime_ns for name in ("a.png", "deep/b.png")]
    monkeypatch.setattr(folders, "fill_one", real)
    assert run(photos, "--mask", tmp_path / "mask.png")[0] == 0
    again = [(out / name).stat().st_mtime_ns for name in ("a.png", "deep/b.png")]
    assert again[0] == stamps[0] and again[1] > stamps[1]
    assert [Path(record["image"]).stem for record in report(tmp_path / "out")] == ["a", "b", "c"]
    assert files_of(out) == {"a.png", "report.json"}


def test_logs_of_two_processes_become_the_report(photos, run, tmp_path):
    out = tmp_path / "out"
    run(photos, "--mask", tmp_path / "mask.png")
    whole = (out / "report.json").read_bytes()
    first, second, third = (json.dumps(record) + "\n" for record in report(tmp_path / "out"))
    old = json.loads(second) | {"error": "of an earlier run"}
    (out / "report.json").write_text(json.dumps([old]))
    (out / "report-0.jsonl").write_text(first + third)
    (out / "report-1.jsonl").write_text(second + third[:7])
    stamp = (out / "deep" / "b.png").stat().st_mtime_ns
    assert run(photos, "--mask", tmp_path / "mask.png")[0] == 0
    assert (out / "report.json").read_bytes() == whole
    assert (out / "deep" / "b.png").stat().st_mtime_ns == stamp
    assert files_of(out) == {"a.png", "report.json"}


def test_the_report_is_written_before_the_logs_go(photos, run, tmp_path, monkeypatch):
    run(photos, "--mask", tmp_path / "mask.png")
    log = tmp_path / "out" / "report-0.jsonl"
    log.write_text("".join(json.dumps(record) + "\n" for record in report(tmp_path / "out")))
    before = (tmp_path / "out" / "report.json").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, output = run(photos, "--mask", tmp_path / "mask.png")
    assert code == 2 and "No space left" in output
    assert log.exists() and (tmp_path / "out" / "report.json").read_bytes() == before
