"""The default data set: a zip, downloaded once from a server (here on loopback)."""

import io
import threading
import zipfile
from collections import Counter
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from inpainting.data.natural_images import download_natural_images
from inpainting.data.sources import DataSet, load_splits
from inpainting.errors import DataError


@pytest.fixture
def zip_server(tmp_path):
    """A function that serves a zip of the given names (each one a small picture)."""
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(stream, "JPEG")
    root = tmp_path / "www"
    root.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()

    def serve(names: list[str]) -> str:
        with zipfile.ZipFile(root / "archive", "w") as archive:
            for name in names:
                archive.writestr(name, stream.getvalue())
        return f"http://127.0.0.1:{server.server_address[1]}/archive"

    yield serve
    server.shutdown()
    server.server_close()
    thread.join()


def test_natural_images_zip_is_loaded_once(zip_server, tmp_path):
    names = [f"natural_images/{c}/{c}_{i:04}.jpg" for c in ("cat", "dog") for i in range(4)]
    url = zip_server(names + [f"data/{name}" for name in names])
    folder = download_natural_images(url, tmp_path / "cache")
    assert download_natural_images("http://127.0.0.1:9/gone", tmp_path / "cache") == folder
    splits = load_splits(DataSet(folder, cache_dir=tmp_path / "cache"))
    for split, count in (("train", 3), ("test", 1)):
        names = splits[split].features["label"].int2str(splits[split]["label"])
        assert Counter(names) == {"cat": count, "dog": count}


def test_the_default_data_set_is_that_zip(zip_server, tmp_path, monkeypatch):
    url = zip_server([f"natural_images/car/{i}.jpg" for i in range(4)])
    monkeypatch.setattr("inpainting.data.sources.NATURAL_IMAGES_URL", url)
    assert len(load_splits(DataSet(cache_dir=tmp_path / "cache"))["train"]) == 3


def test_foreign_zip_and_dead_server_are_refused(zip_server, tmp_path):
    with pytest.raises(DataError, match="no folder natural_images"):
        download_natural_images(zip_server(["pictures/1.jpg"]), tmp_path / "cache")
    with pytest.raises(DataError, match="could not be downloaded"):
        download_natural_images("http://127.0.0.1:9/archive", tmp_path / "other")
    assert not list((tmp_path / "other").iterdir())
