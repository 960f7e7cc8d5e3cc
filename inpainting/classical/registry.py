"""The classical fills by name: what networks are compared with."""

from typing import NamedTuple

from inpainting.classical.diffusion import Fill, biharmonic, mean_fill, navier_stokes, telea


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
