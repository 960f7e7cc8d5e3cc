"""What every network promises: shapes, what may influence the fill, finite gradients, refusals."""

import math

import pytest
import torch

from inpainting import InpaintingError
from inpainting.models.registry import build
from tests.models.networks import NARROW, batch, trained

every_network = pytest.mark.parametrize("name", NARROW)


@every_network
def test_predicts_the_whole_picture(name):
    model = trained(name)
    image, valid = batch(model.config.multiple)
    prediction = model(image, valid)
    assert prediction.image.shape == image.shape and prediction.image.isfinite().all()
    if prediction.scale is not None:
        assert prediction.scale.shape == valid.shape and (prediction.scale > 0).all()


@every_network
@pytest.mark.parametrize("poison", [0.0, 1e6, math.nan])
def test_hole_values_change_nothing(name, poison):
    model = trained(name)
    image, valid = batch(model.config.multiple)
    other = torch.where(valid > 0, image, torch.full_like(image, poison))
    one, two = model(image, valid), model(other, valid)
    assert torch.equal(one.image, two.image)
    assert (one.scale is None and two.scale is None) or torch.equal(one.scale, two.scale)


@every_network
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_gradients_are_finite(name, share):
    model = build(NARROW[name]).train()
    image, valid = batch(model.config.multiple, share)
    prediction = model(image, valid)
    loss = (prediction.image - image).abs().mean()
    if prediction.scale is not None:
        loss = loss + prediction.scale.mean()
    loss.backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())


@every_network
def test_the_error_has_parameters_of_its_own_or_is_not_predicted(name):
    """The gradient of ``scale`` reaches exactly what ``error_parameters`` lists."""
    model = trained(name)
    scale = model(*batch(model.config.multiple)).scale
    listed = {id(parameter) for parameter in model.error_parameters()}
    assert (scale is not None) == bool(listed) == name.startswith("residual")
    if scale is not None:
        scale.sum().backward()
        assert {id(p) for p in model.parameters() if p.grad is not None} == listed


@every_network
def test_unsuitable_size_is_refused(name):
    model = trained(name)
    multiple = model.config.multiple
    for size in (2 * multiple - 1, 2 * multiple + 1):
        words = f"{size}×{size}.*multiples of {multiple}.*pad_to_multiple"
        with pytest.raises(InpaintingError, match=words):
            model(*batch(size))


@every_network
def test_bool_hole_is_refused(name):
    model = trained(name)
    image, valid = batch(model.config.multiple)
    with pytest.raises(InpaintingError, match="valid_from_hole"):
        model(image, valid == 0)
