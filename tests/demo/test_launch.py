"""The demo's start: a temporary folder for pictures, known before Gradio is imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from inpainting.demo import launch, page
from tests.running_app import ROOT

# In the place of the page: what Gradio and the demo take for the folder.
LOOK = """
import os, sys
from inpainting.demo import launch
assert "gradio" not in sys.modules, "imported too early"

def look():
    from inpainting.demo import page
    from gradio.route_utils import DEFAULT_TEMP_DIR
    from inpainting.demo.images import keep_file
    print(DEFAULT_TEMP_DIR, keep_file(b"picture", "folder", "name"), sep="\\n")

launch._launch = look
launch.main()
"""


@pytest.mark.slow
def test_gradio_keeps_pictures_in_a_folder_that_goes_at_the_end():
    variables = {name: value for name, value in os.environ.items() if name != "GRADIO_TEMP_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=ROOT, env=variables, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder, file = map(Path, done.stdout.splitlines())
    assert folder.name.startswith("inpainting-") and folder in file.parents
    assert not folder.exists()


@pytest.mark.parametrize("end", [None, KeyboardInterrupt(), SystemExit("wrong checkpoint")])
def test_the_folder_goes_however_the_page_ends(monkeypatch, end):
    seen = []

    def served():
        seen.append(Path(os.environ["GRADIO_TEMP_DIR"]))
        (seen[0] / "picture").write_bytes(b"")
        if end:
            raise end

    monkeypatch.setattr(page, "launch", served)
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")  # restored afterwards
    monkeypatch.delenv("GRADIO_TEMP_DIR")
    if end:
        with pytest.raises(type(end)):
            launch.main()
    else:
        launch.main()
    assert seen and not seen[0].exists()


def test_a_folder_that_was_given_stays(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(page, "launch", lambda: seen.append(os.environ["GRADIO_TEMP_DIR"]))
    launch.main()
    assert seen == [str(tmp_path)] and tmp_path.is_dir()
