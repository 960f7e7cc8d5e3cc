"""What a run begins from: random weights, or a network's, grown to the recipe's shape."""

import logging
from dataclasses import replace

from torch import nn

from inpainting.errors import InvalidConfig
from inpainting.models.base import Network
from inpainting.models.checkpoint import load_pretrained
from inpainting.models.registry import build
from inpainting.models.residual_unet import ResidualUNet, ResidualUNetConfig
from inpainting.training.recipes import Recipe

log = logging.getLogger(__name__)

# Parts of a network that begin anew where the given one has another: what their weights' names
# begin with, and a sentence.
PARTS = {
    "error_channels": ("doubt.", "%s expects its error in another way: that branch begins anew."),
    "context": ("context.", "%s has no such context: it begins anew."),
    "recurrent": ("recurrence.", "%s has no recurrence: it begins anew."),
    "finish": ("finish.", "%s has no such layers at the end: they begin anew."),
    "structure": ("structure.", "%s predicts no structure of this kind: that part begins anew."),
    "guides": ("guide.", "%s was trained without guides: what follows them begins anew."),
}


def initial_network(recipe: Recipe, init_from: str | None) -> Network:
    """The recipe's network with random weights, or any network with the weights of another run.

    What the recipe's network has and the given one has not begins anew: the branch for the expected
    error; guides, structure, context and further residual units, which add nothing at first. In how
    many passes it fills, which no weight depends on, is the recipe's.

    Raises:
        InvalidConfig: when the recipe trains a part alone and there is none of a given network.
    """
    network = _given(recipe, init_from) if init_from else build(recipe.network)
    if recipe.only and not (init_from and recipe.part_of(network)):
        raise InvalidConfig(
            f"--recipe {recipe.only} trains one part of a network that fills well: give it by "
            "--init-from, a network of the recipe default or one grown from it."
        )
    return network


def freeze(network: Network, recipe: Recipe) -> None:
    """Leave what the recipe does not train as it is."""
    if recipe.only:
        network.eval().requires_grad_(False)  # norms, too
        for parameter in recipe.part_of(network):
            parameter.requires_grad_(True)
    elif not (recipe.guided or network.predicts_lines):
        # Nothing is shown to it, and several processes wait for a gradient of all that learns.
        for parameter in network.guide_parameters():
            parameter.requires_grad_(False)


def _given(recipe: Recipe, init_from: str) -> Network:
    """The network given, grown to the recipe's shape."""
    given, wanted = load_pretrained(init_from), recipe.network
    if not isinstance(given, ResidualUNet) or not isinstance(wanted, ResidualUNetConfig):
        return given
    network = ResidualUNet(_grown(given.config, wanted, recipe))
    weights = given.state_dict()
    for name, (prefix, sentence) in PARTS.items():
        if getattr(network.config, name) != getattr(given.config, name):
            weights = {key: x for key, x in weights.items() if not key.startswith(prefix)}
            log.info(sentence, init_from)
    for key in network.load_state_dict(weights, strict=False).missing_keys:
        if key.startswith(("encoder.", "decoder.")) and ".second.conv." in key:
            nn.init.zeros_(network.get_parameter(key))  # of a residual unit: it adds nothing
    return network


def _grown(
    given: ResidualUNetConfig, wanted: ResidualUNetConfig, recipe: Recipe
) -> ResidualUNetConfig:
    """The given shape, with what the wanted one has beside it; of another shape, as it is."""
    grown = replace(
        given,
        passes=wanted.passes,
        schedule=wanted.schedule,
        context=given.context if wanted.context == "none" else wanted.context,
        structure=wanted.structure or given.structure,
        recurrent=given.recurrent or wanted.recurrent,
        finish=wanted.finish or given.finish,
        octaves=given.octaves or wanted.octaves,
    )
    grown = replace(grown, guides=given.guides or wanted.guides)
    if _trunk(given) != _trunk(wanted):
        return grown
    if not recipe.only:  # else they would never learn
        units = tuple(max(pair) for pair in zip(given.units, wanted.units, strict=True))
        grown = replace(grown, units=units)
    if given.error_channels != wanted.error_channels:
        channels, scale = wanted.error_channels, wanted.error_scale
        grown = replace(grown, error_channels=channels, error_scale=scale)
    return grown


def _trunk(config: ResidualUNetConfig) -> ResidualUNetConfig:
    """The shape without what can begin anew."""
    plain = replace(config, error_channels=0, error_scale=1.0, units=(0,) * len(config.units))
    plain = replace(plain, context="none", guides=False, structure=(), recurrent=False)
    return replace(plain, finish=0, octaves=False, passes=1, schedule="doubt")
