"""VGG-16: the features it gives, and files that are none of it."""

from urllib.error import URLError

import pytest
import torch
import torch.nn.functional as F
from torchvision.models import VGG16_Weights

from inpainting.errors import CheckpointError
from inpainting.losses.vgg import VggFeatures
from tests.losses.conftest import CONVOLUTIONS


def test_vgg_gives_three_pools_that_stay_as_they_were(vgg, vgg_weights):
    picture = torch.rand(2, 3, 17, 24)
    x = (picture - vgg.mean) / vgg.std
    expected = []
    for i in CONVOLUTIONS:
        weight, bias = vgg_weights[f"features.{i}.weight"], vgg_weights[f"features.{i}.bias"]
        x = F.conv2d(x, weight, bias, padding=1).relu()
        if i in (2, 7, 14):
            x = F.max_pool2d(x, 2)
            expected.append(x)
    found = vgg(picture)
    assert [tuple(level.shape) for level in found] == [
        (2, 64, 8, 12), (2, 128, 4, 6), (2, 256, 2, 3),
    ]  # fmt: skip
    torch.testing.assert_close(found, expected)


def test_vgg_sees_pictures_as_imagenet_had_them(vgg):
    preset = VGG16_Weights.IMAGENET1K_V1.transforms()
    torch.testing.assert_close(vgg.mean.flatten().tolist(), preset.mean)
    torch.testing.assert_close(vgg.std.flatten().tolist(), preset.std)
    assert not {"mean", "std"} & vgg.state_dict().keys()


def test_vgg_learns_nothing_and_lets_the_picture_learn(vgg):
    picture = torch.rand(1, 3, 16, 16, requires_grad=True)
    sum(level.mean() for level in torch.nn.Sequential(vgg).train()(picture)).backward()
    assert picture.grad.isfinite().all() and picture.grad.abs().min() > 0
    assert not any(p.requires_grad for p in vgg.parameters())
    assert not any(module.training for module in vgg.modules())


def test_vgg_is_exact_under_autocast(vgg):
    picture = torch.rand(1, 3, 16, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        coarse = vgg(picture)
    torch.testing.assert_close(coarse, vgg(picture), rtol=0, atol=0)


def test_vgg_reads_a_whole_file_and_any_precision(vgg, vgg_weights, tmp_path):
    path = tmp_path / "whole.pth"
    halves = {name: weight.half() for name, weight in vgg_weights.items()}
    torch.save(halves | {"classifier.0.weight": torch.zeros(1)}, path)
    picture = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(VggFeatures(path)(picture), vgg(picture), rtol=0.05, atol=0.01)


@pytest.mark.parametrize(
    "damage, reason",
    [
        (lambda w: w | {"features.16.weight": torch.zeros(1)}, "holds features.16.weight"),
        (lambda w: {"conv1.weight": torch.zeros(1)}, "holds conv1.weight"),
        (lambda w: {n: x for n, x in w.items() if n != "features.7.bias"}, "lacks features.7.bias"),
        (lambda w: w | {"features.5.bias": torch.full((128,), torch.nan)}, "NaN or infinity in"),
        (lambda w: w | {"features.5.bias": torch.zeros(3)}, "damaged or no state dict"),
        (lambda w: list(w), "damaged or no state dict"),
    ],
)
def test_vgg_of_another_network_is_refused(vgg_weights, tmp_path, damage, reason):
    path = tmp_path / "other.pth"
    torch.save(damage(vgg_weights), path)
    with pytest.raises(CheckpointError, match=rf"{path} .*{reason}.*--vgg-weights\.$"):
        VggFeatures(path)


def test_vgg_files_that_cannot_be_read_are_refused(vgg_file, tmp_path):
    path = tmp_path / "half.pth"
    for contents in (b"", b"<html>404</html>", vgg_file.read_bytes()[:100_000]):
        path.write_bytes(contents)
        with pytest.raises(CheckpointError, match="damaged or no state dict.*--vgg-weights"):
            VggFeatures(str(path))
    with pytest.raises(CheckpointError, match="No such file.*vgg16-397923af.pth.*--vgg-weights"):
        VggFeatures(tmp_path / "none.pth")


def test_vgg_is_downloaded_or_asked_for(vgg, vgg_weights, monkeypatch):
    def offline(*args: object, **options: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(VGG16_Weights, "get_state_dict", offline)
    with pytest.raises(CheckpointError, match="no route to host.*by hand.*--vgg-weights"):
        VggFeatures()
    monkeypatch.setattr(VGG16_Weights, "get_state_dict", lambda *_, **__: vgg_weights)
    picture = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(VggFeatures()(picture), vgg(picture))
