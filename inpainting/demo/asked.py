"""What the last fill of the page was asked for: another try and its other mode need that."""

from typing import NamedTuple

from inpainting.inference.parts import SEEDS
from inpainting.types import Box


class Asked(NamedTuple):
    """``name``, ``mode``, ``seed`` and ``feather`` of a fill, and what was filled.

    ``source``: file of the picture; ``box``: the hole's surroundings in it, as left, top, right,
    bottom; ``key``: tells this picture with this hole from all others.
    """

    name: str = ""
    mode: str = "auto"
    seed: int = 0
    feather: int = 0
    source: str = ""
    box: Box = (0, 0, 0, 0)
    key: str = ""

    def next_seed(self, key: str) -> int:
        """The seed of one more try: the next one, and for another picture or hole the first."""
        return (self.seed + 1) % SEEDS if key == self.key else 0

    def other_mode(self) -> str:
        """What the page's switch would ask for in its other position."""
        return "faithful" if self.mode != "faithful" else "auto"


NOTHING = Asked()
