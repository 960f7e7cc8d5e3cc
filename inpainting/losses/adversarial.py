"""The losses of adversarial training: the critic's, and what it tells the network.

What is known of a composite is real. So a score is not right or wrong: the critic is to say what
share of what the score sees is known (binary cross-entropy against that share), and the network is
told by each score as much as is missing there. With one score of all of a picture that hides its
known pixels that is Goodfellow et al., arXiv:1406.2661; with a share of 0 or 1 for each score it is
the masked loss of LaMa (Suvorov et al., arXiv:2109.07161, section 2.3); the soft share is that of
AOT-GAN (Zeng et al., arXiv:2104.01431, section 3.3).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def critic_loss(real: Tensor, filled: Tensor, share: Tensor) -> Tensor:
    """Binary cross-entropy of the scores of originals against 1, of composites against 1 − share.

    2 log 2 = 1.39 for a critic that says nothing.

    Args:
        real, filled: scores, float (B, 1, h, w).
        share: of missing pixels in what each score sees, in [0, 1].
    """
    right = F.binary_cross_entropy_with_logits(real, torch.ones_like(real))
    return right + F.binary_cross_entropy_with_logits(filled, 1 - share)


def fooling_loss(filled: Tensor, share: Tensor) -> Tensor:
    """What a network is to lower: −log of how real its composite looks, where it is missing.

    The non-saturating loss of arXiv:1406.2661, section 3: Σ share · softplus(−score) ÷ Σ share,
    picture by picture; 0 where nothing is missing.
    """
    heard = (share * F.softplus(-filled)).sum((1, 2, 3))
    return (heard / share.sum((1, 2, 3)).clamp(min=1e-6)).mean()


def matching_loss(filled: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Mean absolute difference of the critic's features of composite and original, mean of layers.

    Wang et al., "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs",
    CVPR 2018, arXiv:1711.11585, eq. 4.
    """
    parts = [(a - b.detach()).abs().mean() for a, b in zip(filled, real, strict=True)]
    return torch.stack(parts).mean()
