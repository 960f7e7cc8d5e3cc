"""The endpoint for programs, over HTTP: gradio_client, curl's way, and MCP."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import gradio as gr
import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from inpainting.demo import api
from inpainting.demo.images import keep
from inpainting.evaluation.metrics import score
from inpainting.inference.guide_image import PARTLY_OUTSIDE
from inpainting.io.images import FIRST_FRAME, decode
from tests.demo.visitor import box_mask
from tests.endpoint import file_data, fill, result, upload
from tests.io.profiles import grey_profile, rgb_profile
from tests.running_app import PATIENCE, ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client(address, tmp_path_factory):
    folder = tmp_path_factory.mktemp("downloads")
    client = Client(address, verbose=False, download_files=folder)
    yield client
    client.close()


@pytest.fixture
def files(tmp_path, noise):
    picture, mask_image = noise(60, 40), Image.new("L", (60, 40))
    mask_image.paste(255, (10, 10, 30, 25))
    picture.save(tmp_path / "cat.png")
    mask_image.save(tmp_path / "mask.png")
    return tmp_path / "cat.png", tmp_path / "mask.png"


@pytest.fixture
def app(address):
    with httpx.Client(base_url=address, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def uploaded(app, files):
    """Both files, as the endpoint is told of them."""
    stored = (file_data(upload(app, path.read_bytes(), path.name)) for path in files)
    return dict(zip(("image", "mask_image"), stored, strict=True))


def test_gradio_client_gets_the_picture_and_its_facts(client, files):
    path, facts = client.predict(*map(handle_file, files), api_name="/fill")
    original, filled = np.array(decode(files[0])), np.array(decode(path))
    hole = np.array(decode(files[1], grey=True)) > 0
    assert Path(path).name == "cat_filled.png"
    assert np.array_equal(original[~hole], filled[~hole]) and facts["untouched_pixels_equal"]
    assert facts["scores"]["hole_psnr"] == pytest.approx(
        score(original, filled, hole).hole_psnr, abs=1e-4
    )
    assert (facts["width"], facts["height"], facts["hole_ratio"]) == (60, 40, 0.125)
    assert facts["passes"] and facts["device"] == "CPU" and facts["seconds"] > 0
    assert (facts["mode"], facts["seed"]) == ("auto", 0)  # where a call names neither
    (part,) = facts["parts"]
    assert (part["box"], part["pixels"]) == ([10, 10, 30, 25], 300)


def test_rotated_photos_are_upright(client, files, tmp_path, noise):
    photo = noise(40, 60)
    exif = photo.getexif()
    exif[0x0112], exif[0x8825] = 6, {1: "N"}
    photo.save(tmp_path / "turned.jpg", exif=exif)
    path, facts = client.predict(
        handle_file(tmp_path / "turned.jpg"), handle_file(files[1]), "resize", 2, api_name="/fill"
    )
    with Image.open(path) as result:
        assert result.size == (60, 40) and not result.getexif() and not result.info
    assert facts["notes"] == []


def test_mode_and_seed_reach_the_fill(app, uploaded):
    asked = {"mode": "natural", "seed": 2**32 - 1}
    event, (_, facts) = fill(app, **uploaded, **asked)
    assert event == "complete" and facts | asked == facts


def test_a_guide_is_followed(client, files, tmp_path):
    guide = Image.new("RGBA", (60, 40))
    guide.paste("red", (5, 12, 25, 20))
    guide.save(tmp_path / "guide.png")
    given = handle_file(tmp_path / "guide.png")
    plain, _ = client.predict(*map(handle_file, files), api_name="/fill")
    path, facts = client.predict(*map(handle_file, files), guide=given, api_name="/fill")
    assert facts["notes"] == [PARTLY_OUTSIDE] and decode(path) != decode(plain)
    guide.crop((0, 0, 59, 40)).save(tmp_path / "guide.png")
    given = handle_file(tmp_path / "guide.png")
    with pytest.raises(AppError, match="The guide is 59×40 pixels but the picture is 60×40"):
        client.predict(*map(handle_file, files), guide=given, api_name="/fill")


@pytest.mark.parametrize("given", [[], ["crop", 0], ["crop", 0, "natural"]])
def test_values_by_position_may_end_before_the_newest_parameters(app, uploaded, given):
    answer = app.post("/gradio_api/call/fill", json={"data": [*uploaded.values(), *given]})
    event, (_, facts) = result(app, answer.json()["event_id"])
    assert event == "complete"
    assert (facts["mode"], facts["seed"]) == ((*given[2:], "auto")[0], 0)


def test_a_call_without_pictures_is_told_what_is_needed(app):
    answer = app.post("/gradio_api/call/fill", json={"data": []})
    event, data = result(app, answer.json()["event_id"])
    assert event == "error" and "A picture file is needed" in data["error"]


def test_what_a_fill_notes_is_told(files, tiny_pipeline, monkeypatch):
    noted = tiny_pipeline.fill_hole(
        decode(files[0]), np.array(decode(files[1], grey=True)) > 0
    )._replace(notes=("Nothing to copy from.",))
    monkeypatch.setattr(tiny_pipeline, "fill_hole", lambda *arguments, **options: noted)
    given = [{"path": keep(decode(path, grey=True), path.stem)} for path in files]
    assert api.fill(*given)[1]["notes"] == ["Nothing to copy from."]


def test_single_requests_by_name_and_by_default(app, uploaded):
    event, (file, facts) = fill(app, **uploaded)
    assert event == "complete" and facts["hole_ratio"] == 0.125
    reply = app.get(file["url"])
    assert reply.headers["Content-Type"] == "image/png"
    assert decode(reply.content).size == (60, 40)


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_the_documented_curl_commands_work(address, files, tmp_path):
    page = (ROOT / "docs" / "usage.md").read_text()
    (commands,) = re.findall(r"```sh\n(HOST=.*?)```", page, re.DOTALL)
    commands = commands.replace("http://127.0.0.1:7860", address)
    for name, path in zip(("photo.jpg", "mask.png"), files, strict=True):
        commands = commands.replace(name, path.name)
    done = subprocess.run(
        ["bash", "-euc", commands], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "event: complete" in done.stdout and "cat_filled.png" in done.stdout


def test_refusals_are_sentences_in_plain_text(client, app, uploaded, files, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n'")
    with pytest.raises(AppError, match="broken.png is not a picture in a known format"):
        client.predict(
            handle_file(tmp_path / "broken.png"), handle_file(files[1]), api_name="/fill"
        )
    for arguments, words in (
        ({"strategy": "fast"}, "no strategy 'fast'"),
        ({"feather": -1}, "feather is -1: give a number of pixels"),
        ({"mode": "fast"}, "mode 'fast'"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"seed": 2**32}, "seed is 4294967296"),
        ({"passes": 0}, "passes is 0: this network was trained for 1 pass"),
        ({"passes": 100}, "passes is 100"),
        ({"image": "cat.png"}, 'pass {"path": …'),
    ):
        event, answer = fill(app, **uploaded | arguments)
        assert event == "error" and words in answer["error"]


def test_nothing_is_computed_for_who_has_left(files, tiny_pipeline, monkeypatch):
    given = [{"path": keep(decode(path, grey=True), path.stem)} for path in files]
    assert api.fill(*given)[1]["untouched_pixels_equal"]
    monkeypatch.setattr(tiny_pipeline.predictor.model, "forward", None)
    monkeypatch.setattr("inpainting.demo.requests.event_is_wanted", lambda: False)
    with pytest.raises(gr.Error, match="Nobody waits"):
        api.fill(*given)


@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "gradio.FileData"}}])
def test_no_other_file_of_the_machine_is_read(app, uploaded, files, meta):
    secret = {"path": str(files[0]), **meta}  # a picture, but nobody uploaded it
    event, answer = fill(app, **uploaded | {"image": secret})
    assert event == "error"
    words = answer["error"]
    assert words is None or "was uploaded in the last hour" in words or "not in the cache" in words


def test_mcp_offers_the_tool(app, address):
    def ask(method: str, **params) -> dict:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        headers = {"Accept": "application/json, text/event-stream"}
        reply = app.post("/gradio_api/mcp/", json=request, headers=headers).text
        return json.loads(reply.partition("data: ")[2] or reply)["result"]

    (tool,) = ask("tools/list")["tools"]
    schema = tool["inputSchema"]
    assert tool["name"] == "fill" and "white = repaint" in json.dumps(schema)
    assert schema["properties"]["mode"]["enum"] == ["auto", "faithful", "natural"]
    assert "another try" in schema["properties"]["seed"]["description"]
    # It takes URLs, and fetches none from inside the network that it runs in.
    inside = {name: f"{address}/gradio_api/info" for name in ("image", "mask_image")}
    assert ask("tools/call", name="fill", arguments=inside)["isError"]


def test_the_result_has_the_pictures_colour_space_and_kind(client, files, tmp_path, noise):
    noise(60, 40).save(tmp_path / "p3.jpg", icc_profile=rgb_profile(), dpi=(300, 300))
    noise(60, 40).convert("L").save(tmp_path / "grey.png", icc_profile=grey_profile())
    for name, mode, profile in (
        ("p3.jpg", "RGB", rgb_profile()), ("grey.png", "L", grey_profile()),
    ):  # fmt: skip
        path, facts = client.predict(
            handle_file(tmp_path / name), handle_file(files[1]), api_name="/fill"
        )
        with Image.open(path) as result:
            assert result.mode == mode and result.info["icc_profile"] == profile
        assert facts["untouched_pixels_equal"] and facts["notes"] == []


def test_an_erased_hole_becomes_opaque_and_notes_are_told(client, files, tmp_path, noise):
    frames = [noise(60, 40).convert("RGBA") for _ in range(2)]
    for frame in frames:
        frame.paste((0, 0, 0, 0), (0, 0, 50, 40))
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    path, facts = client.predict(
        handle_file(tmp_path / "a.png"), handle_file(files[1]), api_name="/fill"
    )
    hole = np.array(decode(files[1], grey=True)) > 0
    assert (np.array(decode(path))[hole, 3] == 255).all()
    assert facts["scores"] is None and facts["notes"] == [FIRST_FRAME]


@pytest.mark.parametrize(
    ("mask_image", "words"),
    [
        (Image.new("L", (60, 40), 1), "brightest value is 1 of 255"),
        (Image.linear_gradient("L").resize((60, 40)), "looks like a photo"),
        (box_mask((40, 60), (5, 5, 20, 20)), "the sides are swapped"),
    ],
)
def test_masks_that_do_not_say_what_they_mean_are_refused(
    client, files, tmp_path, mask_image, words
):
    mask_image.save(tmp_path / "m.png")
    with pytest.raises(AppError, match=words):
        client.predict(handle_file(files[0]), handle_file(tmp_path / "m.png"), api_name="/fill")
