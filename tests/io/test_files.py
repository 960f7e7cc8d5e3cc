"""Files written atomically, and logs of JSON lines: what a failure or a kill leaves of them."""

import pytest

from inpainting.io.files import append_record, atomic_write, read_records, to_line


def test_a_file_is_written_whole_with_its_folder(tmp_path):
    path = tmp_path / "a" / "b" / "file.bin"
    for content in (b"one", b"two"):
        with atomic_write(path) as file:
            file.write(content)
        assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_where_writing_fails_the_older_file_stays_and_nothing_beside_it(tmp_path, error):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    with pytest.raises(error):
        with atomic_write(path) as file:
            file.write(b"half of the n")
            file.flush()
            assert path.read_bytes() == b"old"
            raise error
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_records_come_back_and_a_line_cut_by_a_kill_is_skipped(tmp_path):
    path = tmp_path / "log.jsonl"
    assert list(read_records(path)) == []
    records = [{"step": 1, "loss": 0.5}, {"step": 2, "loss": None}, {"text": "ü\n"}]
    for record in records:
        append_record(path, record)
    with path.open("ab") as file:
        file.write(to_line({"step": 3})[:-5])
    assert list(read_records(path)) == records
