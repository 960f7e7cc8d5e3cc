"""Pictures that stay in memory: the same ones, shared by forked processes, within their room."""

import multiprocessing
import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from inpainting.data import store as module
from inpainting.data.store import PictureStore, memory_of_machine
from inpainting.errors import InvalidImage


def read(folder: Path, number: int) -> np.ndarray:
    """A picture of its number's size and colour; every reading leaves a line in a file."""
    with (folder / "log").open("a") as file:
        file.write(f"{number}\n")
    if number == 3:
        raise InvalidImage("picture 3 is damaged")
    return np.full((number + 4, 5, 3), number, np.uint8)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "log").touch()
    return tmp_path


def readings(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "log").read_text().split()]


def test_a_picture_is_read_once(folder):
    store = PictureStore(partial(read, folder), 6, room=10**6)
    for _ in range(2):
        for number in (5, 0, 2):
            assert np.array_equal(store[number], np.full((number + 4, 5, 3), number))
    assert readings(folder) == [5, 0, 2]


def test_a_damaged_one_is_damaged_every_time(folder):
    store = PictureStore(partial(read, folder), 6, room=10**6)
    for _ in range(2):
        with pytest.raises(InvalidImage, match="picture 3"):
            store[3]
    assert readings(folder) == [3, 3]


def test_what_has_no_room_is_read_again(folder):
    store = PictureStore(partial(read, folder), 6, room=(4 + 5) * 5 * 3)
    for _ in range(2):
        for number in (0, 2, 1):
            assert np.array_equal(store[number], np.full((number + 4, 5, 3), number))
    assert readings(folder) == [0, 2, 1, 2]


def test_forked_processes_fill_and_read_the_same_memory(folder):
    store = PictureStore(partial(read, folder), 40, room=10**6)
    numbers = [number for number in range(40) if number != 3]
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=_look_at, args=(store, numbers[k::2])) for k in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    before = readings(folder)
    assert all((store[number] == number).all() for number in numbers)
    assert sorted(before) == numbers and readings(folder) == before


def _look_at(store: PictureStore, numbers: list[int]) -> None:
    for number in numbers:
        assert store[number].shape == (number + 4, 5, 3)


def test_a_copy_for_another_process_reads_by_itself(folder):
    store = PictureStore(partial(read, folder), 6, room=10**6)
    assert (store[1] == 1).all()
    copy = pickle.loads(pickle.dumps(store))
    assert np.array_equal(copy[1], store[1]) and readings(folder) == [1, 1]


def test_memory_is_taken_where_it_is_written_only():
    """Room for more than any machine has costs nothing."""
    PictureStore(partial(read, Path()), 10, room=2**42)


@pytest.mark.parametrize("words, expected", [("1048576\n", 2**20), ("max\n", None)])
def test_a_container_has_less_memory_than_its_machine(tmp_path, monkeypatch, words, expected):
    monkeypatch.setattr(module, "LIMITS", ())
    whole = memory_of_machine()
    (tmp_path / "memory.max").write_text(words)
    monkeypatch.setattr(module, "LIMITS", (tmp_path / "memory.max", tmp_path / "none"))
    assert memory_of_machine() == (expected or whole)
