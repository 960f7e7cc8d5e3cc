"""The canvas's requests to the running app: a photo goes there once, fills come back as patches."""

import httpx
import numpy as np
import pytest
from PIL import Image

from inpainting.io.images import decode
from tests.demo.visitor import box_mask, filled, request
from tests.endpoint import upload
from tests.robustness.attacking import call, join
from tests.robustness.odd_files import saved
from tests.running_app import PATIENCE

pytestmark = pytest.mark.slow


@pytest.fixture
def app(address):
    with httpx.Client(base_url=address, timeout=PATIENCE) as client:
        yield client


def fetch(app: httpx.Client, path: str) -> Image.Image:
    """A picture of the server's, as the page fetches it."""
    answer = app.get(f"/gradio_api/file={path}")
    assert answer.headers["content-type"] == "image/png"
    return decode(answer.raise_for_status().content)


def test_a_photo_is_opened_painted_on_filled_twice_and_saved(app, noise):
    image, size = noise(60, 40), (60, 40)
    opened = call(app, "open_photo", {"path": upload(app, saved(image, "PNG"), "my cat.png")})
    data, known = request(opened.json()["photo"]), np.ones((40, 60), bool)
    expected = image.copy()
    for box in ((5, 5, 20, 20), (12, 9, 40, 30)):
        asked = request(data["photo"], box_mask(size, box), patches=data["patches"], measured=True)
        answer, report, *_ = join(app, "fill_painted", event_data=asked)["output"]["data"]
        assert answer["number"] == asked["number"] and answer["box"] == list(box)
        assert "60 × 40 px" in report
        patch = fetch(app, answer["path"])
        expected.paste(patch, box, patch.getchannel("A"))  # as the page shows it
        data = filled(asked, {"answer": answer})
        known[box[1] : box[3], box[0] : box[2]] = False
    result = call(app, "save", data | {"name": opened.json()["name"]}).json()["path"]
    assert result.endswith("/my_cat_filled.png") and fetch(app, result) == expected
    assert np.array_equal(np.array(expected)[known], np.array(image)[known])
    assert (np.array(expected)[~known] != np.array(image)[~known]).mean() > 0.9


def test_a_fill_is_compared_over_the_queue(app, noise):
    photo = upload(app, saved(noise(60, 40), "PNG"))
    data = request(photo, box_mask((60, 40), (5, 5, 20, 20)))
    told = join(app, "compare", [data])
    assert told["success"] and len(told["output"]["data"][0]) >= 5, told


def test_what_measures_is_shown_by_an_event_of_the_canvas(app):
    for on in (True, False):
        config = app.get("/config").json()["dependencies"]
        show = next(each for each in config if each["api_name"] == "show_measure")
        body = {"data": [], "fn_index": show["id"], "session_hash": "m", "event_data": {"on": on}}
        updates = app.post("/gradio_api/run/predict", json=body).raise_for_status().json()["data"]
        assert len(updates) == len(show["outputs"])
        assert all(update["visible"] is on for update in updates)
