"""The interface of all networks: picture and mask in, :class:`Prediction` out."""

from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple, Protocol

from torch import Tensor, nn

from inpainting.errors import InvalidConfig
from inpainting.models.guide import Guide
from inpainting.models.pconv import check_valid, zero_holes


class Prediction(NamedTuple):
    """A network's output for a batch.

    ``image``: float (B, 3, H, W), RGB, about [0, 1] and not clamped; known pixels are predicted
    too, see :func:`inpainting.masks.convert.composite`. ``scale``: float (B, 1, H, W) > 0, in units
    of ``image``, the expected absolute error of every pixel: the scale b of a Laplace distribution.
    None from a network that predicts no error. ``contrast``: float (B, 1, H, W) > 0, what errors
    are relative to, from a network that has such a measure. From a network that predicts structure:
    ``smooth``, float (B, 3, H, W), RGB, the picture without its texture, and ``line``, float
    (B, 1, H, W), logits of where its lines are. ``stages``: float (B, P, 4, h, w), from a network
    with a recurrence, in training: RGB of places after each of P passes, and 1 where a pass has
    reached one.
    """

    image: Tensor
    scale: Tensor | None
    contrast: Tensor | None = None
    smooth: Tensor | None = None
    line: Tensor | None = None
    stages: Tensor | None = None

    def map(self, change: Callable[[Tensor], Tensor]) -> "Prediction":
        """Every tensor changed."""
        return Prediction(*(None if x is None else change(x) for x in self))  # type: ignore[arg-type]


class Before(NamedTuple):
    """What an earlier pass has left, see :mod:`inpainting.models.passes`.

    ``fill``: float (B, 3, H, W), the composite; ``doubt``: float (B, 1, H, W) in [0, 1], how far it
    is to be distrusted; 0 where known; ``guide``: of the first pass.
    """

    fill: Tensor
    doubt: Tensor
    guide: Guide | None = None

    def map(self, change: Callable[[Tensor], Tensor]) -> "Before":
        """Every tensor changed."""
        guide = self.guide and self.guide.map(change)
        return Before(change(self.fill), change(self.doubt), guide)


class Window(NamedTuple):
    """A step by which the known region grows inside a network, in pixels of its input."""

    size: int
    stride: int


class NetworkConfig(Protocol):
    """Shape of a network: a frozen dataclass of numbers, strings and tuples."""

    @property
    def multiple(self) -> int:
        """Height and width of the input must be multiples of this."""


class Network(nn.Module):
    """Base of all networks, which the registry lists.

    The state dict holds all its tensors: a checkpoint's network is built without memory for them.
    ``config``: the network's shape, an instance of ``config_class``.
    """

    config_class: type
    config: NetworkConfig

    def forward(
        self,
        image: Tensor,
        valid: Tensor,
        guide: Guide | None = None,
        before: Before | None = None,
    ) -> Prediction:
        """Predict the whole picture from its known pixels.

        Args:
            image: float (B, 3, H, W), RGB in [0, 1]; hole content is ignored, NaN included.
            valid: float (B, 1, H, W), 1 = known.
            guide: colours for missing pixels, of the same size.
            before: of an earlier pass, which has the guide.

        Raises:
            InvalidMask: when ``valid`` is not float with one channel.
            InvalidConfig: when H or W is not a multiple of ``config.multiple``, or for a second
                pass of a network that has one only.
        """
        check_valid(valid, channels=1)
        _check_size(image, self.config.multiple)
        image = zero_holes(image, valid)
        if before:
            return self.predict_again(image, valid, before)
        return self.predict_guided(image, valid, guide) if guide else self.predict(image, valid)

    @abstractmethod
    def predict(self, image: Tensor, valid: Tensor) -> Prediction:
        """:meth:`forward` of checked input; ``image`` is zero in holes."""

    def predict_guided(self, image: Tensor, valid: Tensor, guide: Guide) -> Prediction:
        """:meth:`predict` with a guide; to a network without a better way it is known pixels."""
        return self.predict(*guide.as_known(image, valid))

    def predict_again(self, image: Tensor, valid: Tensor, before: Before) -> Prediction:
        """:meth:`predict` in a second pass or a later one."""
        raise InvalidConfig("This network fills in one pass.")

    @property
    def passes(self) -> int:
        """Most passes, which it was trained for."""
        return 1

    @property
    def schedule(self) -> str:
        """What is doubtful in its later passes: a name of ``passes.SCHEDULES``."""
        return "doubt"

    @property
    def sees_lines(self) -> bool:
        """Whether lines of a guide have a say."""
        return False

    @property
    def predicts_lines(self) -> bool:
        """Whether predictions have a ``line``."""
        return False

    @property
    def continues(self) -> bool:
        """Whether it was trained to add detail to the enlarged fill of a coarser scale."""
        return False

    @property
    def windows(self) -> tuple[Window, ...]:
        """How the known region grows, step by step: what the demo shows as mask propagation."""
        return ()

    def error_parameters(self) -> list[nn.Parameter]:
        """Parameters that learn the expected error alone; their gradient is clipped apart."""
        return []

    def guide_parameters(self) -> list[nn.Parameter]:
        """Parameters without which a fill that nobody guides is the same, bit for bit."""
        return []


def _check_size(image: Tensor, multiple: int) -> None:
    height, width = image.shape[-2:]
    if height % multiple or width % multiple:
        raise InvalidConfig(
            f"The input is {height}×{width} pixels but this network needs multiples of {multiple}: "
            "pad it with io.tensors.pad_to_multiple, or use InpaintingPipeline, which does."
        )
