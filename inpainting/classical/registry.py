"""The classical fills by name: what networks are compared with."""

from importlib.util import find_spec
from typing import NamedTuple

from inpainting.classical.diffusion import Fill, biharmonic, mean_fill, navier_stokes, telea
from inpainting.classical.patchmatch import patchmatch


class ClassicalFill(NamedTuple):
    """A fill and its title in charts and on the page."""

    title: str
    fill: Fill


CLASSICAL = {
    "mean": ClassicalFill("Mean colour", mean_fill),
    "telea": ClassicalFill("Telea", telea),
    "ns": ClassicalFill("Navier–Stokes", navier_stokes),
    "biharmonic": ClassicalFill("Biharmonic", biharmonic),
}
if find_spec("patchmatch"):  # optional: the package pypatchmatch
    CLASSICAL["patchmatch"] = ClassicalFill("PatchMatch", patchmatch)
