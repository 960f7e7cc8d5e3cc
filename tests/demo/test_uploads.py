"""Files that clients name: of this app's own folder, or none."""

import os
from pathlib import Path

import pytest

from inpainting.demo.uploads import uploaded
from inpainting.errors import InvalidImage
from tests.running_app import ROOT


@pytest.fixture
def there(kept, monkeypatch):
    """A file that was uploaded; no other one is ever opened."""
    file = kept / "abc" / "a.png"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"uploaded")
    return file


def test_a_file_of_the_folder_is_named_by_its_path(there):
    assert uploaded(str(there), "Gone.") == str(there)
    assert uploaded(f"{there.parent}/../abc/a.png", "Gone.")


def test_no_other_path_is_a_file(there, kept, tmp_path, monkeypatch):
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    beside = tmp_path / "kept-beside" / "a.png"  # begins with the folder's name
    beside.parent.mkdir()
    beside.write_bytes(b"secret")
    (kept / "out.png").symlink_to(secret)
    (kept / "folder").symlink_to(tmp_path)
    (kept / "loop").symlink_to(kept / "loop")
    (kept / "broken.png").symlink_to(kept / "nothing.png")
    os.mkfifo(kept / "pipe")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "open", None)
    for path in (
        "", ".", "/", "\0", f"{there}\0", f"{there}\0.png", "/etc/passwd", str(secret), str(beside),
        str(kept), str(there.parent), f"{there}/a.png", f"{there}x", "secret.png",
        f"{kept}/../secret.png", f"{kept}/abc/../../secret.png", f"{kept}/out.png",
        f"{kept}/folder/secret.png", f"{kept}/loop", f"{kept}/loop/a.png", f"{kept}/broken.png",
        f"{kept}/pipe", "a" * 300, f"{kept}/" + "a" * 300, f"{kept}/" + "a/" * 5000,
        f"{kept}/\ud800.png", f"file://{there}", f"{ROOT}/examples/1_scratches.jpg", "~",
        "/proc/self/environ", "/dev/zero", "C:\\a.png", "example:1_scratches",
    ):  # fmt: skip
        with pytest.raises(InvalidImage, match=r"^Gone\.$"):
            assert uploaded(path, "Gone.") == path + " is refused"
