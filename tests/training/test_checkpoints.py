"""States on disk: whole or absent, the newest that verifies, and never more than asked for."""

import os
import resource
from pathlib import Path

import pytest
import torch

from inpainting.errors import CheckpointError
from inpainting.training.checkpoints import clear_states, load_state, save_state, state_files


def fill(folder: Path, steps=(1, 2, 3)) -> list[Path]:
    return [save_state(folder, state(step), step, keep=9) for step in steps]


def state(step: int) -> dict:
    return {"step": step, "weights": torch.full((1000,), float(step)), "rest": [1, {"a": None}]}


def test_what_is_saved_is_read(tmp_path, caplog):
    fill(tmp_path)
    found = load_state(tmp_path)
    assert not caplog.messages
    assert found["step"] == 3 and torch.equal(found["weights"], torch.full((1000,), 3.0))
    assert found["rest"] == [1, {"a": None}]


def test_only_the_newest_are_kept_and_strays_go(tmp_path):
    for step in range(1, 8):
        save_state(tmp_path, state(step), step, keep=2)
        (tmp_path / "state" / f"step-{step:08d}.pt.partial").touch()  # of a run that was killed
    assert [int(path.name[5:13]) for path in state_files(tmp_path)] == [7, 6]
    save_state(tmp_path, state(8), 8, keep=2)
    assert not list((tmp_path / "state").glob("*.partial"))
    clear_states(tmp_path)
    assert state_files(tmp_path) == []


DAMAGE = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "one bit": lambda path: path.write_bytes(flipped(path.read_bytes())),
    "empty": lambda path: path.write_bytes(b""),
    "missing": lambda path: path.unlink(),
    "another file": lambda path: path.write_bytes(state_files(path.parents[1])[1].read_bytes()),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_falls_back_to_the_one_before_and_says_so(tmp_path, caplog, name):
    newest = fill(tmp_path)[-1]
    DAMAGE[name](newest)
    assert load_state(tmp_path)["step"] == 2
    told = [*caplog.messages]
    assert len(told) == (name != "missing")
    assert all(newest.name in words and "is damaged" in words for words in told)
    # It is out of the way: what is saved next is the newest, and nothing is told twice.
    save_state(tmp_path, state(3), 3, keep=9)
    assert load_state(tmp_path)["step"] == 3 and caplog.messages == told


def test_no_state_and_none_that_is_whole_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="There is no state in"):
        load_state(tmp_path)
    for path in fill(tmp_path):
        path.write_bytes(b"x")
    with pytest.raises(CheckpointError, match="All 3 states in .* are damaged"):
        load_state(tmp_path)


def test_a_state_cannot_run_code(tmp_path, caplog):
    """A file with the right digest is still read as data only."""
    (path,) = fill(tmp_path, [1])
    evil = tmp_path / "evil"

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(evil),)

    save_state(tmp_path, {"step": 2, "x": Evil()}, 2, keep=9)
    assert load_state(tmp_path)["step"] == 1 and len(caplog.messages) == 1
    assert not evil.exists()


def test_what_cannot_be_written_leaves_older_states_whole(tmp_path):
    fill(tmp_path)
    with pytest.raises((AttributeError, TypeError)):
        save_state(tmp_path, {"step": lambda: 0}, 4, keep=1)
    assert load_state(tmp_path)["step"] == 3 and len(state_files(tmp_path)) == 3


def test_full_disk_is_an_error_and_older_states_stay(tmp_path):
    """A limit on the size of files is to the process what a full disk is."""
    fill(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            save_state(tmp_path, {"weights": torch.zeros(100_000)}, 4, keep=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert load_state(tmp_path)["step"] == 3
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder nobody can write to")
def test_folder_that_cannot_be_written_to_is_an_error():
    with pytest.raises(OSError):
        save_state(Path("/proc/self"), state(1), 1, keep=1)
