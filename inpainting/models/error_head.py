"""The branch that says how far off a fill is, pixel by pixel.

A single convolution cannot tell a pixel of a line from one deep in a large hole: with one, errors
in lines were expected twice as large as they were, those in large holes about right. What lies
around a pixel, near and far, tells.
"""

import torch.nn.functional as F
from torch import Tensor, nn

BLOCK = 8  # side of the squares whose means are what is far, in pixels of the features


class ErrorHead(nn.Module):
    """A hidden layer of a 3×3 convolution and of one of block means, then 3×3; it begins at zero.

    Args:
        features: channels of the input.
        hidden: channels of the hidden layer.
        outputs: channels of the output.
    """

    def __init__(self, features: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.near = nn.Conv2d(features, hidden, 3, padding=1)
        self.far = nn.Conv2d(features, hidden, 1)
        self.out = nn.Conv2d(hidden, outputs, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Float (B, features, H, W) to (B, outputs, H, W)."""
        return self.finish(x, self.near(x))

    def finish(self, x: Tensor, near: Tensor) -> Tensor:
        """:meth:`forward` where ``near``, float (B, hidden, H, W), was computed before."""
        far = self.far(F.avg_pool2d(x, BLOCK, ceil_mode=True))
        far = F.interpolate(far, size=x.shape[-2:], mode="bilinear", align_corners=False)
        return self.out(F.leaky_relu(near + far, 0.2))
