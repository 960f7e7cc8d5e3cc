"""The choice of an offset for every missing pixel: what is copied side by side must fit.

A shift map (Pritch, Kav-Venaki and Peleg, ICCV 2009) minimises, over one label (offset) per missing
pixel,

* for every pixel: how far its source's surroundings are from the first guess in mean colour, and
  how much more contrast they have than a guess of its expected error leaves room for, both the less
  the larger that error is; instead of both, where somebody has said what colour is wanted, how far
  they are from it, at the largest weight; and, next to the known, how far they are from the known
  pixels beside;
* for every two neighbours with offsets a and b: how far the patches around p+a and p+b, and
  around q+a and q+b, are from each other (the seam of Kwatra et al., "Graphcut textures", SIGGRAPH
  2003, on patches instead of pixels), and a price for every seam;

by loopy belief propagation: min-sum messages, in checkerboard order (Felzenszwalb and Huttenlocher,
"Efficient belief propagation for early vision", IJCV 2006).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from inpainting.inference.level import Indices, Level, Offsets, blur_known, slices
from inpainting.inference.offsets import describe

RADIUS = 2  # of the patches that must fit along a seam, in pixels
COMPONENTS = 12  # principal components that describe them
REACH = 2  # pixels from the known, up to where a source must fit it
SEAM = 3000.0  # price of two neighbours with different offsets, in squared grey levels
UNKNOWN = 3000.0  # squared grey levels by which an unknown pixel differs from a known one
FORBIDDEN = 1e6  # price of a source that is not known
USUAL_ERROR = 12.0  # grey levels expected of a guess that counts as its weight says
SURENESS = 0.1, 8.0  # least and most that its weight is multiplied by
CONTRAST = 4.3  # twice the deviation in 3 colours of normal errors, ÷ their mean absolute value
ROUNDS = 6  # of messages
AT_ONCE = 256  # pairs of pixels whose L×L seams fit into a processor's cache


@dataclass(frozen=True)
class Weights:
    """What a fill is drawn to.

    ``guess``: of the squared distance of mean colours from the guess; ``sigma``: of the Gaussian
    that takes the mean, in pixels; ``fit``: of the squared distance of patches along a seam.
    """

    guess: float
    sigma: float
    fit: float


def choose_offsets(
    level: Level,
    offsets: Offsets,
    weights: Weights,
    generator: np.random.Generator,
    device: torch.device,
    handicap: float = 0.0,
    on_round: Callable[[], object] = lambda: None,
) -> Offsets:
    """The best offset of each missing pixel.

    Args:
        level: in its hole stands the first guess.
        offsets: int (L, 2), to choose from.
        weights: see there.
        generator: draws the patches that components are computed from, and the handicaps.
        device: where messages are passed.
        handicap: highest random price of an offset, in squared grey levels: other draws, other
            fills.
        on_round: is called before each round of messages; what it raises ends the call.

    Returns:
        Int (N, 2), in the order of :meth:`~inpainting.inference.level.Level.missing`; a pixel that
        none of the offsets leads to a known one has (0, 0).
    """
    missing = level.missing()
    index, found = level.look_up(missing[:, None] + offsets)
    used = found.mean(axis=0) > 0.02  # an offset for so few is no help
    used |= ~used.any()
    offsets, found = offsets[used], found[:, used]
    index = index[0][:, used], index[1][:, used]
    price = _unary(level, missing, offsets, index, weights)
    price += np.float32(handicap) * generator.random(len(offsets), np.float32)
    price[~found] = FORBIDDEN
    described = describe(level.image, level.known, RADIUS, COMPONENTS, generator)
    patches = described[tuple(torch.from_numpy(i) for i in index)].to(device)
    patches *= weights.fit**0.5 / (2 * RADIUS + 1)
    graph = _Graph(level.hole.shape, missing, patches)
    prices, leads = (torch.from_numpy(array).to(device) for array in (price, found))
    labels = graph.best_labels(prices, leads, on_round)
    best = labels.cpu().numpy()
    return np.where(found[np.arange(len(best)), best][:, None], offsets[best], 0)


def _unary(
    level: Level,
    missing: Indices,
    offsets: Offsets,
    index: tuple[Indices, Indices],
    weights: Weights,
) -> np.ndarray:
    """Float (N, L): the price of each offset by itself."""
    guess = level.image[tuple(missing.T)][:, None]
    mean = blur_known(level.image, level.known, weights.sigma)
    price = weights.guess * ((mean[index] - guess) ** 2).sum(-1)
    given = np.zeros_like(level.hole) if level.given is None else level.given
    given = given[tuple(missing.T)]
    wanted = SURENESS[1] * price[given]  # a colour, of which nobody knows the contrast
    if level.error is not None:
        error = level.error[tuple(missing.T)][:, None]
        square = blur_known((level.image**2).sum(-1, keepdims=True), level.known, weights.sigma)
        deviation = np.sqrt((square[..., 0] - (mean**2).sum(-1)).clip(min=0))
        price += (deviation[index] - CONTRAST * error).clip(min=0) ** 2
        price *= (USUAL_ERROR**2 / (error**2 + 1)).clip(*SURENESS)
    price[given] = wanted
    for down in range(-REACH, REACH + 1):
        for right in range(-REACH, REACH + 1):
            away = abs(down) + abs(right)
            if not away:
                continue
            beside, known = level.look_up(missing + (down, right))
            rim = np.flatnonzero(known)
            given = level.image[beside[0][rim], beside[1][rim]][:, None]
            sources, there_known = level.look_up(missing[rim, None] + offsets + (down, right))
            error = ((level.image[sources] - given) ** 2).sum(-1)
            price[rim] += 2 / away * np.where(there_known, error, UNKNOWN)
    return price.clip(max=FORBIDDEN)


class _Graph:
    """Missing pixels, their neighbours among each other, and the price of every seam.

    Args:
        shape: of the level.
        missing: rows and columns (N, 2).
        patches: float (N, L, C): what stands around each pixel's source under each label.
    """

    def __init__(self, shape: tuple[int, ...], missing: Indices, patches: Tensor) -> None:
        number = np.full((shape[0] + 1, shape[1] + 1), -1)
        number[tuple(missing.T)] = np.arange(len(missing))
        device, colour = patches.device, missing.sum(1) % 2
        # By step (right, down) and by the first pixel's colour on a checkerboard.
        self.links: dict[tuple[int, int], _Links] = {}
        for axis, step in enumerate(((0, 1), (1, 0))):
            neighbour = number[tuple((missing + step).T)]
            for c in (0, 1):
                first = np.flatnonzero((neighbour >= 0) & (colour == c))
                starts, ends = (torch.from_numpy(x).to(device) for x in (first, neighbour[first]))
                self.links[axis, c] = _Links.between(starts, ends, patches)

    def best_labels(self, price: Tensor, leads: Tensor, on_round: Callable[[], object]) -> Tensor:
        """The label of least belief per pixel, int (N,).

        Args:
            price: float (N, L).
            leads: bool (N, L), labels that lead to a known pixel; others are taken only where none
                does, however much their neighbours would like them.
            on_round: is called before each round.
        """
        # What each pixel has heard from the left, from above, from the right, from below.
        heard = price.new_zeros(4, *price.shape)
        for _ in range(ROUNDS):
            on_round()
            for colour in (0, 1):
                belief = price + heard.sum(0)
                for axis in (0, 1):
                    links = self.links[axis, colour]
                    links.send(belief, heard[axis + 2], heard[axis], forward=True)
                    links = self.links[axis, 1 - colour]
                    links.send(belief, heard[axis], heard[axis + 2], forward=False)
        return (price + heard.sum(0)).masked_fill(~leads, torch.inf).argmin(1)


class _Links(NamedTuple):
    """Pairs of neighbours: their numbers (n,) each, and the seams between labels (n, L, L)."""

    first: Tensor
    second: Tensor
    seams: Tensor

    @classmethod
    def between(cls, first: Tensor, second: Tensor, patches: Tensor) -> "_Links":
        """With the seams of their patches, float (N, L, C)."""
        labels = patches.shape[1]
        seams = patches.new_full((len(first), labels, labels), SEAM)
        for rows in slices(len(first), AT_ONCE):
            for ends in (first, second):
                around = patches[ends[rows]]
                squares = (around * around).sum(-1)
                seams[rows] += squares[:, :, None] + squares[:, None, :]
                seams[rows] -= 2 * around @ around.mT
        seams.diagonal(dim1=1, dim2=2).zero_()
        return cls(first, second, seams)

    def send(self, belief: Tensor, heard_back: Tensor, heard: Tensor, forward: bool) -> None:
        """Renew what the second ones hear from the first, or, backward, the first from the second.

        Args:
            belief: float (N, L).
            heard_back: (N, L), what the senders have heard from the receivers.
            heard: (N, L), what the receivers hear; changed in place.
            forward: from first to second.
        """
        for rows in slices(len(self.first), AT_ONCE):
            sender, receiver = self.first[rows], self.second[rows]
            if not forward:
                sender, receiver = receiver, sender
            said = belief[sender] - heard_back[sender]
            said = said[:, :, None] if forward else said[:, None, :]
            message = (said + self.seams[rows]).amin(1 if forward else 2)
            heard[receiver] = message - message.amin(1, keepdim=True)
